"""`gateway statistics verify`: it finds, names and repairs differences."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Delete, Update, delete, select, update

from gateway import services
from gateway.database.tables import DayCount, Integration, ResourceRecord
from gateway.domain.enums import BookingStatus
from gateway.domain.statistics.day_blocks import BLOCK_SIZES
from gateway.domain.statistics.verification import VerificationPosition, VerificationScope
from tests.graph.test_record_changes import UPSERT
from tests.support.dashboard import DASHBOARD
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, TEAM, Gateway
from tests.support.verifying import (
    create_clinic,
    execute_without_counts,
    find_differences,
    is_in_series,
    read_cells,
    verify,
)

pytestmark = pytest.mark.usefixtures("restored_logging")


BEHIND: dict[str, Update | Delete] = {
    "another status": update(ResourceRecord).values(booking_status=BookingStatus.PENDING),
    "another source": update(ResourceRecord).values(source="elsewhere"),
    "another type of visit": update(ResourceRecord).values(appointment_type="F/U"),
    "another start": update(ResourceRecord).values(start=datetime(1999, 1, 1, tzinfo=UTC)),
    "no start": update(ResourceRecord).values(start=None),
    "another instant": update(ResourceRecord).values(created_at=datetime(1999, 1, 1, tzinfo=UTC)),
    "another type of record": update(ResourceRecord).values(type="locations"),
    "no record": delete(ResourceRecord),
}


@pytest.mark.parametrize("change", BEHIND)
async def test_a_record_changed_without_its_counts_is_found_and_recounted(gateway: Gateway, change: str) -> None:
    client = await create_clinic(gateway)

    async def fetch_trends() -> list[Any]:
        return [
            (await client.data(DASHBOARD, id="clinic", type=type, by=by))["appointmentStatistics"]
            for by in ("CREATED_AT", "START")
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
    # A block of each size at both ends, and both records without a start.
    assert len(await find_differences(gateway.database, repairs=True)) == 2 * len(BLOCK_SIZES) + 1
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
        ((), [3, 9, 11]),
        (("--team", TEAM), [2, 7, 9]),
        (("--integration", "clinic"), [2, 7, 9]),
        (("--team", OTHER_TEAM, "--integration", "clinic"), [1, 2, 2]),
        (("--integration", "second"), [1, 2, 2]),
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
