"""What an operator can set: by `GATEWAY_…` in the environment, or in a TOML file named by `GATEWAY_CONFIG`."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway import assets
from gateway.domain import origins
from gateway.errors import SettingsInvalid

ENVIRONMENT_PREFIX = "GATEWAY_"
CONFIG_VARIABLE = "GATEWAY_CONFIG"
"""Names the TOML file; the one variable that is no setting itself."""

DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///gateway.db"

_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_POSTGRESQL_PARAMETERS = ("host", "port", "ssl", "prepared_statement_cache_size")
"""What may stand behind the `?` of a PostgreSQL address; `sslmode` is read as `ssl`, its name for the driver."""


def _check_sqlite_url(url: URL) -> URL:
    if url.query:
        raise ValueError("a SQLite address takes no parameters behind a `?`")
    if url.host:
        raise ValueError("a SQLite address has three slashes, four from the root: write `sqlite:///FILE`")
    if url.database in (None, "", ":memory:"):
        raise ValueError("the database must be a file: write `sqlite:///FILE`")
    return url


def _check_postgresql_url(url: URL) -> URL:
    query = {"ssl" if key == "sslmode" else key: value for key, value in url.query.items()}
    unknown = sorted(query.keys() - set(_POSTGRESQL_PARAMETERS))
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} is no parameter; there are {', '.join(_POSTGRESQL_PARAMETERS)} and sslmode"
        )
    if not url.database:
        raise ValueError("the address names no database: write `postgresql://USER:PASSWORD@HOST/DATABASE`")
    return url.set(query=query)


class Settings(BaseSettings):
    """Each setting, its default and what it does; the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: str = Field(
        DEFAULT_DATABASE_URL,
        repr=False,
        description="Where the data is: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.",
    )
    database_pool_size: int = Field(
        8,
        ge=1,
        le=256,
        description="Operations that read at once, each on a connection, and on PostgreSQL as many that write; "
        "SQLite has one that writes. No team has more than three quarters of them.",
    )
    database_pool_queue: int = Field(
        256, ge=1, description="Operations that may wait for a connection; of more, some are refused at once."
    )
    database_pool_timeout: float = Field(1.0, gt=0, description="Seconds to wait for a connection to read.")
    database_lock_timeout: float = Field(5.0, gt=0, description="Seconds a write waits for another one to finish.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses of proxies, separated by commas, that are believed when they say by "
        "`X-Forwarded-Proto` and `X-Forwarded-For` how a client came, and who it is; `*` believes all.",
    )
    allowed_origins: str = Field(
        "",
        description="Origins, separated by spaces, such as `https://clinic.example`: their pages may ask the "
        "graph with a key, and hold `/embed` pages in frames.",
    )
    session_lifetime: int = Field(
        28_800, ge=60, le=604_800, description="Seconds after which whoever signed in has to do so again."
    )
    http_profile: Literal["2023", "2026"] = Field(
        "2023",
        description="The edition of GraphQL over HTTP whose statuses are sent: in `2026` a document that does not "
        "fit the schema is 422, not 400, and data with errors is 294.",
    )
    body_limit: int = Field(1_048_576, ge=1024, description="Bytes that the body of a request may have.")
    body_timeout: float = Field(10.0, gt=0, description="Seconds that the body of a request may take to arrive.")
    client_timeout: float = Field(
        10.0,
        gt=0,
        description="Seconds that the headers of a request may take to arrive, and in which a client has to take "
        "some of its answer.",
    )
    request_timeout: float = Field(
        10.0, gt=0, description="Seconds that a request may take to be answered once it has arrived."
    )
    header_limit: int = Field(32_768, ge=1024, description="Bytes that the headers of a request may have.")
    url_limit: int = Field(16_384, ge=1024, description="Bytes that the URL of a request may have.")
    document_limit: int = Field(65_536, ge=1024, description="Characters that a GraphQL document may have.")
    token_limit: int = Field(4000, ge=100, description="Tokens that a document may have, comments apart.")
    comment_limit: int = Field(1000, ge=0, description="Comments that a document may have.")
    depth_limit: int = Field(12, ge=1, description="Levels of fields within fields that an operation may have.")
    root_field_limit: int = Field(20, ge=1, description="Fields that an operation may have at its root.")
    field_limit: int = Field(1000, ge=1, description="Fields that an operation may select.")
    alias_limit: int = Field(30, ge=0, description="Aliases that an operation may use.")
    directive_limit: int = Field(50, ge=0, description="Directives that an operation may use.")
    variable_limit: int = Field(256, ge=0, description="Variables that an operation may declare.")
    cost_limit: int = Field(
        200_000, ge=1000, le=2**31 - 1, description="What an operation may cost; see `@cost` in the schema."
    )
    rate_limit: int = Field(
        2_000_000, ge=1000, le=2**31 - 1, description="What a key may spend at once, in each process."
    )
    rate_refill: int = Field(
        100_000, ge=1, le=2**31 - 1, description="What a key gets back of it each second, in each process."
    )
    error_limit: int = Field(20, ge=1, description="Entries that the list of errors of an answer may have.")
    error_length_limit: int = Field(500, ge=100, description="Characters that the message of each may have.")
    trusted_documents: Literal["off", "allow", "only"] = Field(
        "off",
        description="Whether the documents of a manifest are executed by their ids: in `allow` beside all others, "
        "in `only` those alone.",
    )
    document_manifest: str = Field(
        "",
        description="The file of the trusted documents, in Apollo's format or Relay's; checked against the schema "
        "at the start.",
    )
    persisted_queries: int = Field(
        1000,
        ge=0,
        description="Documents that clients may register by their hash (automatic persisted queries), those asked "
        "last; 0 turns that off, and `only` trusted documents do too.",
    )
    persisted_queries_bytes: int = Field(
        4_194_304, ge=1024, description="Bytes that the documents that clients registered may have together."
    )
    shutdown_timeout: int = Field(
        15, ge=1, description="Seconds that requests may take to finish once the gateway is told to stop."
    )
    key_memory: float = Field(
        5.0,
        ge=0,
        description="Seconds for which a key that was recognised is not looked up again; a revoked or expired one "
        "works for as much longer. 0 looks each up every time.",
    )
    graphiql: bool = Field(
        default=True,
        description="Whether there is a page at `/graphiql` to ask the graph by hand, to which browsers that are "
        "given the graph's address are led.",
    )
    traces_endpoint: str = Field(
        "",
        description="Where OpenTelemetry traces are sent by OTLP over HTTP, such as "
        "`http://localhost:4318/v1/traces`; needs the extra `otel`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe line that is logged."
    )

    @field_validator("database_url")
    @classmethod
    def _normalize_database_url(cls, address: str) -> str:
        """The address in SQLAlchemy's spelling; what is wrong with one is said without repeating it."""
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):
            raise ValueError(
                "this is no address of a database: write `sqlite:///FILE` or "
                "`postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, with special characters percent-encoded"
            ) from None
        driver = _DRIVERS.get(url.drivername)
        if driver is None:
            raise ValueError(f"{url.drivername} is not allowed; use `sqlite:///FILE` or `postgresql://…`")
        url = _check_sqlite_url(url) if driver.startswith("sqlite") else _check_postgresql_url(url)
        return url.set(drivername=driver).render_as_string(hide_password=False)

    @field_validator("allowed_origins")
    @classmethod
    def _normalize_origins(cls, text: str) -> str:
        return " ".join(map(origins.check_origin, text.split()))

    @model_validator(mode="after")
    def _check_cost_limit(self) -> Self:
        if self.cost_limit > self.rate_limit:
            raise ValueError(
                f"{get_variable_name('cost_limit')} is {self.cost_limit}, more than {get_variable_name('rate_limit')}, "
                f"{self.rate_limit}: nobody could ever spend it"
            )
        return self

    @property
    def database_address(self) -> str:
        """The address of the database with its password hidden, for people."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    @property
    def sqlite_file(self) -> Path | None:
        """The file of the database, where that is SQLite."""
        url = make_url(self.database_url)
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic passes it by name)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get(CONFIG_VARIABLE)
        if file is None:
            return init_settings, env_settings
        try:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _require_file(file))
        except tomllib.TOMLDecodeError as error:
            raise SettingsInvalid(f"{CONFIG_VARIABLE}: {file} is not TOML: {error}") from None


def _require_file(file: str) -> Path:
    path = Path(file)
    if not path.is_file():
        raise SettingsInvalid(f"{CONFIG_VARIABLE}: {file} is not a file")
    return path


def get_variable_name(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def find_unknown_variables() -> list[str]:
    """Variables that look as if they were settings, and are none."""
    known = {
        CONFIG_VARIABLE,
        assets.ENVIRONMENT_VARIABLE,
        *(get_variable_name(name) for name in Settings.model_fields),
    }
    return sorted(
        name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX) and name.upper() not in known
    )


def load_settings(**given: object) -> Settings:
    """The settings as they are now, with those given here before what the environment and the file say.

    Raises SettingsInvalid, which names each variable that is wrong.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise SettingsInvalid("; ".join(map(_format_error, error.errors()))) from None


def _format_error(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{name} in the file that {CONFIG_VARIABLE} names is no setting; `gateway settings` lists them"
    return f"{get_variable_name(name)}: {message}"
