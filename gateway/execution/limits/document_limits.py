"""Limits of documents, checked before validation."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from graphql import DocumentNode, GraphQLSyntaxError, Source, parse

from gateway.errors import LimitExceeded
from gateway.execution.limits.size import OperationSize, measure_operations
from gateway.settings import Settings, get_variable_name

_PARSER_ABORT = re.compile(r"Document contains more than \d+ (tokens|comments)\.")


class _Limit(NamedTuple):
    """A limit: its name for clients, its setting, and the message for a document beyond it."""

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
"""The cost of each character of a document that is not cached: to parse it takes as long as 10 fields."""


class DocumentLimits:
    """Parses documents within the limits of the settings. Raises LimitExceeded beyond them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token_limit, self._comment_limit = settings.token_limit, settings.comment_limit
        self._max_size = OperationSize(
            *(self._get_maximum(_OPERATION_LIMITS[name]) for name in OperationSize._fields)
        )

    def compute_parsing_cost(self, text: str) -> int:
        """Return the cost of parsing a document. Raises LimitExceeded if it is too long."""
        if len(text) > self._settings.document_limit:
            raise self._exceeded(_CHARACTER_LIMIT, len(text))
        return len(text) * COST_PER_CHARACTER

    def parse(self, source: Source) -> DocumentNode:
        """Return the parsed document, which may be invalid. Raises LimitExceeded and GraphQLSyntaxError.

        If the parser stops at a limit, the error gives the limit plus one as the actual number.
        """
        try:
            document = parse(source, max_lexical_tokens=self._token_limit, max_comments=self._comment_limit)
        except GraphQLSyntaxError as error:
            match = _PARSER_ABORT.search(error.message)
            if match is None:
                raise
            limit = _PARSER_LIMITS[match[1]]
            raise self._exceeded(limit, self._get_maximum(limit) + 1) from None
        for size in measure_operations(document):
            self._check_size(size)
        return document

    def _check_size(self, size: OperationSize) -> None:
        for name, actual, maximum in zip(OperationSize._fields, size, self._max_size, strict=True):
            if actual > maximum:
                raise self._exceeded(_OPERATION_LIMITS[name], actual)

    def _get_maximum(self, limit: _Limit) -> int:
        maximum: int = getattr(self._settings, limit.setting)
        return maximum

    def _exceeded(self, limit: _Limit, actual: int) -> LimitExceeded:
        maximum = self._get_maximum(limit)
        message = f"{limit.message.format(actual)}; at most {maximum} are allowed."
        advice = f"Split it into several requests, or have the operator raise {get_variable_name(limit.setting)}."
        return LimitExceeded(f"{message} {advice}", limit.name, maximum, actual)
