"""The field of a group, use case or record for the integration that it belongs to."""

from typing import Annotated, Any, ForwardRef

import strawberry

from gateway import services
from gateway.database import Integration
from gateway.errors import not_found
from gateway.execution import BatchRequest
from gateway.schema.fields import batched_field

# Lazy: the module imports those of the types with this field.
_INTEGRATION_TYPE: object = Annotated[
    ForwardRef("ConnectedIntegration"), strawberry.lazy("gateway.schema.connected_integrations")
]


def integration_field() -> Any:  # noqa: ANN401 (a dataclass field)
    """Return the field for the connected integration that a row belongs to."""

    def require_integration(row: Integration | None, *_: object) -> Integration:
        if row is None:
            raise not_found("There is no integration with this id.")
        return row

    return batched_field(
        "Connected integration that it belongs to. Needs READ_INTEGRATIONS.",
        lambda row, _: BatchRequest(services.integrations.find_parents, (row.team_id, row.integration_id)),
        require_integration,
        graphql_type=_INTEGRATION_TYPE,
        reads=("team_id", "integration_id"),
    )
