"""Blocks of days, and the counts in them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.enums import BookingStatus
from gateway.domain.statistics import day_blocks, day_counts
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS, PATIENT_STATISTICS, Statistics
from gateway.domain.statistics.day_blocks import BLOCK_SIZES, LARGEST_BLOCK_SIZE, LAST_DAY, NO_DAY
from gateway.domain.statistics.day_counts import ALL, COUNTED_COLUMNS, BlockCounts, DayCounts, Series, SeriesBlock

CHICAGO = ZoneInfo("America/Chicago")

dates = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def _list_days(spans: list[day_blocks.BlockSpan]) -> list[int]:
    """Return the days of all blocks, with repetitions."""
    return sorted(
        day
        for size, first, last in spans
        for block in range(first, last + 1, size)
        for day in range(block, block + size)
    )


@settings(max_examples=100, deadline=None)
@given(start=dates, end=dates)
def test_a_range_of_days_is_covered_by_few_blocks_without_overlap(start: date, end: date) -> None:
    expected = [*range(start.toordinal(), end.toordinal())]
    spans = day_blocks.list_spans(start, end)
    assert _list_days(spans) == expected == _list_days(day_blocks.list_single_days(start, end))
    assert len(spans) <= 3
    assert (
        sum((span.last - span.first) // span.size + 1 for span in spans)
        <= 30 + len(expected) // LARGEST_BLOCK_SIZE
    )
    for size, first, last in spans:
        assert (day_blocks.find_block_start(first, size), day_blocks.find_block_start(last, size)) == (first, last)


def test_open_bounds_extend_to_the_ends_of_the_calendar() -> None:
    whole, undated = day_blocks.list_spans(None, None)
    assert undated == (1, NO_DAY, NO_DAY)
    assert (whole.size, whole.first) == (LARGEST_BLOCK_SIZE, 1)
    assert whole.last <= LAST_DAY < whole.last + LARGEST_BLOCK_SIZE
    (every,) = day_blocks.list_single_days(None, None)
    assert (every.first, every.last) == (1, whole.last + LARGEST_BLOCK_SIZE - 1)
    assert _list_days(day_blocks.list_spans(date.max, None))[0] == LAST_DAY
    assert day_blocks.list_spans(None, date.min) == day_blocks.list_single_days(None, date.min) == []
    assert _list_days(day_blocks.list_spans(None, date(1, 5, 1))) == [*range(1, 121)]


def test_a_day_is_in_one_block_of_each_size() -> None:
    assert day_blocks.list_block_starts(NO_DAY) == [(1, NO_DAY)]
    assert [*day_blocks.list_block_days(NO_DAY)] == [NO_DAY]
    for day in (1, 2, 8, 9, 16, 17, 739319, LAST_DAY):
        assert [size for size, _ in day_blocks.list_block_starts(day)] == [*BLOCK_SIZES]
        assert day in day_blocks.list_block_days(day_blocks.find_block_start(day, LARGEST_BLOCK_SIZE))
        for size, first in day_blocks.list_block_starts(day):
            assert first <= day < first + size
            assert first % size == 1 % size


def _build_record(
    of: Statistics = APPOINTMENT_STATISTICS,
    at: str = "2025-03-09T12:00",
    appointment_type: str | None = None,
    **values: object,
) -> list[object]:
    columns = {
        **of.read_columns({}),
        "type": of.type.value,
        "created_at": datetime.fromisoformat(at).replace(tzinfo=UTC),
        "appointment_type": appointment_type,
        **values,
    }
    return [columns.get(name) for name in COUNTED_COLUMNS]


def _count(*records: list[object]) -> Mapping[SeriesBlock, BlockCounts]:
    counts = DayCounts(CHICAGO)
    counts.add(records)
    return counts.list_blocks()


MONTHS = ("2025-03-09T12:00:00.000Z", "2025-06-09T12:00:00.000Z")


@pytest.mark.parametrize("of", [APPOINTMENT_STATISTICS, PATIENT_STATISTICS])
def test_a_record_is_counted_once_per_date_field_and_block_size(of: Statistics) -> None:
    blocks = _count(_build_record(of, at=MONTHS[0][:16], source="web", start=MONTHS[1]))
    assert len(blocks) == len(of.date_fields) * len(BLOCK_SIZES)
    assert {block.series for block in blocks} == {
        Series(of.type.value, each.value, ALL) for each in of.date_fields
    }
    for counts in blocks.values():
        assert sum(counts.total) == 1
        assert counts.breakdowns.keys() == {each.column for each in of.breakdowns}
        assert counts.breakdowns["source"] == {"web": counts.total}


def test_an_integration_with_few_records_has_few_rows() -> None:
    """The most rows of a record: none shares a block, and each has a type."""
    records = [
        _build_record(at=f"{year}-03-09T12:00", appointment_type="NP", start=f"{year}-06-09T12:00:00.000Z")
        for year in range(1990, 2010)
    ]
    by_creation = [block for block in _count(*records) if block.series.date_field == "created_at"]
    assert len(by_creation) == 4 * len(records)
    assert len(_count(*records)) == 8 * len(records)


def _count_by_creation(*records: list[object]) -> dict[SeriesBlock, BlockCounts]:
    return {block: counts for block, counts in _count(*records).items() if block.series.date_field == "created_at"}


def test_an_appointment_with_a_type_is_also_counted_by_type() -> None:
    blocks = _count_by_creation(_build_record(appointment_type="NP"), _build_record())
    found = {block.series.appointment_type: counts for block, counts in blocks.items() if block.size == 1}
    assert {type_: counts.total for type_, counts in found.items()} == {ALL: [0, 0, 2], "NP": [0, 0, 1]}
    assert found["NP"].breakdowns["source"] == {"unknown": [0, 0, 1]}


def test_records_are_counted_by_type_also_those_without_a_dashboard() -> None:
    counts = DayCounts(CHICAGO)
    device = ["device", *_build_record()[1:]]
    counts.add([_build_record(), _build_record(), device, device])
    counts.remove([device])
    assert counts.type_counts == {"appointments": 2, "device": 1}


@pytest.mark.parametrize(("index", "state"), [*enumerate(("successful", "failed", "pending"))])
def test_states_are_counted_separately(index: int, state: str) -> None:
    blocks = _count(_build_record(booking_status=BookingStatus(state)))
    assert {tuple(counts.total) for counts in blocks.values()} == {tuple(int(index == each) for each in range(3))}


def test_days_are_local_to_the_zone() -> None:
    blocks = _count_by_creation(_build_record(at="2025-03-09T05:59:59.999"), _build_record(at="2025-03-09T06:00"))
    days = sorted(date.fromordinal(block.day) for block in blocks if block.size == 1)
    assert days == [date(2025, 3, 8), date(2025, 3, 9)]


def test_appointments_without_a_start_are_counted_apart() -> None:
    blocks = _count(_build_record(), _build_record(start="2025-03-09T05:59:59.999Z"))
    found = {
        (block.size, block.day): counts.total for block, counts in blocks.items() if block.series[1] == "start"
    }
    day = date(2025, 3, 8).toordinal()
    first = day_blocks.find_block_start(day, LARGEST_BLOCK_SIZE)
    assert found == {(1, NO_DAY): [0, 0, 1], (1, day): [0, 0, 1], (LARGEST_BLOCK_SIZE, first): [0, 0, 1]}


def test_removing_and_adding_a_record_changes_no_counts() -> None:
    records = [
        _build_record(source="a", appointment_type="NP"),
        _build_record(PATIENT_STATISTICS),
        _build_record(at="0001-01-01T00:00", start="9999-12-31T23:59:59.999Z"),
    ]
    counts = DayCounts(CHICAGO)
    counts.remove(records)
    assert {min(block.total) for block in counts.list_blocks().values()} == {-1}
    counts.add(records)
    assert counts.list_blocks() == {}


def test_a_changed_record_moves_its_counts() -> None:
    counts = DayCounts(CHICAGO)
    counts.remove([_build_record(source="a")])
    counts.add([_build_record(source="b", booking_status=BookingStatus.FAILED)])
    for block in counts.list_blocks().values():
        assert block.total == [0, 1, -1]
        assert block.breakdowns["source"] == {"a": [0, 0, -1], "b": [0, 1, 0]}
    counts = DayCounts(CHICAGO)
    counts.remove([_build_record(at="2025-03-09T12:00")])
    counts.add([_build_record(at="2025-03-09T13:00")])
    assert counts.list_blocks() == {}


_days = st.integers(1, 20).map(lambda day: f"2025-03-{day:02}T12:00:00.000Z")
_records = st.builds(
    lambda at, start, type_, source, status: _build_record(
        at=at[:16], start=start, appointment_type=type_, source=source, booking_status=BookingStatus(status)
    ),
    _days,
    _days,
    st.sampled_from((None, "NP", "F/U")),
    st.sampled_from(("web", "phone")),
    st.sampled_from(("successful", "failed", "pending")),
)


@given(added=st.lists(_records, max_size=12), removed=st.lists(_records, max_size=4))
def test_the_counts_of_records_are_the_sum_of_the_counts_of_each(
    added: list[list[object]], removed: list[list[object]]
) -> None:
    counts = DayCounts(CHICAGO)
    counts.add(added)
    counts.remove(removed)
    sums: dict[SeriesBlock, BlockCounts] = {}
    for record in added:
        for block, change in _count(record).items():
            sums.setdefault(block, BlockCounts()).add(change)
    for record in removed:
        single = DayCounts(CHICAGO)
        single.remove([record])
        for block, change in single.list_blocks().items():
            sums.setdefault(block, BlockCounts()).add(change)
    found = {block: each.encode() for block, each in counts.list_blocks().items()}
    assert found == {block: each.encode() for block, each in sums.items() if not each.is_empty}


def test_changes_of_values_that_are_too_many_change_only_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_counts, "MAX_VALUES", 2)
    stored = BlockCounts()
    for source in ("a", "b", "c", "c"):
        blocks = _count_by_creation(_build_record(source=source))
        stored.add(next(counts for block, counts in blocks.items() if block.size == 1))
        stored = BlockCounts.decode("[{},{},{},{}]".format(*stored.encode()))
    assert stored.total == [0, 0, 4]
    assert stored.breakdowns["source"] is None
    assert stored.breakdowns["utm_source"] == {"direct": [0, 0, 4]}


def test_records_without_a_dashboard_are_not_counted() -> None:
    assert _count(["locations", *_build_record()[1:]]) == {}
