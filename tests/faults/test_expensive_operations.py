"""Expensive operations of several clients at once are refused, and the memory of the server stays bounded."""

import pytest

from tests.faults import large_rows, list_arguments
from tests.support.pressure import MAX_GROWTH, open_target

pytestmark = pytest.mark.slow


async def test_long_lists_are_refused_in_bounded_memory() -> None:
    async with open_target("sqlite", list_arguments.fill) as target:
        outcome = target.attack(list_arguments.ATTACKS["lists of 4,000 entries"], 4, 1.0)
    assert set(outcome.seen) == {"200 LIMIT_EXCEEDED"}
    assert outcome.growth < MAX_GROWTH


async def test_large_rows_are_refused_in_bounded_memory() -> None:
    async with open_target("sqlite", large_rows.fill_records) as target:
        outcome = target.attack(large_rows.ATTACKS["list documents"], large_rows.CLIENTS, 1.0)
    assert set(outcome.seen) <= {"200 LIMIT_EXCEEDED", "503 OVERLOADED"}
    assert outcome.growth < MAX_GROWTH
