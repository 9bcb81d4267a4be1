"""Names of uvicorn that its documentation does not cover. `pyproject.toml` pins uvicorn with `~=`.

- `HttpToolsProtocol` is the base of `HttpConnection`, which overrides its events of httptools, `data_received`,
  and `shutdown`. It reads `scope`, `headers`, `url`, `cycle`,
  `pipeline`, `connections`, `parser`, `transport` and `loop`. The reasons stand in its docstring.
- `RequestResponseCycle` is the type of `cycle`. `HttpConnection` reads `scope`, `response_started` and
  `response_complete`, and sets `keep_alive` and `disconnected`.
- `GatewayServer` overrides `startup`, `shutdown`, `handle_exit` and `capture_signals` of `uvicorn.Server`.
  Uvicorn closes the port as soon as a signal arrives, ignores a second SIGTERM, and raises the signal again when
  it has stopped, so the exit code of the process would not be 0.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["HttpToolsProtocol", "RequestResponseCycle"]
