"""Webhooks, documents 4 and 5."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from gateway import services
from gateway.database import Integration, Keyring, Reader
from gateway.domain import exact_json, strict_json, webhooks
from gateway.domain.documents import find_unstorable
from gateway.domain.enums import IntegrationKind
from gateway.domain.integration_filters import MAX_PATTERN_LENGTH, IntegrationFilter, TextFilter
from gateway.domain.integration_secrets import get_secrets, put_secrets
from gateway.domain.integrations import complete_order
from gateway.domain.lenient_reading import Json
from gateway.domain.paging import DEFAULT_PAGE_SIZE, MAX_OFFSET, MAX_PAGE_SIZE, PageArguments, SortKey
from gateway.domain.viewer import Viewer
from gateway.rest.operations import RestAnswer
from gateway.rest.webhook_conditions import ParameterInvalid
from gateway.rest.webhook_fields import DEFAULT_SORT, Projection, parse_sort
from gateway.rest.webhook_queries import combine, parse_query

T = TypeVar("T")

_COLUMNS = frozenset({"document", "secrets", "kind", "created_by"})

_GET_COST, _LIST_COST, _WEBHOOK_COST = 401, 502, 32
"""The costs of the two queries of GraphQL without fields of webhooks, and of all such fields."""

_FILTER_COST, _VALUE_COST, _SORT_COST = 100, 10, 50
"""The costs of each filter in `and` and `or`, of each value in a list, and of each sort key, in GraphQL."""


def _require_storable(text: str) -> str:
    if (unstorable := find_unstorable(text)) is not None:
        raise PydanticCustomError("unstorable", "{message}", {"message": unstorable[1]})
    return text


def _parse_json(parse: Callable[[Json], T]) -> PlainValidator:
    """Return the validator of a parameter in JSON, whose value `parse` converts."""

    def validate(text: str) -> T:
        try:
            return parse(strict_json.loads_request(text.encode()))
        except ParameterInvalid as error:
            reason = str(error)
        except ValueError as error:
            reason = f"the text {error}"
        raise PydanticCustomError("json_parameter", "{reason}", {"reason": reason})

    return PlainValidator(validate, json_schema_input_type=str)


class GetParameters(BaseModel):
    """The webhook to get."""

    integration_id: Annotated[str, Field(alias="integrationId", description="Id of the webhook.")]
    created_by: Annotated[
        str | None,
        Field(alias="createdBy", description="Id of the creator. Webhooks of others are not there."),
    ] = None


class ListParameters(BaseModel):
    """Which webhooks to list, in which order, and which parts of them."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="How many webhooks to skip.")] = 0
    count: Annotated[
        int,
        Field(
            ge=0,
            description=f"How many webhooks to list. 0 and more than {MAX_PAGE_SIZE} mean {MAX_PAGE_SIZE}; then "
            "the answer has the header `X-Clamped`.",
        ),
    ] = DEFAULT_PAGE_SIZE
    sort: Annotated[
        Sequence[SortKey],
        _parse_json(parse_sort),
        Field(
            default_factory=lambda: DEFAULT_SORT,
            description='Keys with 1 or -1, such as `{"name": 1}`. By default, the last changed come first.',
        ),
    ]
    query: Annotated[
        IntegrationFilter,
        _parse_json(parse_query),
        Field(
            default_factory=lambda: parse_query({}),
            description='Conditions as in MongoDB, such as `{"enabled": true, "name": {"$regex": "^Lab"}}`.',
        ),
    ]
    fields: Annotated[
        Projection | None,
        _parse_json(Projection),
        Field(description='Paths with 1 to show only them, or with 0 to hide them, such as `{"name": 1}`.'),
    ] = None
    name: Annotated[
        str | None,
        Field(max_length=MAX_PATTERN_LENGTH, description="The name contains this text, in any case."),
        AfterValidator(_require_storable),
    ] = None
    type: Annotated[
        Literal["webhook-incoming", "webhook-outgoing"] | None, Field(description="Type of the webhooks.")
    ] = None

    @property
    def size(self) -> int:
        """How many webhooks the answer has at most."""
        return self.count if 0 < self.count <= MAX_PAGE_SIZE else MAX_PAGE_SIZE

    def build_filter(self) -> IntegrationFilter:
        """Return the conditions of all parameters."""
        conditions = [self.query]
        if self.name is not None:
            conditions.append(IntegrationFilter(name=TextFilter(contains=self.name)))
        if self.type is not None:
            conditions.append(IntegrationFilter(kind=(IntegrationKind(self.type),)))
        return combine(conditions)


async def answer_get(reader: Reader, viewer: Viewer, parameters: GetParameters) -> RestAnswer:
    """Return the webhook's document as it is stored."""
    row = await services.integrations.get_webhook(
        reader.with_columns(_COLUMNS), viewer, parameters.integration_id, parameters.created_by
    )
    return RestAnswer(b'{"integration":%b,"success":true}' % _encode(reader.keyring, viewer, row, None))


async def answer_list(reader: Reader, viewer: Viewer, parameters: ListParameters) -> RestAnswer:
    """Return a page of the documents, and the number of those on all pages."""
    filter = parameters.build_filter()
    page = PageArguments(complete_order(parameters.sort), size=parameters.size, offset=parameters.offset or None)
    found = await services.integrations.list_integrations(reader.with_columns(_COLUMNS), viewer, filter, page)
    totals = await services.integrations.count_integrations(reader, viewer, [filter])
    documents = [_encode(reader.keyring, viewer, row, parameters.fields) for row in found.rows]
    body = b'{"integrations":[%b],"offset":%d,"items":%d,"total":%d,"success":true}' % (
        b",".join(documents),
        parameters.offset,
        len(documents),
        totals[filter],
    )
    is_clamped = parameters.size != parameters.count
    return RestAnswer(body, headers=[(b"x-clamped", b"count=%d" % MAX_PAGE_SIZE)] if is_clamped else ())


def _encode(keyring: Keyring, viewer: Viewer, row: Integration, projection: Projection | None) -> bytes:
    """Return the JSON of the parts of a document that the viewer may see."""
    may_manage = webhooks.may_manage_webhook(viewer, row.kind, row.team_id, row.created_by)
    document = row.document if may_manage else webhooks.hide_secrets(row.document)
    shown = document if projection is None else projection.apply(document)
    if get_secrets(shown, row.kind):
        shown = put_secrets(shown, row.kind, services.secrets.decrypt_secrets(keyring, row))
    return exact_json.encode(shown)


def compute_get_cost(_: GetParameters) -> int:
    return _GET_COST + _WEBHOOK_COST


def compute_list_cost(parameters: ListParameters) -> int:
    listed = parameters.size * _WEBHOOK_COST + _SORT_COST * len(parameters.sort)
    return _LIST_COST + listed + _compute_filter_cost(parameters.build_filter())


def _compute_filter_cost(filter: IntegrationFilter) -> int:
    nested = [*filter.iterate_nested()]
    filters = len(nested) - (filter.not_ is not None)
    values = filter.size - 1 - sum(each.size for each in nested)
    return _FILTER_COST * filters + _VALUE_COST * values + sum(map(_compute_filter_cost, nested))
