"""Whether all peers give equal data, and leave equal data behind."""

from collections.abc import Awaitable, Callable, Sequence

import orjson

from gateway.domain.documents.audit_fields import find_changed_paths
from gateway.domain.documents.exports import encode_canonical
from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.data import Loaded
from tests.benchmarks.servers import GATEWAY, Peer
from tests.benchmarks.workloads import WRITTEN, Workload, upserted

Ask = Callable[[Peer, Workload, Document], Awaitable[bytes]]
"""A peer's answer to a workload's operation with these variables."""

_WRITTEN = Workload("written", "written", WRITTEN, lambda _: {})
_MOST_SHOWN = 10


class Unequal(Exception):
    """Two peers differ in what they give or leave behind."""


async def check(ask: Ask, peers: Sequence[Peer], workload: Workload, loaded: Loaded) -> None:
    """Raises Unequal, which says where and in what, unless each peer gives the data that the gateway gives."""
    expected = await _given(ask, GATEWAY, workload, loaded)
    for peer in peers:
        given = await _given(ask, peer, workload, loaded)
        if encode_canonical(given) != encode_canonical(expected):
            raise Unequal(f"{workload.name}: {peer.name} is not as the gateway:\n{_difference(expected, given)}")


async def _given(ask: Ask, peer: Peer, workload: Workload, loaded: Loaded) -> Json:
    if workload.kind != "upsert":
        return _data(await ask(peer, workload, peer.variables(workload, 0)))
    group = loaded.groups[0]
    await ask(GATEWAY, workload, upserted(group, -1))
    given = _data(await ask(peer, workload, upserted(group, 0)))
    return [given, _data(await ask(GATEWAY, _WRITTEN, {"id": group.id}))]


def _data(answer: bytes) -> Json:
    """What an answer without errors says."""
    found = orjson.loads(answer)
    if set(found) - {"data", "extensions"}:
        raise Unequal(f"This answer has errors: {answer[:2000].decode()}")
    data: Json = found["data"]
    return data


def _difference(expected: Json, given: Json) -> str:
    paths = [*find_changed_paths(expected, given)] or ["(the same but for the types of numbers)"]
    shown = [f"  {path}: {_at(expected, path)} / {_at(given, path)}" for path in paths[:_MOST_SHOWN]]
    return "\n".join([*shown, *(["  …"] if len(paths) > _MOST_SHOWN else [])])


def _at(value: Json, path: str) -> str:
    """The value at a path of `changed_paths`, cut where it is long."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return "nothing"
    return orjson.dumps(value).decode()[:200]
