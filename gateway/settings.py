"""Settings from `GATEWAY_…` variables of the environment, or from the TOML file that `GATEWAY_CONFIG` names."""

import os
import tomllib
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
from sqlalchemy import make_url

from gateway.database_urls import normalize_url
from gateway.domain import origins
from gateway.errors import SettingsInvalid

ENVIRONMENT_PREFIX = "GATEWAY_"
CONFIG_VARIABLE = "GATEWAY_CONFIG"
"""The variable that names the TOML file. It is not a setting itself."""

DEFAULT_DATABASE_URL = "sqlite+aiosqlite:///gateway.db"


class Settings(BaseSettings):
    """All settings with their defaults and descriptions. The environment overrides the file."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: str = Field(
        DEFAULT_DATABASE_URL,
        repr=False,
        description="URL of the database: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`. "
        "PostgreSQL's takes several hosts, and parameters such as `sslmode` and `target_session_attrs`.",
    )
    database_pooler: Literal["none", "transaction"] = Field(
        "none",
        description="`transaction` if a pooler in transaction mode, such as PgBouncer, stands before PostgreSQL. "
        "A pooler in session mode needs no setting.",
    )
    database_pool_size: int = Field(
        8,
        ge=1,
        le=256,
        description="Connections for reading, and on PostgreSQL as many for writing. One team uses at most three "
        "quarters of them; SQLite has one connection for writing.",
    )
    database_pool_queue: int = Field(
        256,
        ge=1,
        description="Operations that may wait for a connection. Beyond this number the gateway refuses operations "
        "at once.",
    )
    database_pool_timeout: float = Field(
        1.0, gt=0, description="Seconds to wait for a database connection before an operation is refused."
    )
    database_lock_timeout: float = Field(
        5.0, gt=0, description="Seconds that a write waits for other writes before it is refused."
    )
    secret_keys: str = Field(
        "",
        repr=False,
        description="Keys that encrypt tokens in the database, the newest first, separated by spaces. "
        "`gateway secrets new-key` prints one. PostgreSQL needs this setting or the next one. SQLite without them "
        "has a file beside the database, such as `gateway.db.keys`.",
    )
    secret_keys_file: str = Field(
        "", description="Path of a file with such keys, one in each line, instead of `GATEWAY_SECRET_KEYS`."
    )
    search_index: bool = Field(
        default=True,
        description="Whether searches of records use an index. `gateway migrate` creates it, or drops it. Without "
        "it each search reads all records of an integration.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="IP addresses of trusted reverse proxies, separated by commas; `*` trusts all. The gateway "
        "accepts `X-Forwarded-Proto` and `X-Forwarded-For` only from these.",
    )
    allowed_origins: str = Field(
        "",
        description="Origins, separated by spaces, such as `https://clinic.example`. Their pages may query with a "
        "key (CORS) and show `/embed` pages in frames.",
    )
    session_lifetime: int = Field(
        28_800, ge=60, le=604_800, description="Seconds until a browser session ends and the user signs in again."
    )
    idempotency_lifetime: int = Field(
        86_400,
        ge=60,
        le=2_592_000,
        description="Seconds for which a repeated `Idempotency-Key` gets the result of the first request.",
    )
    audit_retention: int = Field(
        400, ge=1, le=36_500, description="Days after which entries of the audit log are deleted."
    )
    body_limit: int = Field(1_048_576, ge=1024, description="Maximum size of a request body in bytes.")
    body_timeout: float = Field(10.0, gt=0, description="Seconds within which a request body must arrive.")
    client_timeout: float = Field(
        10.0,
        gt=0,
        description="Seconds within which the headers of a request must arrive. A connection whose client reads "
        "less than 1 KiB per second of its response for as long is closed.",
    )
    connection_limit: int = Field(
        800,
        ge=1,
        description="Maximum number of connections of clients. Each needs a file descriptor. A further one takes "
        "the place of an idle connection; without one it is refused with `OVERLOADED` and closed.",
    )
    keep_alive_timeout: int = Field(
        75,
        ge=1,
        description="Seconds for which an idle connection stays open for the next request. Make it longer than "
        "the idle timeout of a load balancer or proxy, which otherwise sends requests on closed connections.",
    )
    request_timeout: float = Field(
        10.0, gt=0, description="Seconds for the execution of a request before it is cancelled."
    )
    header_limit: int = Field(32_768, ge=1024, description="Maximum size of all headers of a request in bytes.")
    url_limit: int = Field(16_384, ge=1024, description="Maximum length of a URL in bytes.")
    document_limit: int = Field(65_536, ge=1024, description="Maximum length of a GraphQL document in characters.")
    token_limit: int = Field(4000, ge=100, description="Maximum number of tokens in a document, without comments.")
    comment_limit: int = Field(1000, ge=0, description="Maximum number of comments in a document.")
    depth_limit: int = Field(12, ge=1, description="Maximum depth of nested fields in an operation.")
    root_field_limit: int = Field(20, ge=1, description="Maximum number of root fields in an operation.")
    field_limit: int = Field(1000, ge=1, description="Maximum number of selected fields in an operation.")
    alias_limit: int = Field(30, ge=0, description="Maximum number of aliases in an operation.")
    directive_limit: int = Field(50, ge=0, description="Maximum number of directives in an operation.")
    variable_limit: int = Field(256, ge=0, description="Maximum number of variables of an operation.")
    answer_limit: int = Field(
        8_388_608,
        ge=65_536,
        description="Maximum size of an answer in bytes, except for exports. An operation may read twice as many "
        "bytes from the database.",
    )
    export_limit: int = Field(
        67_108_864,
        ge=65_536,
        description="Maximum size of an answer with `integrationExport` in bytes. Two such answers are in memory "
        "at once.",
    )
    cost_limit: int = Field(
        200_000,
        ge=1000,
        le=2**31 - 1,
        description="Maximum cost of an operation. `@cost` in the schema declares the cost of fields.",
    )
    rate_limit: int = Field(
        2_000_000, ge=1000, le=2**31 - 1, description="Cost that a key may spend at once, for each process."
    )
    rate_refill: int = Field(
        100_000, ge=1, le=2**31 - 1, description="Cost that a key regains each second, for each process."
    )
    error_limit: int = Field(20, ge=1, description="Maximum number of errors in a response.")
    error_length_limit: int = Field(500, ge=100, description="Maximum length of an error message in characters.")
    trusted_documents: Literal["off", "allow", "only"] = Field(
        "off",
        description="Whether clients may send ids of documents in the manifest: `allow` permits ids and texts, "
        "`only` permits ids alone.",
    )
    document_manifest: str = Field(
        "",
        description="Path of the manifest of trusted documents, in the format of Apollo or Relay. The gateway "
        "validates all documents at the start.",
    )
    persisted_queries: int = Field(
        1000,
        ge=0,
        description="Number of automatic persisted queries to keep, the most recently used ones. 0 or "
        "`GATEWAY_TRUSTED_DOCUMENTS=only` turns them off.",
    )
    persisted_queries_bytes: int = Field(
        4_194_304, ge=1024, description="Maximum size of all automatic persisted queries together in bytes."
    )
    drain_delay: float = Field(
        2.0,
        ge=0,
        description="Seconds after SIGTERM for which the gateway still accepts connections, while `/readyz` "
        "answers 503; 0 closes the port at once.",
    )
    shutdown_timeout: int = Field(15, ge=1, description="Seconds for running requests to finish at shutdown.")
    key_memory: float = Field(
        5.0,
        ge=0,
        description="Seconds for which a valid key is cached; 0 turns the cache off. A revoked or expired key "
        "works until its cache entry ends.",
    )
    graphiql: bool = Field(
        default=True,
        description="Whether `/graphiql` serves the query editor. If so, browsers that open `/graphql` are "
        "redirected to it.",
    )
    docs: bool = Field(
        default=True, description="Whether `/docs` serves the documentation of the REST operations as a page."
    )
    traces_endpoint: str = Field(
        "",
        description="URL to which OpenTelemetry traces are sent by OTLP over HTTP, such as "
        "`http://localhost:4318/v1/traces`. Needs the extra `otel`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log lines that are written."
    )

    @field_validator("database_url")
    @classmethod
    def _normalize_database_url(cls, address: str) -> str:
        return normalize_url(address)

    @field_validator("allowed_origins")
    @classmethod
    def _normalize_origins(cls, text: str) -> str:
        return " ".join(map(origins.check_origin, text.split()))

    @model_validator(mode="after")
    def _check_cost_limit(self) -> Self:
        if self.cost_limit > self.rate_limit:
            raise ValueError(
                f"{get_variable_name('cost_limit')} is {self.cost_limit} and exceeds "
                f"{get_variable_name('rate_limit')}, {self.rate_limit}: no key could ever spend it"
            )
        return self

    @property
    def database_address(self) -> str:
        """The database URL with its password hidden, for output and logs."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        url = make_url(self.database_url)
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (Pydantic passes it by name)
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
    """Return the environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the overrides, the environment and the file, in this order.

    Raises SettingsInvalid, which names each wrong variable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # Pydantic validates them.
    except ValidationError as error:
        raise SettingsInvalid("; ".join(map(_format_error, error.errors()))) from None


def _format_error(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{name} in the file of {CONFIG_VARIABLE} is not a setting; `gateway settings` lists all settings"
    return f"{get_variable_name(name)}: {message}"
