"""Idempotency keys: a mutation that a client sends again with the same key is done once.

The transaction of a mutation also writes an entry with its result, so that both are there or neither. A mutation
that finds its entry returns the stored result instead of doing anything. Refused mutations roll their entry back.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple, TypeVar

from gateway import sql
from gateway.database import IdempotencyEntry, Writer
from gateway.domain.documents import encode_canonical
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.viewer import Viewer
from gateway.errors import (
    DeadlineExceeded,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Overloaded,
    TransactionConflict,
)
from gateway.services import stored_results

T = TypeVar("T")

_PRUNING_DIGIT = "0"
"""One request in sixteen prunes: those whose digest begins with this digit."""

_PRUNED_ENTRIES = 500
"""The most entries that a request prunes."""


class KeyedRequest:
    """The mutations of a request with an idempotency key."""

    def __init__(self, key: str, mutations: Mapping[str, Json]) -> None:
        """`mutations` are all of them in their order: what each does with which arguments, by any name.

        Neither the key nor an argument is stored, only digests. That of the mutations is keyed by the client's
        key, so that nobody who reads the table can try values of the arguments.
        """
        self.key_digest = hashlib.sha256(key.encode()).hexdigest()
        self.digest = hmac.digest(key.encode(), encode_canonical([*mutations.values()]), "sha256").hex()
        self.replays = 0
        """How many of the mutations were not done, because they were done before."""
        self._positions = {name: position for position, name in enumerate(mutations)}

    def get_mutation(self, name: str) -> "KeyedMutation":
        """Return the mutation with this name."""
        return KeyedMutation(self, self._positions[name])


class KeyedMutation(NamedTuple):
    """One mutation of a request with an idempotency key."""

    request: KeyedRequest
    position: int


_running: Counter[tuple[str, str, str]] = Counter()
"""How many mutations this process runs for each team, API key and idempotency key."""


@contextmanager
def watch_repetitions(viewer: Viewer, mutation: KeyedMutation | None) -> Iterator[None]:
    """Raise IdempotencyInProgress if the block is Overloaded while this process runs the same mutation.

    On SQLite a mutation waits for all writers alike, so that the wait itself does not tell. It does nothing
    without a mutation that has a key.
    """
    if mutation is None:
        yield
        return
    key = (viewer.team_id, viewer.key_id, mutation.request.key_digest)
    _running[key] += 1
    try:
        yield
    except Overloaded as error:
        if _running[key] == 1 or isinstance(error, TransactionConflict):
            raise
        raise IdempotencyInProgress from error
    finally:
        _running[key] -= 1
        if not _running[key]:
            del _running[key]


async def run_once(
    writer: Writer,
    viewer: Viewer,
    mutation: KeyedMutation | None,
    result_type: type[T],
    work: Callable[[Writer], Awaitable[T]],
) -> T:
    """Run `work`, or return the result that it had when the mutation was sent with the same key before.

    Without a mutation that has a key, it runs. Raises IdempotencyKeyReused if the key was sent with other
    mutations, and IdempotencyInProgress if another transaction with the key does not end in time.
    """
    if mutation is None:
        return await work(writer)
    stored = await _begin(writer, viewer, mutation)
    if stored is not None:
        mutation.request.replays += 1
        return await stored_results.restore(writer, viewer, result_type, stored)
    result = await work(writer)
    row = {
        "team_id": viewer.team_id,
        "key_id": viewer.key_id,
        "key_digest": mutation.request.key_digest,
        "position": mutation.position,
        "result": stored_results.encode(result),
    }
    await writer.update_rows(IdempotencyEntry, [row])
    return result


async def _begin(writer: Writer, viewer: Viewer, mutation: KeyedMutation) -> Document | None:
    """Insert the entry of a mutation, or return the result of the one that is there."""
    team_id, key_id, (request, position) = viewer.team_id, viewer.key_id, mutation
    expired_at = writer.as_of - timedelta(seconds=writer.settings.idempotency_lifetime)
    try:
        await writer.execute(
            sql.idempotency.insert_entry(
                team_id, key_id, request.key_digest, position, request.digest, writer.as_of, expired_at
            )
        )
    except TransactionConflict:
        raise
    except (Overloaded, DeadlineExceeded) as error:
        raise IdempotencyInProgress from error
    found: Document | None = None
    for other, digest, result in await writer.fetch_tuples(
        sql.idempotency.select_entries(team_id, key_id, request.key_digest, expired_at)
    ):
        if digest != request.digest:
            raise IdempotencyKeyReused
        if other == position:
            found = result
    if found is None and request.digest.startswith(_PRUNING_DIGIT):
        await writer.execute(sql.idempotency.delete_expired(team_id, expired_at, _PRUNED_ENTRIES))
    return found
