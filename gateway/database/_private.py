"""What asyncpg does not document. `pyproject.toml` pins it to a release series (`~=`)."""

from socket import socket

from asyncpg import Connection

__all__ = ["get_socket"]


def get_socket(connection: Connection) -> socket:
    """Return the socket of a connection: asyncpg has no option for keepalives."""
    found: socket = connection._transport.get_extra_info("socket")  # noqa: SLF001
    return found
