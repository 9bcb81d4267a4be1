"""Checks that all peers return and store equal data."""

from collections.abc import Awaitable, Callable, Sequence

import orjson

from gateway.domain.documents.audit_fields import find_changed_paths
from gateway.domain.documents.exports import encode_canonical
from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.data import Loaded
from tests.benchmarks.servers import GATEWAY, Peer
from tests.benchmarks.workloads import STORED_GROUP, Workload, build_upsert_variables

SendRequest = Callable[[Peer, Workload, Document], Awaitable[bytes]]
"""Sends a workload's operation with these variables to a peer, and returns the body of the response."""

_STORED_GROUP = Workload("stored group", "stored-group", STORED_GROUP, lambda _: {})
_MOST_SHOWN = 10


class UnequalResponses(Exception):
    """Two peers return or store different data."""


async def check(send: SendRequest, peers: Sequence[Peer], workload: Workload, loaded: Loaded) -> None:
    """Require that each peer returns the data of the gateway. Raises UnequalResponses with the differences."""
    expected = await _fetch_data(send, GATEWAY, workload, loaded)
    for peer in peers:
        found = await _fetch_data(send, peer, workload, loaded)
        if encode_canonical(found) != encode_canonical(expected):
            raise UnequalResponses(
                f"{workload.name}: {peer.name} differs from the gateway:\n{_format_differences(expected, found)}"
            )


async def _fetch_data(send: SendRequest, peer: Peer, workload: Workload, loaded: Loaded) -> Json:
    if workload.kind != "upsert":
        return _read_data(await send(peer, workload, peer.build_variables(workload, 0)))
    group, reader = loaded.groups[0], peer if peer.has_own_tables else GATEWAY
    await send(reader, workload, build_upsert_variables(group, -1))
    found = _read_data(await send(peer, workload, build_upsert_variables(group, 0)))
    return [found, _read_data(await send(reader, _STORED_GROUP, {"id": group.id}))]


def _read_data(answer: bytes) -> Json:
    """Return the data of a response, which must have no errors."""
    found = orjson.loads(answer)
    if set(found) - {"data", "extensions"}:
        raise UnequalResponses(f"This response has errors: {answer[:2000].decode()}")
    data: Json = found["data"]
    return data


def _format_differences(expected: Json, found: Json) -> str:
    paths = [*find_changed_paths(expected, found)] or ["(the same but for the types of numbers)"]
    shown = [f"  {path}: {_get_value(expected, path)} / {_get_value(found, path)}" for path in paths[:_MOST_SHOWN]]
    return "\n".join([*shown, *(["  …"] if len(paths) > _MOST_SHOWN else [])])


def _get_value(value: Json, path: str) -> str:
    """Return the value at a path of `find_changed_paths`, truncated if it is long."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return "nothing"
    return orjson.dumps(value).decode()[:200]
