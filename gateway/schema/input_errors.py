"""Errors of input: what graphql-core says of a wrong value, with its argument, and without private values."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, reduce

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_operation_ast,
    is_input_type,
    separate_operations,
    type_from_ast,
    validate_input_value,
)
from graphql.pyutils import print_path_list

from gateway.domain.lenient_reading import Json
from gateway.execution import ExecutableDocument
from gateway.schema.input_locations import InputLocation, InputLocations

_CODE = "BAD_USER_INPUT"
_TOO_MANY_ERRORS = "The variables have more errors than are reported; correct these first."
_MAX_ERRORS = 50
"""As many errors of variables as graphql-core reports."""

_VALUE_AT_END = re.compile(r"(?:, found|\. Found|; found| value): .*", re.DOTALL)
_ENUM_VALUE = re.compile(r"Value '.*' does not exist in '(\w+)' enum\.", re.DOTALL)
_TOKEN_VALUE = re.compile(r"(\b(?:String|BlockString|Int|Float)) (?:'.*'|\".*\")", re.DOTALL)


def hide_token(message: str) -> str:
    """Return the message of a syntax error without the text of a literal."""
    return _TOKEN_VALUE.sub(r"\1", message)


class InputErrors:
    """Describes the errors of input of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: ExecutableDocument | None,
        operation_name: str | None,
        variables: Mapping[str, Json] | None,
    ) -> None:
        self._types, self._document, self._operation_name = schema, document, operation_name
        self._variables = variables or {}

    @property
    def is_document_valid(self) -> bool:
        """Whether the document was parsed, and validated without errors."""
        return self._document is not None and not self._document.errors

    @cached_property
    def _locations(self) -> InputLocations:
        """The locations in the document; in a valid one, only those of the operation and its fragments."""
        assert self._document is not None  # noqa: S101 (only errors of a parsed document have locations)
        node = self._document.node
        if self.is_document_valid:
            node = separate_operations(node).get(self._operation_name or "", node)
        return InputLocations(self._types, node)

    def locate(self, error: GraphQLError) -> InputLocation | None:
        """Return where the value that an error is about stands; None if it is not about one."""
        return None if self._document is None else self._locations.locate(error.nodes)

    def hide_value(self, error: GraphQLError) -> str:
        """Return the message of a validation error, without a value that may not be shown."""
        location = self.locate(error)
        return error.message if location is not None and location.may_be_shown else _hide_value(error.message)

    def list_variable_errors(self) -> list[GraphQLError]:
        """Return an error for each wrong value of the operation's variables, in the words of graphql-core.

        Errors of `get_variable_values` have no path, and it stops at the first wrong `@oneOf` object.
        """
        operation = get_operation_ast(self._document.node, self._operation_name) if self._document else None
        errors: list[GraphQLError] = []
        try:
            for definition in (operation and operation.variable_definitions) or ():
                self._check_variable(definition, errors)
        except RecursionError:
            return []
        except GraphQLError as error:
            errors.append(error)
        return errors

    def _check_variable(self, definition: VariableDefinitionNode, errors: list[GraphQLError]) -> None:
        """Add the errors of a variable. Raises GraphQLError if there are too many."""
        name, type_ = definition.variable.name.value, type_from_ast(self._types, definition.type)
        assert is_input_type(type_)  # noqa: S101 (or the document would not be valid)
        value, is_given = self._variables.get(name), name in self._variables
        if not is_given and (definition.default_value or not isinstance(type_, GraphQLNonNull)):
            return

        def report(error: GraphQLError, path: list[str | int]) -> None:
            if len(errors) == _MAX_ERRORS:
                raise GraphQLError(_TOO_MANY_ERRORS, extensions={"code": _CODE})
            location = reduce(InputLocation.enter, path, self._locations.locate_variable(name, type_))
            message = error.message if location.may_be_shown else _hide_value(error.message)
            text = f"Variable '${name}' has invalid value{print_path_list(path)}: {message}"
            errors.append(GraphQLError(text, definition, extensions=build_extensions(location)))

        count = len(errors)
        validate_input_value(value if is_given else Undefined, type_, report, hide_suggestions=True)
        if len(errors) == count and is_given:
            for error, path in _list_one_of_errors(value, type_, []):
                report(error, path)


def build_extensions(location: InputLocation) -> dict[str, object]:
    """Return the extensions of an error of input at a location."""
    return {"code": _CODE, "argument": [*location.argument]} if location.argument else {"code": _CODE}


def _list_one_of_errors(
    value: Json, type_: GraphQLInputType, path: list[str | int]
) -> Iterator[tuple[GraphQLError, list[str | int]]]:
    """Yield the error of each `@oneOf` object in a value that is right otherwise.

    graphql-core does not know that they are: Strawberry checks them in `out_type`.
    """
    if isinstance(type_, GraphQLNonNull):
        yield from _list_one_of_errors(value, type_.of_type, path)
    elif isinstance(type_, GraphQLList):
        for index, item in enumerate(value) if isinstance(value, list) else ():
            yield from _list_one_of_errors(item, type_.of_type, [*path, index])
        if not isinstance(value, list):
            yield from _list_one_of_errors(value, type_.of_type, path)
    elif isinstance(type_, GraphQLInputObjectType) and isinstance(value, dict):
        try:
            type_.out_type(value)
        except GraphQLError as error:
            yield error, path
        for key, item in value.items():
            yield from _list_one_of_errors(item, type_.fields[key].type, [*path, key])


def _hide_value(message: str) -> str:
    return _VALUE_AT_END.sub(".", _ENUM_VALUE.sub(r"The value does not exist in '\1' enum.", message))
