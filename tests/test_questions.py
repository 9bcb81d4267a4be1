"""The questions of the benchmarks have every argument of the schema."""

from dataclasses import replace

import pytest
from graphql import build_schema, parse, validate

from gateway.schema import schema
from tests.benchmarks.data import Group, Loaded
from tests.benchmarks.questions.arguments import MissingSample, Sample
from tests.benchmarks.questions.generate import Question, generate_questions
from tests.benchmarks.questions.samples import build_table
from tests.benchmarks.questions.table import Figures, build_lines, describe

TABLE = build_table(Loaded("key", [], "", "", [Group("group", "integration")], []), 1_000)

SMALL = """
type Query { thing(id: ID!): Thing things(after: String, first: Int, last: Int, color: Color): ThingConnection! }
type ThingConnection { nodes: [Thing!]! pageInfo: PageInfo! totalCount: Int! }
type PageInfo { endCursor: String }
type Thing { id: ID! parts(filter: PartFilter): [Part!]! }
type Part { id: ID! }
enum Color { RED BLUE }
input PartFilter { not: PartFilter is: Boolean %s }
"""


def generate(text: str, **values: list[Sample]) -> list[Question]:
    table = replace(TABLE, values={"id": [Sample("1")], **TABLE.values, **values}, path_arguments={})
    return generate_questions(build_schema(text), table)


def test_each_argument_value_and_filter_field_has_a_question() -> None:
    assert [question.name for question in generate(SMALL % "")] == [
        "thing",
        "things",
        "things.totalCount",
        "things(after: middle)",
        "things(first: 5)",
        "things(last: 5)",
        "things(color: RED)",
        "things(color: RED).totalCount",
        "things(color: BLUE)",
        "things(color: BLUE).totalCount",
        "things(after: middle, first: 5)",
        "things(after: middle, color: RED)",
        "things(after: middle, color: BLUE)",
        "things(first: 5, color: RED)",
        "things(first: 5, color: BLUE)",
        "things(last: 5, color: RED)",
        "things(last: 5, color: BLUE)",
        *(
            f"{position}.parts{arguments}"
            for position in ("thing", "things.nodes")
            for arguments in (
                "",
                "(filter: {not: {is: True}})",
                "(filter: {is: True})",
                "(filter: {is: False})",
            )
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ("thing(id: ID!)", "thing(id: ID!, unknown: Int)", r"Query\.thing\(unknown:\)"),
        ("parts(", "parts(unknown: String, ", r"Thing\.parts\(unknown:\)"),
        ("%s", "unknown: [String!]", r"PartFilter\.unknown"),
        ("totalCount: Int!", "totalCount(unknown: ID!): Int!", r"ThingConnection\.totalCount\(unknown:\)"),
    ],
)
def test_an_argument_without_a_sample_value_is_named(old: str, new: str, coordinate: str) -> None:
    with pytest.raises(MissingSample, match=rf"^{coordinate} has no sample value"):
        generate(SMALL.replace(old, new).replace("%s", ""))


def test_a_value_in_the_table_is_enough_for_a_new_argument() -> None:
    names = [question.name for question in generate(SMALL % "unknown: [String!]", unknown=[Sample(["x"])])]
    assert "thing.parts(filter: {unknown: [x]})" in names


def test_each_question_is_valid_and_has_its_own_name() -> None:
    questions = generate_questions(schema._schema, TABLE)
    assert len({question.name for question in questions}) == len(questions) > 700
    for query in {question.query for question in questions}:
        assert validate(schema._schema, parse(query)) == []


def test_the_table_shows_growth_and_how_far_the_price_is_from_the_cost() -> None:
    few = {"useCase": Figures(1.0, 100), "list": Figures(2.0, 200), "scan": Figures(3.0, 100)}
    many = {"useCase": Figures(1.0, 100), "list": Figures(2.0, 200), "scan": Figures(30.0, 100)}
    assert build_lines({10: few, 100: many}, count=2) == [
        ("question", "CPU of 10", "CPU of 100", "ratio", "price", "CPU / price"),
        ("`scan`", "3.00", "30.00", "10.00", "100", "30.00"),
        ("`list`", "2.00", "2.00", "1.00", "200", "1.00"),
    ]
    text = describe({10: few, 100: many})
    assert "1 questions over 20 ms, 1 with a ratio over 1.5, 1 whose CPU time is not within a factor of 10" in text
