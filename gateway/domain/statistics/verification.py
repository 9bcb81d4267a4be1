"""Verification of counts: its scope, its position, and the differences that it finds."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from gateway.domain.enums import StatisticsDateField
from gateway.domain.ids import is_id
from gateway.domain.statement_arguments import StatementArguments
from gateway.domain.statistics.catalogue import STATISTICS, Statistics
from gateway.domain.statistics.day_blocks import NO_DAY
from gateway.domain.statistics.day_counts import SeriesBlock

VERIFIED: tuple[tuple[Statistics, StatisticsDateField], ...] = tuple(
    (statistics, date_field) for statistics in STATISTICS for date_field in statistics.date_fields
)
"""The statistics and date fields of counts, in the order of their verification."""

_KEYS = tuple((statistics.type.value, date_field.value) for statistics, date_field in VERIFIED)
_NO_DAY_TEXT = "undated"


@dataclass(frozen=True, slots=True)
class VerificationScope(StatementArguments):
    """The verified integrations: of one team, with one id, or all."""

    team_id: str | None = None
    integration_id: str | None = None


class VerificationPosition(NamedTuple):
    """The position of a verification. Counts from this day on are not verified yet."""

    team_id: str = ""
    integration_id: str = ""
    type: str = _KEYS[0][0]
    date_field: str = _KEYS[0][1]
    day: int = NO_DAY
    """The `date.toordinal` of the day."""

    def __str__(self) -> str:
        return " ".join((*self[:-1], format_day(self.day)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position of a text. Raises ValueError when the text is not a position."""
        # Ids contain no blanks.
        team_id, integration_id, type_, date_field, day = text.split(" ")
        if not (is_id(team_id) and is_id(integration_id) and (type_, date_field) in _KEYS):
            raise ValueError(text)
        number = NO_DAY if day == _NO_DAY_TEXT else date.fromisoformat(day).toordinal()
        return cls(team_id, integration_id, type_, date_field, number)


def format_day(day: int) -> str:
    """Return a day as text."""
    return _NO_DAY_TEXT if day == NO_DAY else str(date.fromordinal(day))


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A stored count that differs from the records.

    `stored` or `counted` is None if that count is missing. A missing block is one difference, that of its total.
    """

    block: SeriesBlock
    breakdown: str
    value: str
    stored: tuple[int, ...] | None
    counted: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class TypeDifference:
    """A stored number of records of a type that differs from the records. None means that it is missing."""

    type: str
    stored: int | None
    counted: int | None
