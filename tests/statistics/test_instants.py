"""Formatting and parsing of instants."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import instants

ZONES = st.sampled_from([UTC, UTC, timezone(timedelta(hours=-5)), ZoneInfo("UTC"), ZoneInfo("Africa/Cairo")])
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001


def _format(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@given(value=INSTANTS | st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_written_in_utc_with_milliseconds(value: datetime) -> None:
    assert instants.format_instant(value) == _format(value)
    assert instants.to_text(value) == instants.to_text(instants.to_text(value)) == _format(value)


@given(value=INSTANTS)
def test_any_format_of_an_instant_is_normalized(value: datetime) -> None:
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    for text in (value.isoformat(), _format(value), f" {_format(value).lower()} "):
        found = instants.parse_instant(text)
        # Historic offsets with seconds are not valid in RFC 3339.
        assert found is None or instants.normalize_valid_instant(text) == _format(found)
        assert instants.normalize_instant(text) == (None if found is None else _format(found))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025",
        "2025-02-30T00:00:00Z",
        "2025-02-30T00:00:00.000Z",
        "2025-03-09T24:00:00.000Z",
        "2025-W10-1T00:00:00.000Z",
    ],
)
def test_invalid_texts_are_no_instants(text: str) -> None:
    with pytest.raises(ValueError, match="not an instant"):
        instants.normalize_valid_instant(text)
    assert (instants.parse_instant(text), instants.normalize_instant(text)) == (None, None)
