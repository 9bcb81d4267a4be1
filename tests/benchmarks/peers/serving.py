"""Serves the peers with the same server settings as this gateway."""

import sys
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

POOL_SIZE = 8


def serve(create_app: Callable[[str], Starlette]) -> None:
    """Serve the peer. The command line has the database URL and the port, in this order."""
    database_url, port = sys.argv[1:]
    uvicorn.run(
        create_app(database_url),
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
