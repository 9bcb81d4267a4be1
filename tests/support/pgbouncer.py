"""PgBouncer in front of the tests' PostgreSQL, with its default configuration but for the mode."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from tests.support.machine import find_free_port, skip_unless_ci, wait_for_port

MISSING = "PgBouncer is not installed: apt-get install pgbouncer"
_CONFIGURATION = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = 5
logfile = {folder}/log
{more}
"""


@contextmanager
def serve_pgbouncer(mode: str, server: str, **settings: str) -> Iterator[str]:
    """Run PgBouncer during the block, and yield the URL of its `{}` database; 5 connections for each database.

    `server` is the URL of PostgreSQL, by the folder of its socket. PgBouncer runs as the owner of that folder: it
    refuses to run as root.
    """
    executable = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if executable is None:
        skip_unless_ci(MISSING)
    url = make_url(server)
    socket_folder = str(url.query["host"])
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder, port = Path(name), find_free_port()
        (folder / "users").write_text(f'"{url.username}" ""\n')
        configuration = _CONFIGURATION.format(
            host=socket_folder,
            port=url.port or 5432,
            listen_port=port,
            mode=mode,
            folder=folder,
            more="\n".join(f"{key} = {value}" for key, value in settings.items()),
        )
        (folder / "pgbouncer.ini").write_text(configuration)
        owner = Path(socket_folder).stat()
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        with subprocess.Popen(
            [executable, "--quiet", str(folder / "pgbouncer.ini")], user=owner.st_uid, group=owner.st_gid
        ) as process:
            try:
                wait_for_port(port, process)
                yield f"postgresql://{url.username}@127.0.0.1:{port}/{{}}"
            finally:
                process.terminate()
