"""Interactly's words: parameters as FastAPI parses them, and FastAPI's own errors."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from gateway.errors import ErrorPath
from gateway.rest.details import DetailSystem
from gateway.rest.operations import BODY, AnyOperation, Failure, RestAnswer

IntegrationId = Annotated[str, Field(min_length=24, max_length=24, pattern="^[0-9a-f]{24}$")]

EXAMPLE_ID = "5eb7cf5a86d9755df3a6c593"
"""Id of the integration in the example of document 1."""

_PATH_ARGUMENTS = ("integrationId", "provider")
"""The arguments of GraphQL that the paths contain."""

_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")
_QUOTED_NAME = re.compile(r"`[a-z]+([A-Z][a-z]+)+`")

_DETAILS = {
    "UNAUTHENTICATED": "Not authenticated",
    "NOT_FOUND": "Not Found",
    "METHOD_NOT_ALLOWED": "Method Not Allowed",
}
"""The details that FastAPI itself sends."""


class _Interactly(DetailSystem):
    name = "Interactly"
    description = "Connected integrations: accounts at Microsoft and Google. Webhooks are not there."
    prefix = "/integrations/"

    def locate_argument(self, operation: AnyOperation, path: ErrorPath) -> Sequence[str | int]:
        del operation
        match path:
            case ("input", *rest):
                return [BODY, *(_to_snake_case(name) if isinstance(name, str) else name for name in rest)]
            case (str(name),) if name in _PATH_ARGUMENTS:
                return ["path", _to_snake_case(name)]
            case _:
                return ["query", *path]

    def translate(self, message: str) -> str:
        return _QUOTED_NAME.sub(lambda found: _to_snake_case(found[0]), message)

    def describe_failure(self, failure: Failure) -> RestAnswer:
        return super().describe_failure(failure._replace(message=_DETAILS.get(failure.code, failure.message)))


INTERACTLY = _Interactly()


def _to_snake_case(name: str) -> str:
    """Return a name of GraphQL as the documents write it, such as `template_name`."""
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)
