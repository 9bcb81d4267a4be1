"""What a document may be at most: what it is refused for before it is validated."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from graphql import DocumentNode, GraphQLSyntaxError, Source, parse

from gateway.errors import LimitExceeded
from gateway.execution.limits.size import Measure, measures
from gateway.settings import Settings, variable

_ABORTED = re.compile(r"Document contains more than \d+ (tokens|comments)\.")


class _Limit(NamedTuple):
    """How a limit is called by clients and by operators, and what is said of a document beyond it."""

    name: str
    setting: str
    said: str


_CHARACTERS = _Limit("characters", "document_limit", "The document has {} characters")
_WHILE_PARSING = {
    "tokens": _Limit("tokens", "token_limit", "The document has {} tokens or more"),
    "comments": _Limit("comments", "comment_limit", "The document has {} comments or more"),
}
_OF_OPERATIONS: Mapping[str, _Limit] = {
    "depth": _Limit("depth", "depth_limit", "The operation has fields {} levels deep"),
    "root_fields": _Limit("rootFields", "root_field_limit", "The operation has {} fields at its root"),
    "fields": _Limit("fields", "field_limit", "The operation selects {} fields"),
    "aliases": _Limit("aliases", "alias_limit", "The operation uses {} aliases"),
    "directives": _Limit("directives", "directive_limit", "The operation uses {} directives"),
    "variables": _Limit("variables", "variable_limit", "The operation declares {} variables"),
}


READING = 10
"""What each character of a document costs that is read for the first time: as long as to answer so many fields."""


class Limits:
    """Reads documents within the limits that are set. Raises LimitExceeded beyond them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tokens, self._comments = settings.token_limit, settings.comment_limit
        self._largest = Measure(*(self._most(_OF_OPERATIONS[name]) for name in Measure._fields))

    def reading(self, text: str) -> int:
        """What it costs to read a document, if that is no longer than is allowed."""
        if len(text) > self._settings.document_limit:
            raise self._exceeded(_CHARACTERS, len(text))
        return len(text) * READING

    def parsed(self, source: Source) -> DocumentNode:
        """A document that is not too much, valid or not. Raises GraphQLSyntaxError for what is none.

        Where the parser stops at a limit, one more than is allowed is what was seen.
        """
        try:
            document = parse(source, max_lexical_tokens=self._tokens, max_comments=self._comments)
        except GraphQLSyntaxError as error:
            aborted = _ABORTED.search(error.message)
            if aborted is None:
                raise
            limit = _WHILE_PARSING[aborted[1]]
            raise self._exceeded(limit, self._most(limit) + 1) from None
        for measure in measures(document):
            self._check(measure)
        return document

    def _check(self, measure: Measure) -> None:
        for name, actual, most in zip(Measure._fields, measure, self._largest, strict=True):
            if actual > most:
                raise self._exceeded(_OF_OPERATIONS[name], actual)

    def _most(self, limit: _Limit) -> int:
        most: int = getattr(self._settings, limit.setting)
        return most

    def _exceeded(self, limit: _Limit, actual: int) -> LimitExceeded:
        most = self._most(limit)
        message = (
            f"{limit.said.format(actual)}; at most {most} are allowed. Ask for it in several requests, or have "
            f"the operator raise {variable(limit.setting)}."
        )
        return LimitExceeded(message, limit.name, most, actual)
