"""Filters of records by their values in the columns of statistics. Lists and dashboards share them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

from gateway.domain.statement_arguments import StatementArguments, TextTuple

MAX_FILTER_VALUES = 100
"""The maximum number of values of a condition."""


@dataclass(frozen=True, slots=True)
class ValueFilter(StatementArguments):
    """Conditions on a record, by columns: it has one of the values. None is no condition.

    No record meets a condition without values.
    """

    booking_status: TextTuple | None = None
    appointment_type: TextTuple | None = None
    source: TextTuple | None = None
    utm_source: TextTuple | None = None
    utm_medium: TextTuple | None = None
    utm_campaign: TextTuple | None = None

    @classmethod
    def create(cls, **values: Iterable[str] | None) -> Self:
        """Return the filter of these values by column. Their order does not matter."""
        return cls(**{name: None if each is None else TextTuple(sorted({*each})) for name, each in values.items()})

    @property
    def conditions(self) -> Mapping[str, TextTuple]:
        """The values by column, of those with a condition."""
        found = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: values for name, values in found if values is not None}

    @property
    def matches_nothing(self) -> bool:
        """Whether a condition has no values."""
        return not all(self.conditions.values())
