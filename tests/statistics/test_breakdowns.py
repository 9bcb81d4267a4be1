"""Every breakdown of the catalogue has a field, a stored column and a searched key."""

from typing import cast

import pytest
from graphql import GraphQLList, GraphQLObjectType, build_schema, get_nullable_type

from gateway.database.tables import ResourceRecord
from gateway.domain.lenient_reading import Document
from gateway.domain.records import get_kind, read_record_columns
from gateway.domain.records.catalogue import RECORD_COLUMNS, RECORD_KINDS
from gateway.domain.records.kind import RecordKind, join_searched_keys
from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS, PATIENT_STATISTICS, STATISTICS, Statistics
from gateway.schema import schema
from tests.support.factories import AT

TYPES = {"AppointmentStatistics": APPOINTMENT_STATISTICS, "PatientStatistics": PATIENT_STATISTICS}


def test_all_statistics_have_a_type() -> None:
    assert tuple(TYPES.values()) == STATISTICS


@pytest.mark.parametrize("name", TYPES)
def test_the_lists_of_buckets_are_the_breakdowns(name: str) -> None:
    fields = cast(GraphQLObjectType, build_schema(schema.as_str()).type_map[name]).fields
    lists = [field for field, definition in fields.items() if _is_list_of_buckets(definition.type)]
    assert lists == [breakdown.field for breakdown in TYPES[name].breakdowns]


def _is_list_of_buckets(type_: object) -> bool:
    found = get_nullable_type(type_)  # type: ignore[call-overload]  # any type
    return isinstance(found, GraphQLList) and str(get_nullable_type(found.of_type)) == "StatisticsBucket"


@pytest.mark.parametrize("statistics", STATISTICS, ids=lambda each: each.type.value)
def test_each_breakdown_has_a_column_that_its_document_fills(statistics: Statistics) -> None:
    for breakdown in statistics.breakdowns:
        config: Document = {"type": statistics.type.value, breakdown.key: " A value "}
        columns = read_record_columns({"_id": "id", "config": config}, "logical", AT)
        assert columns[breakdown.column] == "A value"
        assert breakdown.column in ResourceRecord.__table__.c
        assert breakdown.column in RECORD_COLUMNS
        assert "\n a value " in str(columns["search_text"])


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=lambda each: each.member)
def test_each_key_is_searched_once(kind: RecordKind) -> None:
    assert len(kind.searched_keys) == len({*kind.searched_keys})


def test_a_breakdown_by_a_key_that_is_searched_already_adds_none() -> None:
    keys = get_kind("appointments").searched_keys
    assert join_searched_keys(reversed(keys), APPOINTMENT_STATISTICS) == keys[::-1]
