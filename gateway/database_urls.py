"""URLs of databases: which ones are taken, and the form in which the gateway stores them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_VALUES: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": ("any", "primary", "standby", "prefer-standby", "read-write", "read-only"),
}
"""The values of those PostgreSQL parameters that take one of few."""

_FILES = ("sslrootcert", "sslcert", "sslkey")
_PARAMETERS = ("host", "port", "application_name", *_VALUES, *_FILES)
"""Parameters that a PostgreSQL URL may have; asyncpg knows them by the same names."""

_VERIFYING_MODES = ("require", "verify-ca", "verify-full")
_HOST_LIST = re.compile(
    r"(?P<before>[^:/?#]+://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<after>.*)", re.DOTALL
)
_HOST = re.compile(r"/.+|(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(:[0-9]{1,5})?")
"""A folder of a socket, or a name or an address with or without a port."""


def normalize_url(address: str) -> str:
    """Return the URL with the asynchronous driver; several hosts stand in its parameter `host`.

    Raises ValueError, whose message never repeats the URL, because it holds a password.
    """
    listed = _HOST_LIST.fullmatch(address)
    try:
        url = make_url(listed["before"] + listed["after"] if listed else address)
    except (ArgumentError, ValueError):
        raise ValueError(
            "this is not a database URL: write `sqlite:///FILE` or "
            "`postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, with special characters percent-encoded"
        ) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(f"{url.drivername} is not supported; use `sqlite:///FILE` or `postgresql://…`")
    if driver.startswith("sqlite"):
        _check_sqlite_url(url, has_host=listed is not None or bool(url.host))
    else:
        _check_parameters(url, has_host=listed is not None or bool(url.host))
        if listed:
            url = url.update_query_dict({"host": listed["hosts"]})
        _check_hosts(url)
        if not url.database:
            raise ValueError("the URL has no database name: write `postgresql://USER:PASSWORD@HOST/DATABASE`")
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _check_sqlite_url(url: URL, *, has_host: bool) -> None:
    if url.query:
        raise ValueError("a SQLite URL takes no parameters after `?`")
    if has_host:
        raise ValueError("a SQLite URL has three slashes, or four for an absolute path: write `sqlite:///FILE`")
    if url.database in (None, "", ":memory:"):
        raise ValueError("the database must be a file: write `sqlite:///FILE`")


def _check_parameters(url: URL, *, has_host: bool) -> None:
    unknown = sorted(url.query.keys() - set(_PARAMETERS))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not a parameter; use {', '.join(_PARAMETERS)}")
    repeated = [name for name, value in url.query.items() if not isinstance(value, str)]
    if repeated:
        raise ValueError(
            f"{', '.join(repeated)} occurs twice; give each parameter once, and separate hosts by commas"
        )
    if has_host and url.query.keys() & {"host", "port"}:
        raise ValueError("the hosts and ports stand either after `@` or in the parameters `host` and `port`")
    for problem in _find_wrong_values({name: str(value) for name, value in url.query.items()}):
        raise ValueError(problem)


def _find_wrong_values(query: Mapping[str, str]) -> Iterator[str]:
    for name, allowed in _VALUES.items():
        if query.get(name, allowed[0]) not in allowed:
            yield f"{name} is {query[name]}; use {', '.join(allowed)}"
    for name in _FILES:
        if name in query and not Path(query[name]).is_file():
            yield f"{name} is {query[name]}, which is not a file"
    if "sslrootcert" in query and query.get("sslmode") not in _VERIFYING_MODES:
        yield f"sslrootcert needs sslmode, with {', '.join(_VERIFYING_MODES[:-1])} or {_VERIFYING_MODES[-1]}"
    if "sslkey" in query and "sslcert" not in query:
        yield "sslkey needs sslcert"


def _check_hosts(url: URL) -> None:
    hosts = [host for host in str(url.query.get("host", "")).split(",") if "host" in url.query]
    if not all(map(_HOST.fullmatch, hosts)):
        raise ValueError("a host is NAME, NAME:PORT, [IPV6]:PORT or a folder of sockets; separate hosts by commas")
    ports = str(url.query.get("port", "1")).split(",")
    if not all(port.isdecimal() for port in ports) or len(ports) not in {1, len(hosts)}:
        raise ValueError("port is one number for all hosts, or one for each, separated by commas")
