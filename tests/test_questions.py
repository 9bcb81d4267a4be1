"""The questions of the benchmarks have every argument of the schema."""

from dataclasses import replace

import pytest
from graphql import build_schema, parse, validate

from gateway.schema import schema
from tests.benchmarks.data import Group, Loaded
from tests.benchmarks.questions.arguments import MissingSample, Sample
from tests.benchmarks.questions.exceptions import EXCEPTIONS
from tests.benchmarks.questions.generate import Question, generate_questions
from tests.benchmarks.questions.samples import build_table
from tests.benchmarks.questions.table import Figures, Report, find_exception

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


def figures(**cpu_and_price: tuple[float, int]) -> dict[str, Figures]:
    return {name: Figures(*values) for name, values in cpu_and_price.items()}


def test_the_report_names_questions_above_a_limit() -> None:
    usual = {f"usual{number}": (5.0, 100) for number in range(5)}
    few = figures(**usual, scan=(5.0, 100), cheap=(0.1, 200), integrationExport=(9.0, 1_000))
    many = figures(**usual, scan=(10.0, 100), cheap=(0.1, 200), integrationExport=(90.0, 1_000))
    report = Report({10: few, 100: many})
    assert report.build_lines(count=1) == [
        ("question", "CPU of 10", "CPU of 100", "ratio", "price", "CPU / price"),
        ("`integrationExport`", "9.00", "90.00", "10.00", "1,000", "1.80"),
        ("`scan`", "5.00", "10.00", "2.00", "100", "2.00"),
        ("`cheap`", "0.100", "0.100", "1.00", "200", "0.0100"),
    ]
    assert report.build_exceptions()[1:] == [
        ("exports of 200 practitioners", "1", "90.00", "10.00", "1.80 to 1.80")
    ]
    assert report.build_distribution()[1] == ("CPU", "0.10", "0.10", "5.00", "10.00", "10.00", "90.00")
    text = report.describe()
    assert "A unit of price stands for 50.00 µs" in text
    assert "2 questions take more than 20 ms, or 1.5 times as long as with 10: 1 of them are exceptions." in text
    assert "The CPU time of 1 is more than 10 times from the price." in text


def test_each_exception_has_questions() -> None:
    names = [question.name for question in generate_questions(schema._schema, TABLE)]
    assert {find_exception(name) for name in names} - {None} == EXCEPTIONS.keys()
