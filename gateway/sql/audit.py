"""Statements about the audit log."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, insert, select, type_coerce, union_all
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert

from gateway.database import AuditEntry, CollatedText, Instant, Team, prepared
from gateway.domain.audit import AuditFilter
from gateway.domain.paging import PageArguments
from gateway.domain.viewer import Viewer
from gateway.sql import paging
from gateway.sql.integration_filters import build_instant_conditions
from gateway.sql.text_lists import is_in


@prepared
def select_entries(viewer: Viewer, filter: AuditFilter, page: PageArguments) -> Select[AuditEntry]:
    """Select a page of the entries of the viewer's team that match the filter.

    With several actions, it is chosen from one page for each, because no index has several in the order of time.
    """
    is_own = AuditEntry.team_id == viewer.team_id
    conditions = [is_own, *_build_conditions(filter)]
    if filter.actions is None or len(filter.actions) <= 1:
        return paging.select_page_of(AuditEntry, [*conditions, *_build_action_condition(filter)], page)
    pages = (
        paging.select_page_of(AuditEntry, [*conditions, AuditEntry.action == action], page)
        .with_only_columns(AuditEntry.at, AuditEntry.id)
        .subquery()
        for action in filter.actions
    )
    found = union_all(*(select(each.c.at, each.c.id) for each in pages)).subquery()
    # In the order of these columns. By those of the table, SQLite would search an index for the found ids.
    columns = {"at": found.c.at, "id": found.c.id}
    return paging.select_page(
        select(AuditEntry).join(found, and_(is_own, AuditEntry.id == found.c.id)), columns, page
    )


@prepared
def select_count(viewer: Viewer, filter: AuditFilter) -> Select[int]:
    """Select the number of entries on all pages of `select_entries`."""
    conditions = [*_build_conditions(filter), *_build_action_condition(filter)]
    return select(func.count()).select_from(AuditEntry).where(AuditEntry.team_id == viewer.team_id, *conditions)


def _build_conditions(filter: AuditFilter) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions other than those on actions."""
    for value, column in (
        (filter.subject, AuditEntry.subject),
        (filter.user_id, AuditEntry.user_id),
        (filter.key_id, AuditEntry.key_id),
    ):
        if value is not None:
            yield column == value
    if filter.at is not None:
        yield from build_instant_conditions(filter.at, AuditEntry.at)


def _build_action_condition(filter: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if filter.actions is not None:
        yield AuditEntry.action.in_(filter.actions) if filter.actions else false()


@prepared
def select_entries_of_teams(
    team_id: str | None, filter: AuditFilter
) -> Select[str, str, datetime, str, str, str, str, list[str] | None, str | None]:
    """Select the entries of one team or of all that match the filter, the oldest first.

    The columns are those of the table. The condition on teams has databases search the index of each team.
    """
    teams = select(Team.id) if team_id is None else select(Team.id).where(Team.id == team_id)
    return (
        select(
            AuditEntry.team_id,
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.user_id,
            AuditEntry.key_id,
            AuditEntry.action,
            AuditEntry.subject,
            AuditEntry.changed_paths,
            AuditEntry.request_id,
        )
        .where(AuditEntry.team_id.in_(teams), *_build_conditions(filter), *_build_action_condition(filter))
        .order_by(AuditEntry.at, AuditEntry.team_id, AuditEntry.id)
    )


@prepared
def select_recent(team_id: str, key_id: str, action: str, since: datetime) -> Select[str]:
    """Select an entry of this action with a key since an instant; at most one row."""
    is_same = (AuditEntry.team_id == team_id, AuditEntry.key_id == key_id, AuditEntry.action == action)
    return select(AuditEntry.id).where(*is_same, AuditEntry.at > since).limit(1)


@prepared
def select_existing_teams(ids: Sequence[str]) -> Select[str]:
    """Select those of these ids that are teams'."""
    return select(Team.id).where(is_in(Team.id, ids))


@prepared
def insert_for_all_teams(id: str, at: datetime, action: str, subject: str) -> ReturningInsert[str]:
    """Insert an entry of a command into the log of each team. It names the columns of the first revision only."""
    values = {
        "team_id": Team.id,
        "id": type_coerce(id, CollatedText),
        "at": type_coerce(at, Instant),
        "user_id": type_coerce("", CollatedText),
        "key_id": type_coerce("", CollatedText),
        "action": type_coerce(action, CollatedText),
        "subject": type_coerce(subject, CollatedText),
    }
    return insert(AuditEntry).from_select([*values], select(*values.values())).returning(AuditEntry.team_id)


@prepared
def select_teams_with_entries(before: datetime) -> Select[str]:
    """Select the ids of the teams with entries from before an instant."""
    entries = select(AuditEntry.id).where(AuditEntry.team_id == Team.id, AuditEntry.at < before)
    return select(Team.id).where(entries.exists()).order_by(Team.id)


@prepared
def delete_oldest(team_id: str, before: datetime, count: int) -> ReturningDelete[str]:
    """Delete so many of a team's oldest entries from before an instant."""
    is_old = (AuditEntry.team_id == team_id, AuditEntry.at < before)
    oldest = select(AuditEntry.id).where(*is_old).order_by(AuditEntry.at, AuditEntry.id).limit(count)
    statement = delete(AuditEntry).where(AuditEntry.team_id == team_id, AuditEntry.id.in_(oldest))
    return statement.returning(AuditEntry.id)
