"""Serve the gateway with uvicorn: sockets, connections, forwarded headers, start and stop."""

from gateway.server.uvicorn_server import get_url, listen, reduce_collections, serve

__all__ = ["get_url", "listen", "reduce_collections", "serve"]
