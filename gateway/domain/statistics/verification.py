"""Verification of counts: its scope, its position, and the differences that it finds."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from gateway.domain.ids import is_id
from gateway.domain.statement_arguments import StatementArguments
from gateway.domain.statistics.catalogue import STATISTICS
from gateway.domain.statistics.day_counts import SeriesCounts

_TYPES = tuple(statistics.type.value for statistics in STATISTICS)


@dataclass(frozen=True, slots=True)
class VerificationScope(StatementArguments):
    """The verified integrations: of one team, with one id, or all."""

    team_id: str | None = None
    integration_id: str | None = None


class VerificationPosition(NamedTuple):
    """The position of a verification. Counts from this day on are not verified yet."""

    team_id: str = ""
    integration_id: str = ""
    type: str = _TYPES[0]
    day: int = 1
    """The `date.toordinal` of the day."""

    def __str__(self) -> str:
        return f"{self.team_id} {self.integration_id} {self.type} {date.fromordinal(self.day)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position of a text. Raises ValueError when the text is not a position."""
        # Ids contain no blanks.
        team_id, integration_id, type_, day = text.split(" ")
        if not (is_id(team_id) and is_id(integration_id) and type_ in _TYPES):
            raise ValueError(text)
        return cls(team_id, integration_id, type_, date.fromisoformat(day).toordinal())


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A stored count that differs from the records. `stored` or `counted` is None if that count is missing."""

    stored: SeriesCounts | None
    counted: SeriesCounts | None

    @property
    def series_counts(self) -> SeriesCounts:
        """The counts of the records, or the stored ones if there are none."""
        found = self.counted or self.stored
        assert found is not None  # noqa: S101 (a difference has one of them)
        return found


@dataclass(frozen=True, slots=True)
class TypeDifference:
    """A stored number of records of a type that differs from the records. None means that it is missing."""

    type: str
    stored: int | None
    counted: int | None
