"""Names of uvicorn that its documentation does not cover. `pyproject.toml` pins uvicorn with `~=`.

- `HttpToolsProtocol` is the base of `HttpConnection`. Uvicorn limits the time neither of headers nor of writes,
  and answers invalid HTTP in plain text. `HttpConnection` reads `scope`, `cycle`, `transport` and `loop`, and
  overrides `send_400_response` and `handle_websocket_upgrade`.
- `RequestResponseCycle` is the type of `cycle`. `HttpConnection` reads its `scope` and `response_complete`.
- `GatewayServer` overrides `handle_exit` and `capture_signals` of `uvicorn.Server`: uvicorn raises a signal again
  when it has stopped, so the exit code of the process would not be 0.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["HttpToolsProtocol", "RequestResponseCycle"]
