"""Serve the gateway with uvicorn: sockets, connections, forwarded headers, start and stop."""

from gateway.server.listener import get_url, listen
from gateway.server.uvicorn_server import reduce_collections, serve

__all__ = ["get_url", "listen", "reduce_collections", "serve"]
