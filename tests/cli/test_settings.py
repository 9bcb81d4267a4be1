"""Settings: valid and invalid values, and passwords that are never shown."""

from pathlib import Path

import pytest

from gateway.cli.database import find_unknown_variables
from gateway.errors import SettingsInvalid
from gateway.settings import Settings, get_variable_name, load_settings

PASSWORD = "open-sesame"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_CONFIG", *map(get_variable_name, Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        ("sqlite:///gateway.db", "sqlite+aiosqlite:///gateway.db"),
        ("sqlite+aiosqlite:////var/lib/gateway.db", "sqlite+aiosqlite:////var/lib/gateway.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u:p%40ss@h:5433/d", "postgresql+asyncpg://u:p%40ss@h:5433/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?sslmode=require"),
        ("postgresql://u@h/d?application_name=a+b", "postgresql+asyncpg://u@h/d?application_name=a+b"),
        ("postgresql://u@[::1]:5433/d", "postgresql+asyncpg://u@[::1]:5433/d"),
        ("postgresql://u:p@a,b:5433/d", "postgresql+asyncpg://u:p@/d?host=a%2Cb%3A5433"),
        ("postgresql://a:1,[::1]:2/d", "postgresql+asyncpg:///d?host=a%3A1%2C%5B%3A%3A1%5D%3A2"),
        ("postgresql:///d?host=a,b&port=1,2", "postgresql+asyncpg:///d?host=a%2Cb&port=1%2C2"),
        (
            "postgresql://a,b/d?target_session_attrs=read-write",
            "postgresql+asyncpg:///d?host=a%2Cb&target_session_attrs=read-write",
        ),
        ("postgresql://u@/d?host=/run/postgresql", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpostgresql"),
    ],
)
def test_database_urls_are_converted_to_async_drivers(value: str, converted: str) -> None:
    assert load_settings(database_url=value).database_url == converted


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "not a database URL"),
        ("gateway.db", "not a database URL"),
        (f"postgresql://u:{PASSWORD}@h:port/d", "not a database URL"),
        (f"mysql://u:{PASSWORD}@h/d", "mysql is not supported; use `sqlite:///FILE` or `postgresql://…`"),
        (f"postgresql+psycopg://u:{PASSWORD}@h/d", "postgresql+psycopg is not supported"),
        (f"postgresql://u:{PASSWORD}@h", "has no database name"),
        (f"postgresql://u:{PASSWORD}@h/d?colour=red", "colour is not a parameter; use host, port, application"),
        (f"postgresql://u:{PASSWORD}@h/d?statement_timeout=1", "statement_timeout is not a parameter"),
        (f"postgresql://u:{PASSWORD}@h/d?sslmode=yes", "sslmode is yes; use disable, allow, prefer, require"),
        (f"postgresql://u:{PASSWORD}@h/d?target_session_attrs=rw", "is rw; use any, primary, standby"),
        (f"postgresql://u:{PASSWORD}@h/d?sslmode=require&sslrootcert=/none", "/none, which is not a file"),
        (f"postgresql://u:{PASSWORD}@h/d?sslrootcert={__file__}", "sslrootcert needs sslmode"),
        (f"postgresql://u:{PASSWORD}@h/d?sslkey={__file__}", "sslkey needs sslcert"),
        (f"postgresql://u:{PASSWORD}@h/d?host=other", "either after `@` or in the parameters"),
        (f"postgresql://u:{PASSWORD}@a,b/d?port=5433", "either after `@` or in the parameters"),
        (f"postgresql://u:{PASSWORD}@/d?host=a&host=b", "host occurs twice"),
        (f"postgresql://u:{PASSWORD}@a:port,b/d", "a host is NAME, NAME:PORT"),
        (f"postgresql://u:{PASSWORD}@a,,b/d", "a host is NAME, NAME:PORT"),
        (f"postgresql://u:{PASSWORD}@/d?host=a,b&port=1,2,3", "port is one number"),
        (f"postgresql://u:{PASSWORD}@a,b", "has no database name"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite://gateway.db", "three slashes"),
        ("sqlite:///gateway.db?mode=ro", "no parameters"),
    ],
)
def test_invalid_database_urls_are_refused_without_their_password(
    monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", value)
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings()
    assert str(refusal.value).startswith("GATEWAY_DATABASE_URL: ")
    assert message in str(refusal.value)
    assert PASSWORD not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_password_is_never_shown() -> None:
    found = load_settings(database_url=f"postgresql://u:{PASSWORD}@h/d")
    assert found.database_address == "postgresql+asyncpg://u:***@h/d"
    assert PASSWORD not in f"{found!r} {found}"


def test_each_invalid_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "http")
    monkeypatch.setenv("GATEWAY_LOG_LEVEL", "loud")
    with pytest.raises(SettingsInvalid, match=r"GATEWAY_PORT: .*; GATEWAY_LOG_LEVEL: .*'debug'"):
        load_settings()


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    monkeypatch.setenv("GATEWAY_PORT", "9001")
    found = load_settings()
    assert (found.host, found.port) == ("0.0.0.0", 9001)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot = 9000", "prot in the file of GATEWAY_CONFIG is not a setting"),
        ("port = 'http'", "GATEWAY_PORT: "),
        ("port = = 1", "is not TOML"),
        (None, "is not a file"),
    ],
)
def test_an_invalid_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "gateway.toml"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    with pytest.raises(SettingsInvalid, match=message):
        load_settings()


def test_unknown_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    before = find_unknown_variables()
    monkeypatch.setenv("GATEWAY_PROT", "1")
    monkeypatch.setenv("GATEWAY_PORT", "1")
    assert set(find_unknown_variables()) == {*before, "GATEWAY_PROT"}


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "clinic.example",
        "https://clinic.example/",
        "https://clinic.example/page",
        "https://Clinic.example",
        "https://clinic.example:443",
        "http://clinic.example:80",
        "https://*.clinic.example",
        "https://clinic.example,https://other.example",
        "ftp://clinic.example",
        "https://clinic.example 'none'",
        "https://user@clinic.example",
    ],
)
def test_an_invalid_origin_is_refused(value: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"GATEWAY_ALLOWED_ORIGINS: .* is not an origin such as"):
        load_settings(allowed_origins=value)


@pytest.mark.parametrize(
    "value", ["https://clinic.example", "http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443"]
)
def test_a_valid_origin_is_accepted(value: str) -> None:
    assert load_settings(allowed_origins=value).allowed_origins == value
