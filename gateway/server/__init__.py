""""""

from gateway.server import uvicorn_server
from gateway.server.garbage import reduce_collections

__all__ = ["reduce_collections", "uvicorn_server"]
