"""Writes that follow the answers to requests: exports, refused sign-ins, and the last uses of keys.

They wait in memory until the web layer writes them, all in one transaction. A process that is killed loses them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

import structlog

from gateway import sql
from gateway.database import AuditEntry, Database, Writer
from gateway.domain.audit import AuditAction, AuditEvent
from gateway.domain.calendar import instants
from gateway.domain.ids import new_id
from gateway.domain.viewer import Viewer
from gateway.services import audit
from gateway.services.access import RowKey

log = structlog.get_logger(__name__)

_MAX_EVENTS = 10_000
"""Events that wait while the database cannot be written. Further ones are only logged."""

_REFUSAL_SECONDS = 60.0
"""Seconds between two entries of refused sign-ins with one key."""

_MAX_REFUSED_KEYS = 10_000


class _PendingEvent(NamedTuple):
    id: str
    event: AuditEvent
    team_id: str
    user_id: str
    key_id: str
    request_id: str


class PendingWrites:
    """What requests of this process have left to write."""

    def __init__(self) -> None:
        self._events: list[_PendingEvent] = []
        self._used_keys: set[RowKey] = set()
        self._hour: datetime | None = None
        self._noted_keys: set[RowKey] = set()
        """Keys whose use in this hour was noted."""
        self._refusals: dict[RowKey, float] = {}
        """When the next entry of a refused sign-in may be added, by key, in seconds of `monotonic`."""

    def __bool__(self) -> bool:
        """Whether anything waits to be written."""
        return bool(self._events or self._used_keys)

    def note_use(self, viewer: Viewer) -> None:
        """Note that the viewer's key was used, once an hour."""
        hour = _truncate_to_hour(instants.now())
        if hour != self._hour:
            self._hour, self._noted_keys = hour, set()
        key = (viewer.team_id, viewer.key_id)
        if key not in self._noted_keys:
            self._noted_keys.add(key)
            self._used_keys.add(key)

    def add_event(self, viewer: Viewer, event: AuditEvent, request_id: str) -> None:
        """Add an event that the viewer's request caused."""
        self._add(_PendingEvent(new_id(), event, viewer.team_id, viewer.user_id, viewer.key_id, request_id))

    def add_refused_sign_in(self, team_id: str, key_id: str, request_id: str) -> None:
        """Add a refused sign-in with this key, at most one a minute. Nobody knows who it was."""
        key, now = (team_id, key_id), monotonic()
        if now < self._refusals.get(key, now):
            return
        if len(self._refusals) >= _MAX_REFUSED_KEYS:
            self._refusals = {each: end for each, end in self._refusals.items() if now < end}
        self._refusals[key] = now + _REFUSAL_SECONDS
        event = AuditEvent(AuditAction.SESSION_REFUSE, f"key {key_id}")
        self._add(_PendingEvent(new_id(), event, team_id, "", key_id, request_id))

    def _add(self, pending: _PendingEvent) -> None:
        if len(self._events) < _MAX_EVENTS:
            self._events.append(pending)
        else:
            log.error("audit.lost", action=pending.event.action.value, key_id=pending.key_id)

    async def flush(self, database: Database) -> None:
        """Write all that waits. If that fails, it waits on. Raises as `Database.write` does.

        If the outcome of a commit is unknown, the same entries are written again.
        """
        events, keys = self._events, self._used_keys
        self._events, self._used_keys = [], set()
        try:
            async with database.write() as writer:
                await _insert_events(writer, events)
                await _update_last_uses(writer, keys)
        except BaseException:
            self._events[:0] = events
            self._used_keys |= keys
            raise


async def _insert_events(writer: Writer, events: Sequence[_PendingEvent]) -> None:
    teams = sorted({each.team_id for each in events})
    existing = {*(await writer.fetch_tuples(sql.audit.select_existing_teams(teams)))} if teams else set()
    rows = [
        {**audit.build_row(writer, *pending[1:]), "id": pending.id}
        for pending in events
        if (pending.team_id,) in existing and not await _is_repeated(writer, pending)
    ]
    if rows:
        await writer.replace_rows(AuditEntry, (*rows[0],), [(*row.values(),) for row in rows])


async def _is_repeated(writer: Writer, pending: _PendingEvent) -> bool:
    """Return whether another process has written a refused sign-in with the same key within the last minute."""
    if pending.event.action is not AuditAction.SESSION_REFUSE:
        return False
    since = writer.as_of - timedelta(seconds=_REFUSAL_SECONDS)
    statement = sql.audit.select_recent(pending.team_id, pending.key_id, pending.event.action.value, since)
    return bool(await writer.fetch_tuples(statement))


async def _update_last_uses(writer: Writer, keys: set[RowKey]) -> None:
    ids_by_team: Mapping[str, list[str]] = defaultdict(list)
    for team_id, key_id in keys:
        ids_by_team[team_id].append(key_id)
    hour = _truncate_to_hour(writer.as_of)
    for team_id, ids in sorted(ids_by_team.items()):
        await writer.execute(sql.keys.update_last_use(team_id, ids, hour))


def _truncate_to_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
