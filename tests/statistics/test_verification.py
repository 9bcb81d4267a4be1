"""`gateway statistics verify`: it finds, names and repairs differences."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Delete, Executable, Update, delete, insert, select, update

from gateway import services
from gateway.database.tables import DayCount, Integration, ResourceRecord, TypeCount
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics.day_blocks import BLOCK_SIZES
from gateway.domain.statistics.verification import VerificationPosition, VerificationScope
from tests.graph.test_record_changes import UPSERT
from tests.support.dashboard import BREAKDOWNS, DASHBOARD
from tests.support.factories import connected, record, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, Client, Gateway
from tests.support.verifying import (
    build_state_columns,
    count_key,
    execute_without_counts,
    find_differences,
    is_count,
    is_in_series,
    read_cells,
    verify,
)

pytestmark = pytest.mark.usefixtures("restored_logging")

DAY, IN_8, IN_64 = (date(2025, *day).toordinal() for day in ((3, 9), (3, 3), (1, 14)))
"""A day, and the first days of its blocks of 8 and 64 days."""


async def create_clinic(gateway: Gateway) -> Client:
    """Create three appointments and a patient: on a day in March, and one in the year before."""
    march, before = datetime(2025, 3, 9, 12, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    await store(gateway.database, connected("clinic", timezone="America/Chicago"), webhook({"_id": "hook"}))
    await store(
        gateway.database,
        record("a", "clinic", {"source": "web", "appointmentType": "NP", "bookingStatus": "successful"}, at=march),
        record("b", "clinic", {"source": "web", "bookingStatus": "failed"}, at=march),
        record("c", "clinic", {"source": "desk"}, at=before),
        record("d", "clinic", {"type": "patients"}, at=march),
    )
    return await gateway.client()


def _format_difference(
    series: str, stored: tuple[int, int, int] | None, counted: tuple[int, int, int] | None
) -> str:
    """Return the end of a line."""
    stored_text, counted_text = (
        "{} successful, {} failed, {} pending".format(*numbers) if numbers else "nothing"
        for numbers in (stored, counted)
    )
    return f"{series}: stored {stored_text}; counted {counted_text}"


NUMBERS = {"appointments": 3, "patients": 1}
TYPE_KEY = {"team_id": TEAM, "integration_id": "clinic"}

CHANGES: dict[str, tuple[Executable, list[str]]] = {
    "a count of a day": (
        update(DayCount).where(*is_count(1, DAY)).values(successful=7),
        [_format_difference('source "web", 2025-03-09 (1 day)', (7, 1, 0), (1, 1, 0))],
    ),
    "a count of 8 days": (
        update(DayCount).where(*is_count(8, IN_8)).values(failed=0),
        [_format_difference('source "web", 2025-03-03 (8 days)', (1, 0, 0), (1, 1, 0))],
    ),
    "a count that is gone": (
        delete(DayCount).where(*is_count(64, IN_64)),
        [_format_difference('source "web", 2025-01-14 (64 days)', None, (1, 1, 0))],
    ),
    "a count of a type": (
        update(DayCount).where(*is_count(1, DAY, appointment_type="NP")).values(pending=-1),
        [_format_difference('of type "NP", source "web", 2025-03-09 (1 day)', (1, 0, -1), (1, 0, 0))],
    ),
    "all counts of a type of record": (
        delete(DayCount).where(is_in_series(type="patients")),
        [
            _format_difference(f"patients{breakdown}, 2025-{days}", None, (1, 0, 0))
            for breakdown in ("", ', source "unknown"')
            for days in ("03-09 (1 day)", "03-03 (8 days)", "01-14 (64 days)")
        ],
    ),
    "a count without records": (
        insert(DayCount).values({**count_key(1, 1, "a\x1b[2J\n"), **build_state_columns(1, 2, 3)}),
        [_format_difference('source "a\\u001b[2J\\n", 0001-01-01 (1 day)', (1, 2, 3), None)],
    ),
    "a count of days that begin elsewhere": (
        insert(DayCount).values({**count_key(8, DAY + 1, "web"), **build_state_columns(1, 1, 1)}),
        [_format_difference('source "web", 2025-03-10 (8 days)', (1, 1, 1), None)],
    ),
    "a count of less than nothing": (
        insert(DayCount).values({**count_key(64, 65, "x"), **build_state_columns(-1, 0, 0)}),
        [_format_difference('source "x", 0001-03-06 (64 days)', (-1, 0, 0), None)],
    ),
    "a nought": (
        insert(DayCount).values({**count_key(64, IN_64, "x"), **build_state_columns(0, 0, 0)}),
        [_format_difference('source "x", 2025-01-14 (64 days)', (0, 0, 0), None)],
    ),
    "a number of records of a type": (
        update(TypeCount).where(TypeCount.type == "appointments").values(record_count=7),
        ['type "appointments": stored 7 in all; counted 3 in all'],
    ),
    "all numbers of records by type": (
        delete(TypeCount),
        [f'type "{type}": stored nothing; counted {number} in all' for type, number in NUMBERS.items()],
    ),
    "a number without records": (
        insert(TypeCount).values(**TYPE_KEY, type="a\x1b[2J\n", record_count=0),
        ['type "a\\u001b[2J\\n": stored 0 in all; counted nothing'],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_difference_is_reported_and_repaired(gateway: Gateway, change: str) -> None:
    statement, expected = CHANGES[change]
    client = await create_clinic(gateway)
    dashboard = await client.data(DASHBOARD, id="clinic")
    gateway.flush_reports()
    whole = await verify(gateway.database)
    assert (whole.exit_code, read_cells(whole.stdout.splitlines()[-2])) == (0, [1, 3, 4, 0, 0])
    await execute_without_counts(gateway.database, statement)
    for arguments, repaired in ((), 0), (("--repair",), len(expected)):
        found = await verify(gateway.database, *arguments)
        lines = found.stdout.splitlines()
        assert (found.exit_code, found.stderr) == (1, "")
        assert len(lines[:-5]) == len(expected)
        for line in lines[:-5]:
            assert line.startswith(f"team {TEAM}, integration clinic, ")
        for end in expected:
            assert any(line.endswith(end) for line in lines[:-5]), end
        assert read_cells(lines[-2])[3:] == [len(expected), repaired]
    again = await verify(gateway.database)
    assert (again.exit_code, read_cells(again.stdout.splitlines()[-2])[2:]) == (0, [4, 0, 0])
    assert await client.data(DASHBOARD, id="clinic") == dashboard


BEHIND: dict[str, Update | Delete] = {
    "another status": update(ResourceRecord).values(booking_status=BookingStatus.PENDING),
    "another source": update(ResourceRecord).values(source="elsewhere"),
    "another type of visit": update(ResourceRecord).values(appointment_type="F/U"),
    "another instant": update(ResourceRecord).values(created_at=datetime(1999, 1, 1, tzinfo=UTC)),
    "another type of record": update(ResourceRecord).values(type="locations"),
    "no record": delete(ResourceRecord),
}


@pytest.mark.parametrize("change", BEHIND)
async def test_a_record_changed_without_its_counts_is_found_and_recounted(gateway: Gateway, change: str) -> None:
    client = await create_clinic(gateway)

    async def fetch_trends() -> list[Any]:
        return [
            (await client.data(DASHBOARD, id="clinic", type=type))["appointmentStatistics"]
            for type in (None, "NP", "F_U")
        ]

    before = await fetch_trends()
    await execute_without_counts(gateway.database, BEHIND[change].where(ResourceRecord.id == "a"))
    assert (await verify(gateway.database)).exit_code == 1
    assert await fetch_trends() == before
    assert (await verify(gateway.database, "--repair")).exit_code == 1
    assert (await verify(gateway.database)).exit_code == 0
    after = await fetch_trends()
    assert after != before
    gone = change in ("no record", "another type of record")
    assert after[0]["overview"]["total"] == sum(bucket["count"] for bucket in after[0]["source"]) == 3 - gone


async def test_counts_of_another_zone_are_found(gateway: Gateway) -> None:
    """An update of the time zone database causes this."""
    await create_clinic(gateway)
    moved = update(Integration).where(Integration.id == "clinic").values(timezone="Pacific/Kiritimati")
    await execute_without_counts(gateway.database, moved)
    assert await find_differences(gateway.database, repairs=True)
    assert await find_differences(gateway.database) == []


async def test_the_ends_of_the_calendar_are_verified(gateway: Gateway) -> None:
    await store(gateway.database, connected("clinic", timezone="Asia/Kathmandu"))
    ends = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC))
    await store(gateway.database, *(record(f"{at:%Y}", "clinic", at=at) for at in ends))
    assert await find_differences(gateway.database) == []
    await execute_without_counts(gateway.database, delete(DayCount))
    assert len(await find_differences(gateway.database, repairs=True)) == 2 * len(BLOCK_SIZES) * (
        1 + len(BREAKDOWNS)
    )
    assert await find_differences(gateway.database) == []


async def test_only_the_selected_scope_is_verified(gateway: Gateway) -> None:
    await create_clinic(gateway)
    await store(gateway.database, connected("second"), connected("clinic", team_id=OTHER_TEAM))
    await store(gateway.database, record("e", "second"), record("a", "clinic", team_id=OTHER_TEAM))
    await execute_without_counts(
        gateway.database,
        update(DayCount).where(is_in_series(integration_id="clinic")).values(failed=100),
    )
    for arguments, numbers in (
        ((), [3, 5, 6]),
        (("--team", TEAM), [2, 4, 5]),
        (("--integration", "clinic"), [2, 4, 5]),
        (("--team", OTHER_TEAM, "--integration", "clinic"), [1, 1, 1]),
        (("--integration", "second"), [1, 1, 1]),
    ):
        found = await verify(gateway.database, *arguments)
        assert read_cells(found.stdout.splitlines()[-2])[:3] == numbers, arguments
        assert found.exit_code == ("second" not in arguments)
    for arguments in (("--integration", "hook"), ("--team", "nobody")):
        found = await verify(gateway.database, *arguments, "--repair")
        assert (found.exit_code, found.stdout) == (1, "")
        assert found.stderr == "error: There is no such connected integration.\n"
    await verify(gateway.database, "--repair", "--team", TEAM)
    async with gateway.read() as session:
        teams = set(await session.scalars(select(DayCount.team_id).where(DayCount.failed == 100)))
    assert teams == {OTHER_TEAM}


async def test_concurrent_writes_are_no_difference_and_survive_a_repair(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    await execute_without_counts(
        gateway.database, update(DayCount).values(pending=9), delete(DayCount).where(DayCount.size == 1)
    )
    done = False

    async def write() -> None:
        for number in range(12):
            appointment = {"bookingStatus": "SUCCESSFUL", "source": f"s{number % 3}"}
            records = [
                {
                    "logicalId": f"r{number % 4}-{index}",
                    "createdAt": f"2025-03-{1 + number:02}T12:00:00Z",
                    "config": {"appointment": appointment},
                }
                for index in range(5)
            ]
            payload = await client.data(UPSERT, records=records)
            assert payload["upsertResourceRecords"]["errors"] == []

    async def repair() -> None:
        await find_differences(gateway.database, repairs=True)
        while not done:
            assert await find_differences(gateway.database) == []

    repairing = asyncio.create_task(repair())
    await asyncio.gather(write(), write(), write())
    done = True
    await repairing
    assert await find_differences(gateway.database) == []
    assert (await client.data(DASHBOARD, id="clinic"))["appointmentStatistics"]["overview"]["total"] == 23


async def test_an_integration_deleted_during_verification_is_not_repaired(gateway: Gateway) -> None:
    await create_clinic(gateway)
    await execute_without_counts(gateway.database, update(DayCount).values(pending=9))
    async with gateway.database.read() as snapshot:
        step = await services.verification.verify_next_block(snapshot, VerificationScope(), VerificationPosition())
    assert step is not None
    await execute_without_counts(gateway.database, delete(Integration).where(Integration.id == "clinic"))
    async with gateway.database.write() as session:
        assert await services.verification.repair(session, step) == ()
