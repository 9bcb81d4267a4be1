"""What a document may be at most: what it is refused for before it is validated."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from graphql import DocumentNode, GraphQLSyntaxError, Source, parse

from gateway.errors import LimitExceeded
from gateway.execution.limits.size import OperationSize, measure_operations
from gateway.settings import Settings, get_variable_name

_PARSER_ABORT = re.compile(r"Document contains more than \d+ (tokens|comments)\.")


class _Limit(NamedTuple):
    """How a limit is called by clients and by operators, and what is said of a document beyond it."""

    name: str
    setting: str
    message: str


_CHARACTER_LIMIT = _Limit("characters", "document_limit", "The document has {} characters")
_PARSER_LIMITS = {
    "tokens": _Limit("tokens", "token_limit", "The document has {} tokens or more"),
    "comments": _Limit("comments", "comment_limit", "The document has {} comments or more"),
}
_OPERATION_LIMITS: Mapping[str, _Limit] = {
    "depth": _Limit("depth", "depth_limit", "The operation has fields {} levels deep"),
    "root_fields": _Limit("rootFields", "root_field_limit", "The operation has {} fields at its root"),
    "fields": _Limit("fields", "field_limit", "The operation selects {} fields"),
    "aliases": _Limit("aliases", "alias_limit", "The operation uses {} aliases"),
    "directives": _Limit("directives", "directive_limit", "The operation uses {} directives"),
    "variables": _Limit("variables", "variable_limit", "The operation declares {} variables"),
}


COST_PER_CHARACTER = 10
"""What each character of a document costs that is read for the first time: as long as to answer so many fields."""


class DocumentLimits:
    """Reads documents within the limits that are set. Raises LimitExceeded beyond them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token_limit, self._comment_limit = settings.token_limit, settings.comment_limit
        self._max_size = OperationSize(
            *(self._get_maximum(_OPERATION_LIMITS[name]) for name in OperationSize._fields)
        )

    def compute_parsing_cost(self, text: str) -> int:
        """What it costs to read a document, if that is no longer than is allowed."""
        if len(text) > self._settings.document_limit:
            raise self._exceeded(_CHARACTER_LIMIT, len(text))
        return len(text) * COST_PER_CHARACTER

    def parse(self, source: Source) -> DocumentNode:
        """A document that is not too much, valid or not. Raises GraphQLSyntaxError for what is none.

        Where the parser stops at a limit, one more than is allowed is what was seen.
        """
        try:
            document = parse(source, max_lexical_tokens=self._token_limit, max_comments=self._comment_limit)
        except GraphQLSyntaxError as error:
            aborted = _PARSER_ABORT.search(error.message)
            if aborted is None:
                raise
            limit = _PARSER_LIMITS[aborted[1]]
            raise self._exceeded(limit, self._get_maximum(limit) + 1) from None
        for measure in measure_operations(document):
            self._check_size(measure)
        return document

    def _check_size(self, size: OperationSize) -> None:
        for name, actual, most in zip(OperationSize._fields, size, self._max_size, strict=True):
            if actual > most:
                raise self._exceeded(_OPERATION_LIMITS[name], actual)

    def _get_maximum(self, limit: _Limit) -> int:
        maximum: int = getattr(self._settings, limit.setting)
        return maximum

    def _exceeded(self, limit: _Limit, actual: int) -> LimitExceeded:
        maximum = self._get_maximum(limit)
        message = (
            f"{limit.message.format(actual)}; at most {maximum} are allowed. Ask for it in several requests, or have "
            f"the operator raise {get_variable_name(limit.setting)}."
        )
        return LimitExceeded(message, limit.name, maximum, actual)
