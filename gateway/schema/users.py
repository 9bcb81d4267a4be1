"""Users, and the viewer: the user and permissions of the request's key."""

import strawberry

from gateway import services
from gateway.domain.enums import Permission
from gateway.domain.viewer import Viewer as DomainViewer
from gateway.execution import BatchRequest
from gateway.schema.context import Info
from gateway.schema.fields import batched_field, field


@strawberry.type(description="User who created or changed an object.")
class User:
    @field("Id of the user, as the documents write it.", reads=())
    @staticmethod
    def id(root: strawberry.Parent[str]) -> strawberry.ID:
        return strawberry.ID(root)

    username: str | None = batched_field(
        "Username; null when the team does not know the user.",
        lambda user_id, _: BatchRequest(services.teams.get_usernames, user_id),
        reads=(),
    )


@strawberry.type(description="User, team and permissions of the request's key.")
class Viewer:
    user_id: strawberry.ID = strawberry.field(description="Id of the user that the key belongs to.")
    team_id: strawberry.ID = strawberry.field(description="Id of the team that the key belongs to.")
    name: str = strawberry.field(description="Name of the user, or of the key when the user has none.")

    @field("Permissions of the key, in alphabetical order.", reads=("permissions",))
    @staticmethod
    def permissions(root: strawberry.Parent[DomainViewer]) -> list[Permission]:
        return sorted(root.permissions, key=lambda permission: permission.name)


@strawberry.type
class UserQueries:
    @field("User, team and permissions of the request's key.", graphql_type=Viewer)
    @staticmethod
    def viewer(info: Info) -> DomainViewer:
        return info.context.viewer
