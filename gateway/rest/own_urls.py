"""The gateway's own URLs: names of GraphQL, and no parameter that it does not know."""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.rest.details import DetailSystem, Problem
from gateway.rest.operations import BODY, AnyOperation

_SEARCH_MESSAGE = (
    "`search` is not allowed in a URL, because it can be the name of a patient. "
    "Send it by POST, in a JSON object with the same names."
)


class _Gateway(DetailSystem):
    name = "Gateway"
    description = "What no document has. Pages of the gateway may use their session instead of a key."
    prefix = None
    reads_sessions = True

    def read_query(
        self, operation: AnyOperation, query: Sequence[tuple[str, str]]
    ) -> tuple[dict[str, object], list[Problem]]:
        """Return the values of a query string, of which only lists may have several, and its problems."""
        fields = _get_fields(operation.parameters)
        fields.pop(BODY, None)
        values: dict[str, object] = {}
        texts: dict[str, list[str]] = {}
        problems: list[Problem] = []
        for name, text in query:
            texts.setdefault(name, []).append(text)
        for name, found in texts.items():
            if name not in fields:
                problems.append(_refuse_name(["query", name], fields))
                continue
            if len(found) > 1 and not _is_list(fields[name]):
                message = f"`{name}` occurs {len(found)} times; send it once."
                problems.append({"loc": ["query", name], "msg": message, "type": "value_error"})
            values[name] = found if _is_list(fields[name]) else found[-1]
        return values, problems

    def describe_problem(self, operation: AnyOperation, problem: ErrorDetails) -> Problem:
        if problem["type"] == "extra_forbidden":
            body = operation.parameters.model_fields[BODY].annotation
            assert isinstance(body, type)  # noqa: S101 (a model)
            assert issubclass(body, BaseModel)  # noqa: S101
            return _refuse_name(problem["loc"], _get_fields(body))
        return super().describe_problem(operation, problem)


GATEWAY = _Gateway()


def _get_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the names that clients write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _is_list(field: FieldInfo) -> bool:
    return any(get_origin(each) is tuple for each in get_args(field.annotation))


def _refuse_name(location: Iterable[str | int], fields: Mapping[str, FieldInfo]) -> Problem:
    """Return the problem of a parameter that the operation does not know."""
    place = list(location)
    message = f"The parameter is unknown. Allowed are {', '.join(f'`{name}`' for name in fields)}."
    if place[-1] == "search":
        message = _SEARCH_MESSAGE
    elif not fields:
        message = "This URL takes its parameters in the body, as a JSON object."
    return {"loc": place, "msg": message, "type": "extra_forbidden"}
