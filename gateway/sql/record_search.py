"""Conditions and statements that find records by the words of a search.

An index of trigrams finds candidates; the search text of a record decides. PostgreSQL's index serves LIKE on the
search text, for the pattern of a trigram. SQLite's is the table `record_search`, which has the numbers of the
records. See `gateway.database.search_index`.
"""

from collections.abc import Sequence

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    String,
    cast,
    column,
    exists,
    func,
    literal_column,
    select,
    table,
    type_coerce,
)
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from gateway.database import Integration, ResourceRecord, TextList, prepared_by_dialect, search_index
from gateway.domain.record_search import RecordSearch
from gateway.sql import json_rows, visibility
from gateway.sql.paging import RowId
from gateway.sql.text_lists import LikePattern, build_cte, has_part

_SQLITE = "sqlite"
_CONTAINS_PATTERN = LikePattern("%", "%")
_INDEX = table(search_index.NAME, column("rowid", Integer), column(search_index.NAME, String))


def build_conditions(
    dialect: str, team_id: str, integration_ids: Sequence[str], search: RecordSearch
) -> list[ColumnElement[bool]]:
    """Return the conditions that records are the team's, and have the words.

    The index finds records of these integrations, but also others.
    """
    if search.reads_all:
        return [ResourceRecord.team_id == team_id, *contain_words(ResourceRecord, search.words)]
    if search.keys is not None:
        found = [_has_key(dialect, ResourceRecord, search.keys)]
    else:
        numbers = select_candidates(integration_ids, search.trigrams or ())
        found = _find_by_index(dialect, ResourceRecord, search, numbers)
    return [_is_of_team(dialect, team_id), *found]


def build_child_conditions(
    dialect: str, records: type[ResourceRecord], search: RecordSearch
) -> list[ColumnElement[bool]]:
    """Return the conditions that records are of an integration of the enclosing statement, and have the words."""
    if search.reads_all:
        return [*visibility.build_child_conditions(records), *contain_words(records, search.words)]
    of_integration = [
        _without_index(dialect, records.team_id) == Integration.team_id,
        _without_index(dialect, records.integration_id) == Integration.id,
    ]
    if search.keys is not None:
        return [*of_integration, _has_key(dialect, records, search.keys, Integration)]
    numbers = select(_INDEX.c.rowid).where(_match(Integration.id, search.trigrams or ())).correlate(Integration)
    return [*of_integration, *_find_by_index(dialect, records, search, numbers)]


def _find_by_index(
    dialect: str, records: type[ResourceRecord], search: RecordSearch, numbers: Select[int]
) -> list[ColumnElement[bool]]:
    """Return the conditions that the index finds a record, on SQLite with these numbers, and that words match."""
    is_candidate = (
        [RowId(records.id).in_(numbers)]
        if dialect == _SQLITE
        else _contain_trigrams(records, search.trigrams or ())
    )
    return [*is_candidate, *contain_words(records, search.words)]


def select_candidates(integration_ids: Sequence[str], trigrams: Sequence[str]) -> Select[int]:
    """Select the numbers of the records that SQLite's index finds."""
    integrations = build_cte(integration_ids, "searched_integrations")
    return select(_INDEX.c.rowid).select_from(integrations).where(_match(integrations.c.value, trigrams))


@prepared_by_dialect
def select_samples(
    dialect: str, team_id: str, integration_ids: Sequence[str], size: int, backward: bool
) -> Select[str, list[str], bool]:
    """Select each integration, a sample of its search texts, and whether the index of the search can be used.

    The texts are those of the oldest records, or of the newest if `backward`.
    """
    integrations = build_cte(integration_ids, "searched_integrations")
    columns = (ResourceRecord.created_at, ResourceRecord.id)
    texts = (
        select(ResourceRecord.search_text.label("value"))
        .where(ResourceRecord.team_id == team_id, ResourceRecord.integration_id == integrations.c.value)
        .order_by(*(each.desc() if backward else each for each in columns))
        .limit(type_coerce(size, Integer))
    )
    return select(integrations.c.value, _collect(dialect, texts.correlate(integrations)), _has_index(dialect))


@prepared_by_dialect
def select_keys(
    dialect: str,
    team_id: str,
    integration_ids: Sequence[str],
    words: Sequence[str],
    trigrams: Sequence[str],
    limit: int,
) -> Select[str, list[str]]:
    """Select each integration, and the keys of at most `limit` of its records with the words.

    The index finds them.
    """
    integrations = build_cte(integration_ids, "searched_integrations")
    is_of_integration = _without_index(dialect, ResourceRecord.integration_id) == integrations.c.value
    conditions = [_is_of_team(dialect, team_id), is_of_integration, *contain_words(ResourceRecord, words)]
    key: ColumnElement[str] = ResourceRecord.__table__.c.id
    if dialect == _SQLITE:
        number = RowId(ResourceRecord.id)
        key = cast(number, String)
        conditions += [_match(integrations.c.value, trigrams), _INDEX.c.rowid == number]
    else:
        conditions += _contain_trigrams(ResourceRecord, trigrams)
    keys = (
        select(key.label("value"))
        .select_from(ResourceRecord)
        .where(*conditions)
        .limit(type_coerce(limit, Integer))
    )
    return select(integrations.c.value, _collect(dialect, keys.correlate(integrations)))


def _has_index(dialect: str) -> ColumnElement[bool]:
    """Return whether the index of the search exists, and can be used."""
    if dialect == _SQLITE:
        schema = table("sqlite_master", column("name", String))
        return exists().where(schema.c.name == search_index.NAME)
    indexes = table("pg_index", column("indexrelid", Integer), column("indisvalid", Boolean))
    name = literal_column(f"to_regclass('{search_index.POSTGRESQL_NAME}')", Integer)
    return exists().where(indexes.c.indexrelid == name, indexes.c.indisvalid)


def contain_words(records: type[ResourceRecord], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that the search text contains the words. No index serves them, unlike LIKE."""
    return [has_part(records.search_text, type_coerce(word, String)) for word in words]


def _contain_trigrams(records: type[ResourceRecord], trigrams: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that PostgreSQL's index serves. Trigrams have letters and digits only."""
    return [records.search_text.like(type_coerce(each, _CONTAINS_PATTERN)) for each in trigrams]


def _is_of_team(dialect: str, team_id: str) -> ColumnElement[bool]:
    """Return the condition on the team of records that SQLite finds by number: all its other indexes begin so."""
    return _without_index(dialect, ResourceRecord.team_id) == team_id


def _without_index(dialect: str, column: SQLColumnExpression[str]) -> SQLColumnExpression[str]:
    """Return a column for whose comparisons SQLite uses no index: it would prefer any to the search's."""
    if dialect != _SQLITE:
        return column
    return UnaryExpression(type_coerce(column, String), operator=custom_op("+"), type_=String())


def _has_key(
    dialect: str, records: type[ResourceRecord], keys: str, parent: type[Integration] | None = None
) -> ColumnElement[bool]:
    """Return the condition that a record has a found key, or one of those of an integration in the statement."""
    found = json_rows.build_cte("found_keys", keys, integration_id=String(), key_list=String())
    key = json_rows.list_texts(found.c.key_list)
    selected = select(cast(key, Integer) if dialect == _SQLITE else key).select_from(found)
    if parent is not None:
        selected = selected.where(found.c.integration_id == parent.id).correlate(parent)
    if dialect == _SQLITE:
        return RowId(records.id).in_(selected)
    # With IN, PostgreSQL may read all records of an integration and compare each with the keys.
    return records.id == func.any(func.array(selected.scalar_subquery()))


def _match(integration_id: SQLColumnExpression[str], trigrams: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that SQLite's index has the trigrams for a record of the integration."""
    scope = literal_column(search_index.build_scope(str(integration_id)), String)
    query: ColumnElement[str] = '"' + scope
    for each in trigrams:
        query = query + '" "' + type_coerce(each, String)
    query = query + '"'
    return _INDEX.c[search_index.NAME].op("MATCH", is_comparison=True)(query)


def _collect(dialect: str, values: Select[str]) -> ColumnElement[list[str]]:
    """Return the values of a subquery with the one column `value` as a list."""
    if dialect == _SQLITE:
        rows = values.subquery("collected")
        return select(func.json_group_array(rows.c.value, type_=TextList())).scalar_subquery()
    return func.array(values.scalar_subquery(), type_=TextList())
