"""Conditions of SQL for filters of records."""

from sqlalchemy import ColumnElement

from gateway.database import ResourceRecord
from gateway.domain.record_filters import RecordFilter
from gateway.domain.statistics import ValueFilter
from gateway.sql.integration_filters import build_instant_conditions
from gateway.sql.text_lists import is_in


def build_conditions(records: type[ResourceRecord], filter: RecordFilter) -> list[ColumnElement[bool]]:
    """Return the conditions beside the type; `records` is the table or an alias of it."""
    conditions = build_value_conditions(records, filter.values)
    for instants, column in ((filter.created_at, records.created_at), (filter.start, records.start)):
        if instants is not None:
            conditions += build_instant_conditions(instants, column)
    return conditions


def build_value_conditions(records: type[ResourceRecord], filter: ValueFilter) -> list[ColumnElement[bool]]:
    """Return the condition of each column."""
    return [is_in(getattr(records, column), values) for column, values in filter.conditions.items()]
