"""Who is asking: a bearer key, or Rocket.Chat's pair of headers with one."""

import hashlib
from collections import OrderedDict
from time import monotonic

from starlette.requests import Request

from gateway import services
from gateway.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated

_MAX_REMEMBERED = 10_000


class Authentication:
    """Recognises the viewers of a database's keys, and remembers for some seconds whom it has recognised.

    A key that is revoked or expires meanwhile works until then, in each process by itself.
    """

    def __init__(self, database: Database, memory: float) -> None:
        self._database = database
        self._memory = memory
        self._remembered: OrderedDict[bytes, tuple[float, Viewer]] = OrderedDict()

    async def viewer_of(self, request: Request) -> Viewer:
        """The viewer that the request's credentials stand for.

        `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`. Raises Unauthenticated for
        none, for a bad one, and for several.
        """
        key, user_id = _credentials(request)
        # Not the key itself: memory is no place for it.
        name = hashlib.sha256(f"{key}\n{user_id}".encode()).digest()
        until, viewer = self._remembered.get(name, (0.0, None))
        if viewer is not None and monotonic() < until:
            return viewer
        async with self._database.read() as session:
            viewer = await services.keys.authenticate(session, key, user_id)
        self._remember(name, viewer)
        return viewer

    def _remember(self, name: bytes, viewer: Viewer) -> None:
        self._remembered[name] = (monotonic() + self._memory, viewer)
        self._remembered.move_to_end(name)
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _credentials(request: Request) -> tuple[str, str | None]:
    bearers = request.headers.getlist("authorization")
    tokens = request.headers.getlist("x-auth-token")
    users = request.headers.getlist("x-user-id")
    match bearers, tokens, users:
        case [bearer], [], []:
            scheme, _, key = bearer.partition(" ")
            if scheme.lower() == "bearer" and key:
                return key.strip(), None
        case [], [token], [user_id] if token and user_id:
            return token, user_id
    raise Unauthenticated
