"""A key that stands twice in one object is refused: parsers would use the last value and lose the other."""

import json
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import example as example_of
from hypothesis import given
from hypothesis import strategies as st

from gateway.database.tables import Integration, ResourceRecord
from gateway.domain.documents import parse_json
from gateway.domain.repeated_keys import RepeatedKey
from tests.support.examples import export, record
from tests.support.gateway import TEAM
from tests.support.import_command import Run, read_counts, read_rows, write, write_lines


@pytest.mark.parametrize("size", [1, 5_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_with_a_repeated_key_is_refused_with_path_and_line(
    run: Run, database_url: str, size: int, indent: int | None
) -> None:
    text = json.dumps(export(1, size, teamId=TEAM), indent=indent)
    file = Path("twice.json")
    file.write_text(f'{{"resource_records": [],\n{text[1:]}')
    result = run("import", file)
    assert (result.exit_code, read_counts(result, "twice.json")) == (1, [0, 0, 0, 1])
    line = 2 + text[: text.index('"resource_records"')].count("\n")
    message = f"This key stands twice in one object, again in line {line}; keep one of them."
    assert result.stderr == f"twice.json: resource_records: {message} (INVALID)\n"
    assert read_rows(database_url, Integration, ResourceRecord) == []


def test_the_path_of_a_repeated_key_leads_through_lists(run: Run, database_url: str) -> None:
    webhook = {"_id": "w", "type": "webhook-incoming", "teamId": TEAM, "list": [[], {"quote": '"'}, [{"name": 1}]]}
    text = json.dumps([webhook, webhook], indent=1)
    before, between, after = text.rpartition('"name": 1')
    Path("list.json").write_text(f'{before}{between},\n"\\u006eame": 2{after}')
    result = run("import", "list.json")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "list.json: 1.list.2.0.name: This key stands twice in one object, again in line "
    )
    assert read_rows(database_url, Integration) == []


def test_only_lines_with_a_repeated_key_are_refused(run: Run, database_url: str) -> None:
    run("import", write("export.json", export(0, 0, teamId=TEAM)))
    first, second, third = (json.dumps(record(number, teamId=TEAM)) for number in range(3))
    lines = write_lines(
        "records.jsonl", f'{{"_id": "lost", {first[1:]}', second, f'{third[:-1]}, "x": {{"y": 1, "y": 1}}}}'
    )
    result = run("import", lines)
    assert (result.exit_code, read_counts(result, lines)) == (1, [1, 0, 0, 2])
    message = "This key stands twice in one object; keep one of them. (INVALID)"
    assert result.stderr.splitlines() == [f"records.jsonl:1: _id: {message}", f"records.jsonl:3: x.y: {message}"]
    assert [row.logical_id for row in read_rows(database_url, ResourceRecord)] == ["record_1"]


_TEXTS = st.text(st.sampled_from('a"\\u02:{é\x01'), max_size=6)


def _compose(value: object, write_text: Callable[[str], str], separator: str) -> str:
    """Return the JSON of a value, in which an object is a tuple of pairs and may have a key twice."""
    if isinstance(value, tuple):
        items = (f"{write_text(key)}:{separator}{_compose(item, write_text, separator)}" for key, item in value)
        return "{" + f",{separator}".join(items) + "}"
    if isinstance(value, list):
        return "[" + f",{separator}".join(_compose(item, write_text, separator) for item in value) + "]"
    return write_text(value) if isinstance(value, str) else json.dumps(value)


def _write_with_escaped_quotes(text: str) -> str:
    characters = ("\\u0022" if character == '"' else json.dumps(character)[1:-1] for character in text)
    return f'"{"".join(characters)}"'


_VALUES = st.recursive(
    st.one_of(_TEXTS, st.none(), st.integers(-(2**70), 2**70), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(st.tuples(_TEXTS, inner), max_size=4).map(tuple)
    ),
)
_WRITERS = st.sampled_from(
    [
        lambda text: orjson.dumps(text).decode(),
        json.dumps,
        _write_with_escaped_quotes,
        lambda text: '"' + "".join(f"\\u{ord(character):04X}" for character in text) + '"',
    ]
)


def _has_repeated_key(value: object) -> bool:
    if isinstance(value, tuple):
        keys = [key for key, _ in value]
        return len({*keys}) < len(keys) or any(_has_repeated_key(item) for _, item in value)
    return isinstance(value, list) and any(map(_has_repeated_key, value))


@given(_VALUES, _WRITERS, st.sampled_from(["", " ", "\n"]))
@example_of((("a", '"'), ("a", '"')), _write_with_escaped_quotes, "")
@example_of((("a", "\\u0022"),), json.dumps, " ")
def test_each_repeated_key_is_found_and_no_other(
    value: object, write_text: Callable[[str], str], separator: str
) -> None:
    text = _compose(value, write_text, separator).encode()
    if _has_repeated_key(value):
        with pytest.raises(RepeatedKey):
            parse_json(text)
    else:
        parse_json(text)
