"""What an operator can set: by `GATEWAY_…` in the environment, or in a TOML file named by `GATEWAY_CONFIG`."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.errors import SettingsInvalid

EMBEDDED = "sqlite+aiosqlite:///gateway.db"


class Settings(BaseSettings):
    """Each setting, its default and what it does; the environment wins over the file."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="forbid", frozen=True)

    database_url: str = Field(
        EMBEDDED,
        description="`sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE`.",
    )
    database_pool_size: int = Field(
        8, ge=1, le=256, description="Connections that read at once (SQLite writes on one more)."
    )
    database_pool_timeout: float = Field(2.0, gt=0, description="Seconds to wait for a free connection.")
    database_lock_timeout: float = Field(5.0, gt=0, description="Seconds a write waits for another one to finish.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe line that is logged."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic passes it by name)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("GATEWAY_CONFIG")
        if file is None:
            return init_settings, env_settings
        if not Path(file).is_file():
            raise SettingsInvalid(f"GATEWAY_CONFIG names {file}, which is not a file")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(file))


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises SettingsInvalid, which names each variable that is wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsInvalid(
            "; ".join(f"GATEWAY_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        ) from None
