"""Plans declare the columns that they read, so that only these are fetched."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLObjectType
from strawberry.types.field import StrawberryField

from gateway.database.tables import Base, HasDocument
from gateway.domain.cursors import CursorCodec
from gateway.domain.lenient_reading import Document, LenientObject
from gateway.domain.paging import OLDEST_FIRST, PageArguments, RowPage
from gateway.domain.viewer import Viewer
from gateway.errors import Refused
from gateway.execution import BatchedField, BatchRequest
from gateway.execution.compiler.selection import get_read_columns, is_compilable
from gateway.execution.fields import PlainField
from gateway.schema import schema
from gateway.schema.connections import ORDER_COLUMNS, ConnectionSource
from gateway.services import integrations
from tests.support.compiling import compile_query
from tests.support.contexts import CURSOR_KEY
from tests.support.factories import connected, record, use_case, use_case_group, webhook

SOURCES: dict[str, Base] = {
    "ConnectedIntegration": connected("a"),
    "ProviderConfig": connected("a"),
    "IncomingWebhook": webhook({"_id": "a"}),
    "OutgoingWebhook": webhook({"_id": "a", "type": "webhook-outgoing", "event": "sendMessage"}),
    "UseCaseGroup": use_case_group("a", "i"),
    "UseCase": use_case("a", "i"),
    "UseCaseConfig": use_case("a", "i"),
    "UseCaseAction": use_case("a", "i"),
    "Schedule": use_case("a", "i"),
    "ResourceRecord": record("a", "i"),
    "PractitionerConfig": record("a", "i", {"type": "practitioners"}),
    "LocationConfig": record("a", "i", {"type": "locations"}),
    "AppointmentConfig": record("a", "i"),
    "PatientConfig": record("a", "i", {"type": "patients"}),
    "OrganizationConfig": record("a", "i", {"type": "organizations"}),
    "VisitingReasonConfig": record("a", "i", {"type": "visiting_reasons"}),
    "OtherConfig": record("a", "i", {"type": "unknown"}),
    "Specialty": record("a", "i"),
    "PractitionerLocation": record("a", "i"),
    "TimeSlot": record("a", "i"),
    "WorkingHours": record("a", "i"),
}
"""A row for each type whose source is a row or a part of its document."""

VIEWER = Viewer("team", "user", "user", "key", frozenset())

REFERENCES: Document = dict.fromkeys(
    ("supervisorId", "patientId", "practitionerId", "locationId", "visitingReasonId"), "b"
)
"""Keys of a document by which records refer to others."""

ROWS = {"ConnectedIntegration", "IncomingWebhook", "OutgoingWebhook", "UseCaseGroup", "UseCase", "ResourceRecord"}


def _fields(type_: str) -> Iterator[StrawberryField]:
    found = schema._schema.type_map[type_]
    assert isinstance(found, GraphQLObjectType)
    for definition in found.fields.values():
        field = definition.extensions["strawberry-definition"]
        assert isinstance(field, StrawberryField)
        if is_compilable(field):
            yield field


def _select_attributes(row: Base, names: set[str]) -> Any:
    """Return an object like a row with only these fetched attributes."""
    fetched = {name: getattr(row, name) for name in names if hasattr(row, name)}
    return type(
        type(row).__name__,
        (),
        {"read_document": HasDocument.read_document, "read_config": HasDocument.read_config, **fetched},
    )()


def _evaluate(field: StrawberryField, source: Any) -> None:
    resolver: Any = field.base_resolver
    if isinstance(field, BatchedField):
        arguments = field.resolve_arguments({}, SimpleNamespace(cursor_key=CURSOR_KEY, viewer=VIEWER))
        field.build_request(source, arguments)
        try:
            field.build_value(None, source, arguments)
        except Refused:
            assert field.python_name == "integration"
    elif isinstance(field, PlainField):
        field.read(source)
    elif resolver is None:
        getattr(source, field.python_name)
    else:
        resolver.wrapped_func(source)


@pytest.mark.parametrize("type_", SOURCES)
def test_a_field_reads_only_declared_columns(type_: str) -> None:
    for field in _fields(type_):
        declared = get_read_columns(field)
        assert declared is not None, field.python_name
        row = _select_attributes(SOURCES[type_], {*declared})
        _evaluate(field, row if type_ in ROWS else LenientObject(REFERENCES, row))


def test_every_field_that_compiles_declares_its_columns() -> None:
    types = [type_ for type_ in schema._schema.type_map.values() if isinstance(type_, GraphQLObjectType)]
    undeclared = [
        f"{type_.name}.{field.python_name}"
        for type_ in types
        if not type_.name.startswith("__")
        for field in _fields(type_.name)
        if get_read_columns(field) is None
    ]
    assert undeclared == []


@pytest.mark.parametrize("type_", SOURCES)
def test_resolving_a_type_reads_only_declared_columns(type_: str) -> None:
    class_ = schema._schema.type_map[type_].extensions["strawberry-definition"].origin
    if hasattr(class_, "resolve_type"):
        row = _select_attributes(SOURCES[type_], {*class_.resolve_type.reads})
        name = class_.resolve_type(row if type_ in ROWS else LenientObject({}, row))
        assert name in {type_, "Integration"}


def test_cursors_read_only_declared_columns() -> None:
    keys = [[], *([key] for key in _list_order_keys())]
    for order in [OLDEST_FIRST, *(integrations.build_order(VIEWER, each) for each in keys)]:
        row = _select_attributes(connected("a"), {*ORDER_COLUMNS})
        page = RowPage([row], has_previous=False, has_next=False)
        source = ConnectionSource(
            CursorCodec(CURSOR_KEY, order), (), PageArguments(order), page, _build_empty_batch()
        )
        assert source.edges[0].cursor == source.build_page_info(None).end_cursor


def _list_order_keys() -> Iterator[Any]:
    from gateway.domain.enums import IntegrationOrderField, SortDirection  # noqa: PLC0415

    return ((field, SortDirection.ASC) for field in IntegrationOrderField)


def _build_empty_batch() -> BatchRequest:
    async def batch(*_: object) -> dict[object, object]:
        return {}

    return BatchRequest(batch, ())


def _find_columns(query: str) -> tuple[frozenset[str] | None, dict[str, frozenset[str] | None]]:
    """Return the columns of the root field's value, and those of the rows of each batched field."""
    compiler, _ = compile_query(schema, query)
    return compiler.columns, {stage.field.python_name: stage.columns for stage in compiler.stages}


def test_a_plan_has_the_columns_of_each_stage() -> None:
    root, stages = _find_columns(
        """{ integration(id: "i") { name ... on ConnectedIntegration { status resourceRecords {
          totalCount edges { cursor } nodes { type config { ... on PractitionerConfig { name supervisor { version }
        } } } } } } }"""
    )
    assert root == frozenset({"name", "enabled", "team_id", "id", "kind"})
    assert stages == {
        "resource_records": frozenset(
            {"edges", "cursor", "nodes", "type", "document", "integration_id", *ORDER_COLUMNS}
        ),
        "total_count": frozenset(),
        "supervisor": frozenset({"version"}),
    }
