"""Questions with real cursors, and their answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from gateway.domain.lenient_reading import Document, Json
from tests.benchmarks.questions.arguments import CURSOR
from tests.benchmarks.questions.generate import Question

Send = Callable[[str, Mapping[str, Json]], Awaitable[Document]]
"""Sends a query with variables, and returns the whole response."""


class RefusedQuestions(Exception):
    """The gateway answers questions with errors."""


async def resolve_cursors(questions: Sequence[Question], send: Send) -> list[Question]:
    """Return the questions with cursors in the middle of their lists. Raises RefusedQuestions."""
    return [await _resolve(question, send) for question in questions]


async def _resolve(question: Question, send: Send) -> Question:
    if question.cursors is None:
        return question
    cursor = None
    asked = question.cursors
    for skipped in (asked.variables.get("offset", 0), 0):
        variables = {**asked.variables, "offset": skipped} if "offset" in asked.variables else asked.variables
        cursor = cursor or _find(get_data(replace(asked, variables=variables), await send(asked.query, variables)))
    found = {name: cursor if value == CURSOR else value for name, value in question.variables.items()}
    return replace(question, variables=found, cursors=None)


def get_data(question: Question, answer: Document) -> Json:
    """Return the data of an answer. Raises RefusedQuestions if it has errors."""
    if errors := answer.get("errors"):
        raise RefusedQuestions(f"{question.name}: {errors}\n{question.query}\n{question.variables}")
    return answer["data"]


def _find(data: Json) -> Json:
    """Return the value of `endCursor`, at any depth."""
    if isinstance(data, list):
        return next((found for each in data if (found := _find(each))), None)
    if not isinstance(data, dict):
        return None
    return data.get("endCursor") or next((found for each in data.values() if (found := _find(each))), None)
