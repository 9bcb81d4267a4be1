"""How instants are written."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import instants

ZONES = st.sampled_from([UTC, UTC, timezone(timedelta(hours=-5)), ZoneInfo("UTC"), ZoneInfo("Africa/Cairo")])
INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001


def _spelled(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@given(value=INSTANTS | st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_written_in_utc_with_milliseconds(value: datetime) -> None:
    assert instants.format_instant(value) == _spelled(value)
    assert instants.to_text(value) == instants.to_text(instants.to_text(value)) == _spelled(value)


@given(value=INSTANTS)
def test_any_spelling_of_an_instant_is_respelled(value: datetime) -> None:
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    for spelling in (value.isoformat(), _spelled(value), f" {_spelled(value).lower()} "):
        found = instants.parse_instant(spelling)
        # Offsets of seconds, which zones had once, are no RFC 3339.
        assert found is None or instants.normalize_valid_instant(spelling) == _spelled(found)
        assert instants.normalize_instant(spelling) == (None if found is None else _spelled(found))


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
def test_nonsense_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match="not an instant"):
        instants.normalize_valid_instant(text)
    assert (instants.parse_instant(text), instants.normalize_instant(text)) == (None, None)
