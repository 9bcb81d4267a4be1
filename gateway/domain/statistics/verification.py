"""The words of a verification: which counts, how far it has come, and what it found."""

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
    """Whose counts are verified: of one team, of the integrations with one id, or all there are."""

    team_id: str | None = None
    integration_id: str | None = None


class VerificationPosition(NamedTuple):
    """How far a verification has come: what is counted from this day on is still to be verified."""

    team_id: str = ""
    integration_id: str = ""
    type: str = _TYPES[0]
    day: int = 1
    """The number of the day, as by `date.toordinal`."""

    def __str__(self) -> str:
        return f"{self.team_id} {self.integration_id} {self.type} {date.fromordinal(self.day)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that is written so. Raises ValueError for anything else."""
        # There is no blank in an id.
        team_id, integration_id, type_, day = text.split(" ")
        if not (is_id(team_id) and is_id(integration_id) and type_ in _TYPES):
            raise ValueError(text)
        return cls(team_id, integration_id, type_, date.fromisoformat(day).toordinal())


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A count that is not what the records say; None where there is none."""

    stored: SeriesCounts | None
    counted: SeriesCounts | None

    @property
    def series_counts(self) -> SeriesCounts:
        """What is counted, and maybe how many there are."""
        found = self.counted or self.stored
        assert found is not None  # noqa: S101 (or there would be no difference)
        return found
