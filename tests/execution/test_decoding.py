"""Decoding of documents: selected fields are decoded from any text, and doubtful values are read leniently."""

import gc
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
import strawberry
from msgspec import Struct
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from strawberry.schema.config import StrawberryConfig
from structlog.testing import capture_logs

from gateway.database.rows import create_row_factory
from gateway.database.tables import ResourceRecord as ResourceRecordRow
from gateway.domain.lenient_reading import LenientObject
from gateway.execution import encode_json
from gateway.schema import json_readers
from gateway.schema.fields import KeyField, field, key_field, row_field
from gateway.schema.resource_records import ResourceRecord
from gateway.schema.scalars import SCALARS
from tests.support.compiling import compile_query, compile_response, execute_uncompiled

PRACTITIONER = """{ records { id config { ... on PractitionerConfig {
    sourceId name languages specialties { name code } workingHours { mon { start end } }
} } } }"""
REASON = "{ records { config { ... on VisitingReasonConfig { durationMinutes appointmentTypes status } } } }"


@strawberry.type
class Thing:
    odd: str | None = key_field("an odd-key", "")
    word: str | None = key_field("class", "")
    count: int = key_field("count", "", json_readers.with_default(json_readers.integer, 7))
    things: list["Thing"] = key_field("things", "", json_readers.json_objects)
    inner: "Thing" = key_field("inner", "", json_readers.json_object)

    @field("A resolver that reads the section.")
    @staticmethod
    def shout(root: strawberry.Parent[LenientObject[object]]) -> str | None:
        found = root.read_text("class")
        return None if found is None else found.upper()

    @row_field("A resolver that reads only the row.", reads=("id",))
    @staticmethod
    def owner(root: strawberry.Parent[ResourceRecordRow]) -> str:
        return root.id


@strawberry.type
class Holder:
    config: Thing = key_field("config", "", json_readers.json_object)


@strawberry.type
class Query:
    records: list[ResourceRecord]
    holders: list[Holder]


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))


def build_row(config: str, type_: str = "practitioners") -> Any:
    """Return a fetched record whose document has this text as its `config`."""
    table = ResourceRecordRow.__table__
    assert isinstance(table, Table)
    columns = [table.c.team_id, table.c.id, table.c.type, table.c.document]
    make = create_row_factory(ResourceRecordRow, columns, sqlite.dialect())
    (created,) = make([("t", "a", type_, f'{{"_id": "a", "config": {config}}}')])
    return created


def check(query: str, *rows: object) -> Any:
    """Return the response data, which a plan and the normal executor must both return."""
    with capture_logs():
        found = encode_json(compile_response(SCHEMA, query)([*rows], []))
        assert found == encode_json(execute_uncompiled(SCHEMA, query, [*rows]))
    return orjson.loads(found)


@pytest.mark.parametrize(
    "config",
    [
        "{}",
        "null",
        "[]",
        "7",
        ' { "name" : "A\\nB" , "more": [{"x": {}}, 1e300, -0.5, null] } ',
        r'{"na\u006de": "\u00e9\ud83d\ude00\u0000\"", "id": "\/"}',
        '{"name": "A", "name": "B"}',
        '{"name": "A", "name": null, "name": 7}',
        '{"name": 7, "name": "B"}',
        '{"name": true, "languages": [1], "id": 12345678901234567890123}',
        '{"languages": null, "specialties": [], "workingHours": {}}',
        '{"languages": ["a", null], "specialties": [null, {}, [], {"code": "x", "more": 1}]}',
        '{"languages": {}, "specialties": {"name": "x"}, "workingHours": []}',
        '{"workingHours": {"mon": null}}',
        '{"workingHours": {"mon": [{}, {"start": "a"}, {"start": "a", "end": null}, {"end": "b", "start": "a"}]}}',
        '{"workingHours": {"mon": [{"end": "1", "start": "2", "end": "3"}]}, "workingHours": {"mon": []}}',
        '{"more": ' + "[" * 500 + "]" * 500 + "}",
        '{"more": {"more": "\\ud83d\\ude00"}, "name": "' + "x" * 100_000 + '"}',
    ],
)
def test_decoding_a_document_equals_reading_it(config: str) -> None:
    check(PRACTITIONER, build_row(config), build_row('{"name": "B"}'))
    check(PRACTITIONER.replace("name", "title: name"), build_row(config))
    check(PRACTITIONER.replace("start end", "end"), build_row(config))


@pytest.mark.parametrize(
    "number", ["0", "-0", "1", "-2147483648", "2147483648", "1.0", "1e2", "true", '"1"', "null", "9" * 30, "[]"]
)
def test_numbers_are_decoded_or_read_leniently(number: str) -> None:
    config = f'{{"durationMinutes": {number}, "appointmentTypes": ["F/U", {number}], "status": {number}}}'
    check(REASON, build_row(config, "visiting_reasons"))
    check(
        "{ holders { config { count inner { count } } } }",
        build_row(f'{{"count": 1, "inner": {{"count": {number}}}}}'),
    )


def find_structs(value: Any) -> Iterator[Struct]:
    """Yield the decoded objects of response data that were not built anew."""
    if isinstance(value, Struct):
        yield value
    inner: Sequence[Any] = (
        [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for item in inner:
        yield from find_structs(item)


@pytest.mark.parametrize(
    ("selection", "decoded"),
    [
        ("count inner { count } things { count }", ["Thing"]),
        ("named: count inner { count } things { count }", ["Thing", "Thing"]),
        ("count inner { __typename } things { count }", ["Thing"]),
        ("things { owner inner { count } }", ["Thing"]),
        ("odd", []),
    ],
)
def test_fields_without_aliases_are_decoded_as_response_data(selection: str, decoded: list[str]) -> None:
    rows = [build_row('{"things": [{"inner": {}}]}')]
    query = f"{{ holders {{ config {{ {selection} }} }} }}"
    check(query, *rows)
    assert [type(struct).__name__ for struct in find_structs(compile_response(SCHEMA, query)(rows, []))] == decoded


THINGS = """{"class": "a", "an odd-key": "b", "things": [{"class": "c"}, {"class": "d", "things": [{}]}],
    "inner": {"class": "e", "inner": {"things": [{"class": "f"}]}}}"""


@pytest.mark.parametrize(
    "selection",
    [
        "odd word a: word b: odd",
        "shout owner",
        "inner { shout owner word inner { shout } }",
        "things { shout word }",
        "inner { inner { things { shout } } } things { owner }",
        "things { word } others: things { things { owner } } again: things { word }",
        "inner { inner { things { word } } } other: inner { word }",
        "things { inner { word } a: inner { odd } }",
    ],
)
def test_sections_that_cannot_be_decoded_are_read(selection: str) -> None:
    query = f"{{ holders {{ config {{ {selection} }} }} }}"
    found = check(query, build_row(THINGS))
    assert "null" not in str(found[0]["config"].values())


def test_fields_of_the_row_do_not_read_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyField, "read", None)
    found = compile_response.__wrapped__(SCHEMA, "{ holders { config { owner things { owner word } } } }")(
        [build_row(THINGS)], []
    )
    things = [{"owner": "a", "word": "c"}, {"owner": "a", "word": "d"}]
    assert found == [{"config": {"owner": "a", "things": things}}]


def test_decoding_types_are_freed_with_their_plan() -> None:
    def count_types() -> int:
        # A type is collected after the types that refer to it.
        while gc.collect():
            pass
        return sum(1 for each in Struct.__subclasses__() if each.__name__ == "Thing")

    compile_response.cache_clear()
    before = count_types()
    # Later collections look at new objects only.
    gc.freeze()
    try:
        compiled = compile_query(SCHEMA, "{ holders { config { word inner { things { odd } } } } }")
        assert count_types() == before + 3
        del compiled
        assert count_types() == before
    finally:
        gc.unfreeze()
