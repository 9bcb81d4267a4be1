"""Filters of lists of records."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.domain.enums import ResourceType
from gateway.domain.integration_filters import InstantFilter
from gateway.domain.statement_arguments import StatementArguments
from gateway.domain.statistics import STATISTICS, ValueFilter


@dataclass(frozen=True, slots=True)
class RecordFilter(StatementArguments):
    """Conditions on a record. None is no condition."""

    type: ResourceType | None = None
    values: ValueFilter = field(default_factory=ValueFilter)
    created_at: InstantFilter | None = None
    start: InstantFilter | None = None

    @property
    def types(self) -> tuple[ResourceType, ...] | None:
        """The types of the records that can meet the conditions; None for all.

        Only records that a dashboard counts have values, and only those that it counts by visits have a start.
        """
        if not self.values.conditions and self.start is None:
            return None if self.type is None else (self.type,)
        return tuple(type_ for type_ in self._list_counted_types() if self.type in (None, type_))

    def _list_counted_types(self) -> Iterator[ResourceType]:
        for statistics in STATISTICS:
            columns = {"booking_status", *(breakdown.column for breakdown in statistics.breakdowns)}
            if len(statistics.date_fields) > 1:
                columns |= {"appointment_type", "start"}
            if columns.issuperset((*self.values.conditions, *(() if self.start is None else ("start",)))):
                yield statistics.type

    @property
    def has_conditions(self) -> bool:
        """Whether there are conditions beside the type, so that the stored numbers of records are not enough."""
        return bool(self.values.conditions) or self.created_at is not None or self.start is not None

    @property
    def matches_nothing(self) -> bool:
        """Whether no record can meet the conditions."""
        return self.values.matches_nothing or self.types == ()
