"""Conditions of SQL for filters of integrations."""

from collections.abc import Iterator

from sqlalchemy import (
    ColumnElement,
    Dialect,
    SQLColumnExpression,
    String,
    TypeDecorator,
    and_,
    false,
    func,
    not_,
    or_,
    true,
    type_coerce,
)

from gateway.database import Integration
from gateway.domain.enums import TokenState
from gateway.domain.integration_filters import InstantFilter, IntegrationFilter, TextFilter, TokenInstants
from gateway.domain.text import LIKE_ESCAPE, fold
from gateway.domain.webhooks import encode_channel
from gateway.sql.text_lists import LikePattern, has_part


class _ChannelLine(TypeDecorator[str]):
    """A channel as it stands in the column `channels`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else encode_channel(value)


def build_condition(filter: IntegrationFilter, tokens: TokenInstants) -> ColumnElement[bool]:
    """Return the condition of a filter.

    It may be null for a row with null columns, which WHERE treats as false.
    """
    return and_(true(), *_build_nested_conditions(filter, tokens), *_build_own_conditions(filter, tokens))


def _build_nested_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    if filter.and_ is not None:
        yield and_(true(), *(build_condition(inner, tokens) for inner in filter.and_))
    if filter.or_ is not None:
        yield or_(false(), *(build_condition(inner, tokens) for inner in filter.or_))
    if filter.not_ is not None:
        # In SQL, NOT of null is null. Null counts as false here, so that `not` matches the row.
        yield not_(func.coalesce(build_condition(filter.not_, tokens), false()))


def _build_own_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    yield from _build_list_conditions(filter, tokens)
    if filter.channel is not None:
        yield has_part(Integration.channels, type_coerce(filter.channel, _ChannelLine))
    if filter.user_id is not None:
        yield Integration.user_id == filter.user_id
    if filter.name is not None:
        yield from _build_text_conditions(filter.name, Integration.name, Integration.name_key)
    if filter.username is not None:
        yield from _build_text_conditions(filter.username, Integration.username, Integration.username_key)
    if filter.enabled is not None:
        yield Integration.enabled.is_(filter.enabled)
    if filter.created_by is not None:
        yield Integration.created_by == filter.created_by
    if filter.created_at is not None:
        yield from _build_instant_conditions(filter.created_at, Integration.created_at)
    if filter.updated_at is not None:
        yield from _build_instant_conditions(filter.updated_at, Integration.updated_at)


def _build_list_conditions(filter: IntegrationFilter, tokens: TokenInstants) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of lists, which one of the values meets."""
    for values, column in (
        (filter.id, Integration.id),
        (filter.kind, Integration.kind),
        (filter.access, Integration.access),
        (filter.event, Integration.event),
        (filter.provider, Integration.provider),
    ):
        if values is not None:
            yield column.in_(values)
    if filter.token_state is not None:
        yield or_(false(), *(_build_token_condition(state, tokens) for state in filter.token_state))


def _build_token_condition(state: TokenState, tokens: TokenInstants) -> ColumnElement[bool]:
    """Return the condition of a state of `gateway.domain.integrations.get_token_state`; null for webhooks."""
    has_token, expires_at = Integration.has_token.is_(True), Integration.expires_at
    match state:
        case TokenState.MISSING:
            return Integration.has_token.is_(False)
        case TokenState.EXPIRED:
            return and_(has_token, expires_at <= tokens.now)
        case TokenState.EXPIRING_SOON:
            return and_(has_token, expires_at > tokens.now, expires_at <= tokens.soon)
        case TokenState.VALID:
            return and_(has_token, or_(expires_at.is_(None), expires_at > tokens.soon))


def _build_text_conditions(
    filter: TextFilter, column: SQLColumnExpression[str | None], key: SQLColumnExpression[str]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on a text. `key` is the column in case-folded form, empty if the column is null."""
    if filter.eq is not None:
        yield column == filter.eq
    if filter.ne is not None:
        yield column.is_distinct_from(filter.ne)
    if filter.in_ is not None:
        yield column.in_(filter.in_)
    if filter.is_null is not None:
        yield column.is_(None) if filter.is_null else column.is_not(None)
    for text, pattern in (
        (filter.contains, LikePattern("%", "%", fold)),
        (filter.starts_with, LikePattern("", "%", fold)),
        (filter.ends_with, LikePattern("%", "", fold)),
    ):
        if text is not None:
            yield and_(column.is_not(None), key.like(type_coerce(text, pattern), escape=LIKE_ESCAPE))


def _build_instant_conditions(
    filter: InstantFilter, column: SQLColumnExpression[object]
) -> Iterator[ColumnElement[bool]]:
    if filter.eq is not None:
        yield column == filter.eq
    if filter.gt is not None:
        yield column > filter.gt
    if filter.gte is not None:
        yield column >= filter.gte
    if filter.lt is not None:
        yield column < filter.lt
    if filter.lte is not None:
        yield column <= filter.lte
