"""`gateway statistics verify` finds, names and repairs each kind of difference."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, update

from gateway.database.tables import TypeCount
from gateway.domain.statistics.day_blocks import NO_DAY
from tests.support.dashboard import DASHBOARD
from tests.support.gateway import TEAM, Gateway
from tests.support.verifying import (
    Plant,
    change_block,
    create_clinic,
    delete_blocks,
    insert_block,
    read_cells,
    run_statement,
    verify,
)

pytestmark = pytest.mark.usefixtures("restored_logging")

DAY, IN_16 = (date(2025, 3, day).toordinal() for day in (9, 3))
"""A day, and the first day of its block of 16 days."""

VISIT, IN_16_OF_VISIT = (date(2025, 3, day).toordinal() for day in (20, 19))
"""The same of the only visit."""


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

CHANGES: dict[str, tuple[Plant, list[str]]] = {
    "a total": (
        change_block(1, DAY, successful=7),
        [_format_difference("appointments, 2025-03-09 (1 day)", (7, 1, 0), (1, 1, 0))],
    ),
    "a count of a value": (
        change_block(16, IN_16, breakdowns={"source": {"web": [1, 0, 0]}}),
        [_format_difference('source "web", 2025-03-03 (16 days)', (1, 0, 0), (1, 1, 0))],
    ),
    "a value that is gone": (
        change_block(1, DAY, breakdowns={"source": {}}),
        [_format_difference('source "web", 2025-03-09 (1 day)', None, (1, 1, 0))],
    ),
    "a value without records": (
        change_block(1, DAY, breakdowns={"utm_medium": {"not set": [1, 1, 0], "a\x1b[2J\n": [1, 2, 3]}}),
        [_format_difference('utm_medium "a\\u001b[2J\\n", 2025-03-09 (1 day)', (1, 2, 3), None)],
    ),
    "a value of zeros": (
        change_block(1, DAY, breakdowns={"source": {"web": [1, 1, 0], "x": [0, 0, 0]}}),
        [_format_difference('source "x", 2025-03-09 (1 day)', (0, 0, 0), None)],
    ),
    "an unknown breakdown": (
        change_block(1, DAY, breakdowns={"weather": {"rain": [1, 0, 0]}}),
        [_format_difference('weather "rain", 2025-03-09 (1 day)', (1, 0, 0), None)],
    ),
    "blocks that are gone": (
        delete_blocks(16, appointment_type="NP", date_field="created_at"),
        [_format_difference('of type "NP", 2025-03-03 (16 days)', None, (1, 0, 0))],
    ),
    "a count of a type": (
        change_block(1, DAY, appointment_type="NP", pending=-1),
        [_format_difference('of type "NP", 2025-03-09 (1 day)', (1, 0, -1), (1, 0, 0))],
    ),
    "all counts of a type of record": (
        delete_blocks(type="patients"),
        [
            _format_difference(f"patients, 2025-{days}", None, (1, 0, 0))
            for days in ("03-09 (1 day)", "03-03 (16 days)")
        ],
    ),
    "a block without records": (
        insert_block(1, 1, successful=1, failed=2, pending=3),
        [_format_difference("appointments, 0001-01-01 (1 day)", (1, 2, 3), None)],
    ),
    "a block that begins elsewhere": (
        insert_block(16, DAY, successful=1),
        [_format_difference("appointments, 2025-03-09 (16 days)", (1, 0, 0), None)],
    ),
    "a count of less than nothing": (
        insert_block(16, 65, successful=-1),
        [_format_difference("appointments, 0001-03-06 (16 days)", (-1, 0, 0), None)],
    ),
    "a block of zeros": (
        insert_block(16, 65),
        [_format_difference("appointments, 0001-03-06 (16 days)", (0, 0, 0), None)],
    ),
    "a visit": (
        change_block(1, VISIT, date_field="start", failed=5),
        [_format_difference("appointments, by start, 2025-03-20 (1 day)", (1, 5, 0), (1, 0, 0))],
    ),
    "a value of visits": (
        change_block(16, IN_16_OF_VISIT, date_field="start", appointment_type="NP", breakdowns={"source": {}}),
        [_format_difference('by start, of type "NP", source "web", 2025-03-19 (16 days)', None, (1, 0, 0))],
    ),
    "visits without a start": (
        change_block(1, NO_DAY, date_field="start", pending=9),
        [_format_difference("appointments, by start, undated (1 day)", (0, 1, 9), (0, 1, 1))],
    ),
    "undated counts by creation": (
        insert_block(1, NO_DAY, pending=1),
        [_format_difference("appointments, undated (1 day)", (0, 0, 1), None)],
    ),
    "a number of records of a type": (
        run_statement(update(TypeCount).where(TypeCount.type == "appointments").values(record_count=7)),
        ['type "appointments": stored 7 in all; counted 3 in all'],
    ),
    "all numbers of records by type": (
        run_statement(delete(TypeCount)),
        [f'type "{type}": stored nothing; counted {number} in all' for type, number in NUMBERS.items()],
    ),
    "a number without records": (
        run_statement(insert(TypeCount).values(**TYPE_KEY, type="a\x1b[2J\n", record_count=0)),
        ['type "a\\u001b[2J\\n": stored 0 in all; counted nothing'],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_difference_is_reported_and_repaired(gateway: Gateway, change: str) -> None:
    plant, expected = CHANGES[change]
    client = await create_clinic(gateway)
    dashboard = await client.data(DASHBOARD, id="clinic")
    gateway.flush_reports()
    whole = await verify(gateway.database)
    assert (whole.exit_code, read_cells(whole.stdout.splitlines()[-2])) == (0, [1, 5, 7, 0, 0])
    await plant(gateway.database)
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
    assert (again.exit_code, read_cells(again.stdout.splitlines()[-2])[2:]) == (0, [7, 0, 0])
    assert await client.data(DASHBOARD, id="clinic") == dashboard
