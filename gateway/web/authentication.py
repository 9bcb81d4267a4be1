"""Who is asking: a bearer key, or Rocket.Chat's pair of headers with one."""

from starlette.requests import Request

from gateway import services
from gateway.database import Database
from gateway.domain.viewer import Viewer
from gateway.errors import Unauthenticated


async def viewer_of(request: Request, database: Database) -> Viewer:
    """The viewer that the request's credentials stand for.

    `Authorization: Bearer KEY`, or `X-Auth-Token: KEY` with `X-User-Id: USER`. Raises Unauthenticated for
    none, for a bad one, and for several.
    """
    key, user_id = _credentials(request)
    async with database.read() as session:
        return await services.keys.authenticate(session, key, user_id)


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
