"""Names of uvicorn that its documentation does not cover. `pyproject.toml` pins uvicorn with `~=`.

- `HttpToolsProtocol` is the base of `HttpConnection`, which overrides its events of httptools, `data_received`,
  `_start_asgi_task` and `shutdown`. It reads `headers`, `url`, `connections`, `transport`, `loop` and
  `timeout_keep_alive_task`, and replaces `parser`, `cycle` and `pipeline`. The reasons stand in its docstring.
- `RequestResponseCycle` is the type of `cycle`. `HttpConnection` reads `scope`, `response_started` and
  `response_complete`, and sets `keep_alive` and `disconnected`.
- `ASGI3Application` is the type of an argument of `_start_asgi_task`.
- `GatewayServer` overrides `startup`, `shutdown`, `handle_exit` and `capture_signals` of `uvicorn.Server`.
  Uvicorn closes the port as soon as a signal arrives, ignores a second SIGTERM, and raises the signal again when
  it has stopped, so the exit code of the process would not be 0.
"""

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

__all__ = ["ASGI3Application", "HttpToolsProtocol", "RequestResponseCycle"]
