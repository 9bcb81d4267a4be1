"""The audit log: its entries, filter and query."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway import services
from gateway.database import AuditEntry as AuditEntryRow
from gateway.domain.audit import MAX_PATHS, NEWEST_FIRST
from gateway.domain.audit import AuditFilter as DomainFilter
from gateway.domain.cursors import CursorCodec
from gateway.domain.integration_filters import InstantFilter
from gateway.domain.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from gateway.errors import ProblemList
from gateway.execution import BatchRequest, ListSize
from gateway.schema.connections import After, Connection, ConnectionSource, parse_page
from gateway.schema.context import Info
from gateway.schema.fields import field
from gateway.schema.inputs import OBJECT_COST, get_provided_fields, optional_field
from gateway.schema.integration_filters import DateTimeFilter
from gateway.schema.users import User


@strawberry.type(description="Entry of the audit log: who did what, when, and to which object.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(description="Id of the entry, unique within the team.")
    at: datetime = strawberry.field(description="When it was done.")

    @field(
        "User who did it; null for a command of an operator, and for a refused sign-in.",
        graphql_type=User | None,
        reads=("user_id",),
    )
    @staticmethod
    def by(root: strawberry.Parent[AuditEntryRow]) -> str | None:
        return root.user_id or None

    @field("Id of the key that it was done with; null for a command of an operator.", reads=("key_id",))
    @staticmethod
    def key_id(root: strawberry.Parent[AuditEntryRow]) -> strawberry.ID | None:
        return strawberry.ID(root.key_id) if root.key_id else None

    action: str = strawberry.field(
        description="What was done, such as `integration.update`, `secret.read`, `session.create` or `key.revoke`."
    )
    subject: str = strawberry.field(
        description="Type and id of the object that it was done to, such as `use_case 65e5e6a0cbda654cd123fadd`."
    )

    @field(
        "Keys that were changed, or secrets that were read; never their values. Empty for what was created, "
        f"deleted or imported as a whole. At most {MAX_PATHS} entries; if there are more, the last one gives the "
        "number of those left out.",
        reads=("changed_paths",),
        directives=[ListSize(assumed_size=5)],
    )
    @staticmethod
    def changed_paths(root: strawberry.Parent[AuditEntryRow]) -> list[str]:
        return root.changed_paths or []

    request_id: str | None = strawberry.field(
        description="`X-Request-Id` of the request, as in the log; null for a command of an operator."
    )


@strawberry.input(
    description="Filter of the audit log. Conditions are combined with AND, and a null condition is ignored."
)
class AuditFilter:
    action: list[str] | None = optional_field(
        "The action is one of these, such as `key.create`; an empty list matches nothing.",
        directives=[OBJECT_COST],
    )
    subject: str | None = optional_field(
        "Type and id of the object, such as `integration 65e5e6a0cbda654cd123fadc`."
    )
    user_id: strawberry.ID | None = optional_field(
        "Id of the user who did it; an empty one matches entries without a user."
    )
    key_id: strawberry.ID | None = optional_field(
        "Id of the key that it was done with; an empty one matches entries without a key."
    )
    at: DateTimeFilter | None = optional_field("Conditions on the time.")

    def to_domain(self) -> DomainFilter:
        """Return the conditions. Raises Refused (INVALID) with all lists that are too long."""
        given = {**get_provided_fields(self)}
        actions, at = given.pop("action", None), given.pop("at", None)
        instants = InstantFilter() if at is None else at.to_domain()
        problems = ProblemList()
        services.record_filters.check_values(actions, problems, "filter", "action")
        services.record_filters.check_values(instants.in_, problems, "filter", "at", "in")
        problems.raise_if_any()
        return DomainFilter(
            actions=None if actions is None else (*dict.fromkeys(actions),),
            at=None if instants == InstantFilter() else instants,
            **given,
        )


@strawberry.type
class AuditQueries:
    @field(
        "The audit log of the team, the newest entry first: who did what. Needs ADMIN.",
        graphql_type=Connection[AuditEntry] | None,
        directives=[
            ListSize(
                assumed_size=DEFAULT_PAGE_SIZE,
                slicing_arguments=["first"],
                sized_fields=["edges", "nodes"],
                maximum=MAX_PAGE_SIZE,
            )
        ],
    )
    @staticmethod
    async def audit_log(
        info: Info,
        filter: Annotated[
            AuditFilter | None,
            strawberry.argument(description="Return only entries that meet these conditions. Null: all entries."),
        ] = None,
        first: Annotated[
            int | None,
            strawberry.argument(
                description=f"Number of entries, 1 to {MAX_PAGE_SIZE}. {DEFAULT_PAGE_SIZE} when it is not given."
            ),
        ] = None,
        after: After = None,
    ) -> ConnectionSource:
        viewer = info.context.viewer
        cursors = CursorCodec.create(info.context.cursor_key, viewer.team_id, "auditLog", NEWEST_FIRST)
        page = parse_page(NEWEST_FIRST, first, after, None, None, None).build_page(cursors)
        conditions = filter.to_domain() if filter else DomainFilter()
        async with info.context.read() as reader:
            rows = await services.audit.list_entries(reader, viewer, conditions, page)
        count_request = BatchRequest(services.audit.count_entries, conditions)
        return ConnectionSource(cursors, (), page, rows, count_request)
