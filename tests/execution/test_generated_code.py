"""Generated code for response data: any depth, any names, and no doubtful values."""

from types import SimpleNamespace

import pytest
import strawberry

from gateway.domain.lenient_reading import Document, LenientObject
from gateway.execution import Decoding, encode_json
from gateway.execution.fallbacks import FallbackNeeded
from gateway.schema import json_readers
from gateway.schema.fields import KeyField, key_field
from tests.support.compiling import compile_response, execute_uncompiled
from tests.support.factories import use_case


def _if_any(section: LenientObject[object], key: str) -> LenientObject[object] | None:
    return None if section.values.get(key) is None else section.read_object(key)


@strawberry.type
class Tree:
    name: str = key_field("name", "", json_readers.with_default(json_readers.text, "none"))
    first: "Tree | None" = key_field("first", "", json_readers.KeyReader(_if_any, Decoding()))
    branches: list["Tree"] = key_field("branches", "", json_readers.json_objects)
    trunk: "Tree" = key_field("trunk", "", json_readers.json_object)


@strawberry.type
class Plain:
    text: str
    number: int | None
    table: list[list[int] | None] | None
    others: list["Plain | None"]


@strawberry.type
class Query:
    trees: list[Tree]
    plain: Plain | None


SCHEMA = strawberry.Schema(query=Query)


def build_tree(depth: int, *fields: str) -> Document:
    """Return a tree with subtrees in each of these fields."""
    if depth == 0:
        return {"name": "leaf"}
    below = build_tree(depth - 1, *fields)
    return {"name": str(depth), **{field: [{}, below] if field == "branches" else below for field in fields}}


@pytest.mark.parametrize("field", ["branches", "first", "trunk"])
@pytest.mark.parametrize("name", ["name", "named: name"])
def test_documents_are_decoded_to_any_depth(field: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = use_case("a", "i")
    row.document = build_tree(40, field)
    query = "{ trees " + f"{{ {name} {field} " * 39 + f"{{ {name} }}" + " }" * 40
    expected = execute_uncompiled(SCHEMA, query, [row])
    monkeypatch.setattr(KeyField, "read", None)
    assert encode_json(compile_response.__wrapped__(SCHEMA, query)([row], [])) == encode_json(expected)


def test_names_in_generated_code_do_not_clash() -> None:
    aliases = ["v", "s", "x", "r", "found", "refuse", "type", "list", "o1", "n1", "None_", "d2", "class", "__name"]
    fields = " ".join(f"{alias}: name" for alias in aliases)
    query = f"""{{ trees {{ {fields} c1: branches {{ {fields} }} ...Again }} }}
        fragment Again on Tree {{ c1: branches {{ __typename }} }}"""
    row = use_case("a", "i")
    row.document = build_tree(2, "branches", "trunk")
    assert encode_json(compile_response(SCHEMA, query)([row], [])) == encode_json(
        execute_uncompiled(SCHEMA, query, [row])
    )


PLAIN = "{ plain { text number table others { text others { number } } } }"


def build_plain(**attributes: object) -> SimpleNamespace:
    return SimpleNamespace(**{"text": "a", "number": 1, "table": None, "others": [], **attributes})


@pytest.mark.parametrize(
    "value",
    [
        None,
        build_plain(table=[[1, 2], None, []], others=[None, build_plain(others=(build_plain(number=None),))]),
        build_plain(text="", number=-(2**31), table=()),
    ],
)
def test_attributes_are_completed(value: object) -> None:
    assert compile_response(SCHEMA, PLAIN)(value, []) == execute_uncompiled(SCHEMA, PLAIN, value)


@pytest.mark.parametrize(
    "value",
    [
        build_plain(text=None),
        build_plain(text=7),
        build_plain(number=True),
        build_plain(number=2**31),
        build_plain(number=1.0),
        build_plain(table=[[None]]),
        build_plain(table="12"),
        build_plain(others=None),
        build_plain(others=[build_plain(others=[build_plain(number="1")])]),
    ],
)
def test_invalid_attributes_need_a_fallback(value: object) -> None:
    with pytest.raises(FallbackNeeded):
        compile_response(SCHEMA, PLAIN)(value, [])
