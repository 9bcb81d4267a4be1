"""People: who is asking, and who made or changed something."""

import strawberry

from gateway import services
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer as DomainViewer
from gateway.execution import BatchRequest
from gateway.schema.context import Info
from gateway.schema.fields import batched_field, field


@strawberry.type(description="Somebody who made or changed something.")
class User:
    @field("The id that documents name them by.", reads=())
    @staticmethod
    def id(root: strawberry.Parent[str]) -> strawberry.ID:
        return strawberry.ID(root)

    username: str | None = batched_field(
        "Their name to sign in with, where it is known.",
        lambda user_id, _: BatchRequest(services.users.get_usernames, user_id),
        reads=(),
    )


@strawberry.type(description="Who is asking and what they may do.")
class Viewer:
    user_id: strawberry.ID = strawberry.field(description="The user that the key belongs to.")
    team_id: strawberry.ID = strawberry.field(description="The team that everything shown belongs to.")
    name: str = strawberry.field(description="The user's name, or the key's where the user has none.")

    @field("What the key allows, in alphabetical order.", reads=("permissions",))
    @staticmethod
    def permissions(root: strawberry.Parent[DomainViewer]) -> list[Permission]:
        return sorted(root.permissions, key=lambda permission: permission.name)


@strawberry.type
class UserQueries:
    @field("Who is asking and what they may do.", graphql_type=Viewer)
    @staticmethod
    def viewer(info: Info) -> DomainViewer:
        return info.context.viewer
