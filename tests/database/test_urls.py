"""Parameters of PostgreSQL's URLs reach the server, and several hosts are tried in their order."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, make_url, text

from gateway.database import DATABASE_ERRORS, Database
from gateway.settings import Settings
from tests.support.pgbouncer import serve_pgbouncer

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

CLOSED = "127.0.0.1:1"
"""A host and port where nobody listens."""


async def select(url: URL | str, expression: str) -> str:
    address = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    database = Database(Settings(database_url=address))
    try:
        return await database.run_sync(lambda connection: str(connection.scalar(text(f"SELECT {expression}"))))
    finally:
        await database.dispose()


async def test_the_first_host_that_answers_is_used(database_url: str) -> None:
    url = make_url(database_url)
    hosts = f"{CLOSED},{url.query['host']}"
    assert await select(url.update_query_dict({"host": hosts}), "current_database()") == url.database
    with pytest.raises(DATABASE_ERRORS):
        await select(url.set(query={"host": f"{CLOSED},{CLOSED}"}), "1")


async def test_a_server_is_used_only_with_the_attributes_that_the_url_asks_for(database_url: str) -> None:
    url = make_url(database_url)
    read_write = url.update_query_dict({"target_session_attrs": "read-write"})
    assert await select(read_write, "1") == "1"
    with pytest.raises(DATABASE_ERRORS):
        await select(url.update_query_dict({"target_session_attrs": "standby"}), "1")
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    await connection.execute(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
    await connection.close()
    with pytest.raises(DATABASE_ERRORS):
        await select(read_write, "1")


async def test_the_server_shows_the_name_of_the_application(database_url: str) -> None:
    url = make_url(database_url).update_query_dict({"application_name": "gateway, north"})
    assert await select(url, "current_setting('application_name')") == "gateway, north"


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def create_certificate(folder: Path) -> tuple[Path, Path]:
    """Create a certificate of `localhost` that signs itself, and return the files of the key and of itself."""
    key, certificate = folder / "server.key", folder / "server.crt"
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, *files],
        check=True,
        capture_output=True,
    )
    key.chmod(0o644)  # PgBouncer runs as another user.
    return key, certificate


@pytest.mark.slow
async def test_a_server_is_verified_as_the_url_asks(database_url: str, shared_folder: Path) -> None:
    key, certificate = create_certificate(shared_folder)
    tls = {
        "client_tls_sslmode": "require",
        "client_tls_key_file": str(key),
        "client_tls_cert_file": str(certificate),
    }
    with serve_pgbouncer("session", database_url, **tls) as server:
        url = make_url(server.format(make_url(database_url).database))
        verified = {"sslmode": "verify-full", "sslrootcert": str(certificate)}
        for query in ({"sslmode": "require"}, {**verified, "sslmode": "verify-ca"}):
            assert await select(url.update_query_dict(query), "1") == "1"
        assert await select(url.set(host="localhost").update_query_dict(verified), "1") == "1"
        for query in ({"sslmode": "disable"}, verified):
            with pytest.raises(DATABASE_ERRORS):
                await select(url.update_query_dict(query), "1")
