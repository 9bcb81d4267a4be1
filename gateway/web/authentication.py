"""Who is asking: a bearer key, or Rocket.Chat's pair of headers with one."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from time import monotonic

from gateway import services
from gateway.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated
from gateway.settings import Settings
from gateway.web.watch import Watch

_MAX_REMEMBERED = 10_000


class Authentication:
    """Recognises the viewers of a database's keys, and remembers for some seconds whom it has recognised.

    A key that is revoked or expires meanwhile works until then, in each process by itself.
    """

    def __init__(self, database: Database, settings: Settings, watch: Watch) -> None:
        self._database, self._watch = database, watch
        self._memory, self._seconds = settings.key_memory, settings.request_timeout
        self._remembered: OrderedDict[bytes, tuple[float, Viewer]] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[Viewer]] = {}

    async def viewer_of(self, headers: Mapping[bytes, bytes]) -> Viewer:
        """The viewer that a request's credentials stand for.

        `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`. Raises Unauthenticated for
        none, for a bad one, and for both at once; OutOfTime and Overloaded when it cannot be looked up.
        """
        sent = headers.get(b"authorization"), headers.get(b"x-auth-token"), headers.get(b"x-user-id")
        # Not the key itself: memory is no place for it. No header holds a line break.
        name = hashlib.sha256(b"\n".join([part or b"" for part in sent])).digest()
        until, viewer = self._remembered.get(name, (0.0, None))
        if viewer is not None and monotonic() < until:
            return viewer
        looking = self._looking.get(name)
        if looking is None:
            looking = asyncio.create_task(self._looked_up(name, *_credentials(*sent)))
            if self._memory:
                # Who comes with the same key meanwhile need not ask for the same.
                self._looking[name] = looking
                looking.add_done_callback(lambda _: self._looking.pop(name))
        return await asyncio.shield(looking)

    async def _looked_up(self, name: bytes, key: str, user_id: str | None) -> Viewer:
        with self._watch.over(self._seconds):
            async with self._database.snapshot(once=True) as snapshot:
                viewer = await services.keys.authenticate(snapshot, key, user_id)
        self._remember(name, viewer)
        return viewer

    def _remember(self, name: bytes, viewer: Viewer) -> None:
        self._remembered[name] = (monotonic() + self._memory, viewer)
        self._remembered.move_to_end(name)
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _credentials(bearer: bytes | None, token: bytes | None, user_id: bytes | None) -> tuple[str, str | None]:
    if bearer is not None and token is None and user_id is None:
        scheme, _, key = bearer.decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and key:
            return key.strip(), None
    if bearer is None and token and user_id:
        return token.decode("latin-1"), user_id.decode("latin-1")
    raise Unauthenticated
