"""Old entries of the audit log are deleted."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.database.database import Database
from gateway.domain.calendar import instants
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Unavailable
from gateway.services import audit
from gateway.web import background
from tests.audit.test_audit_log import entry
from tests.support.audit_log import read_entries
from tests.support.factories import store
from tests.support.gateway import OTHER_TEAM, TEAM, Gateway, collect_statements, serve_gateway


async def store_entries(database: Database) -> None:
    """Write entries of the last days: one of each day for two teams."""
    entries = []
    for team_id in (TEAM, OTHER_TEAM):
        for days in range(10):
            found = entry(days, team_id=team_id)
            found.at = instants.now() - timedelta(days=days, minutes=1)
            entries.append(found)
    await store(database, *entries)


async def test_entries_older_than_the_setting_are_deleted_in_batches(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_entries(database)
    monkeypatch.setattr(audit, "_PRUNED_ENTRIES", 2)
    async with serve_gateway(database_url, audit_retention=3) as gateway:
        with collect_statements() as statements, capture_logs() as logs:
            await gateway.app.state.background.prune()
    assert sorted({entry.id for entry in await read_entries(database)}) == ["e0", "e1", "e2"]
    deletions = [each for each in statements if each.startswith("DELETE")]
    # Seven of each team: three full batches, and one that is not.
    assert len(deletions) == 8
    assert logs == [{"event": "audit.pruned", "log_level": "info", "count": 14}]


async def test_without_old_entries_nothing_is_written(gateway: Gateway) -> None:
    await store_entries(gateway.database)
    with collect_statements() as statements, capture_logs() as logs:
        await gateway.app.state.background.prune()
    assert [each for each in statements if not each.startswith("SELECT")] == []
    assert logs == []


async def test_a_database_that_cannot_be_written_is_pruned_later(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise Unavailable(FailureCause.READ_ONLY)

    monkeypatch.setattr(audit, "prune", fail)
    with capture_logs() as logs:
        await gateway.app.state.background.prune()
    assert [line["event"] for line in logs] == ["audit.not_pruned"]


async def test_the_server_writes_what_waits_and_prunes_by_itself(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_entries(database)
    pruned, prune = asyncio.Event(), audit.prune

    async def prune_and_tell(database: Database) -> int:
        count = await prune(database)
        pruned.set()
        return count

    monkeypatch.setattr(background, "FLUSH_SECONDS", 0.001)
    monkeypatch.setattr(audit, "prune", prune_and_tell)
    async with serve_gateway(database_url, audit_retention=3) as gateway:
        gateway.app.state.background.pending_writes.add_refused_sign_in(TEAM, "key", "r")
        await pruned.wait()
    actions = [entry.action for entry in await read_entries(database)]
    assert sorted(actions) == [*["integration.update"] * 6, "session.refuse"]
