"""Exports of connected integrations, document 1."""

from pydantic import BaseModel

from gateway import services
from gateway.database import Reader
from gateway.domain.enums import SecretsMode
from gateway.domain.viewer import Viewer
from gateway.rest.interactly import IntegrationId
from gateway.rest.operations import RestAnswer

_INTEGRATION_COLUMNS = frozenset({"document", "secrets", "envelope"})


class ExportParameters(BaseModel):
    """The integration to export, and whether the export includes its tokens."""

    integration_id: IntegrationId
    secrets: SecretsMode = SecretsMode.OMIT


def compute_export_cost(_parameters: ExportParameters) -> int:
    return 1401


async def answer_export(reader: Reader, viewer: Viewer, parameters: ExportParameters) -> RestAnswer:
    """Return the export document in parts; see `services.exports.stream_document`."""
    columns = reader.with_columns(_INTEGRATION_COLUMNS)
    integration = await services.exports.get_connected_integration(
        columns, viewer, parameters.integration_id, parameters.secrets
    )
    secrets = integration.secrets if parameters.secrets is SecretsMode.INCLUDE else {}
    return RestAnswer(
        services.exports.stream_document(reader, integration, secrets),
        disclosed=services.audit.list_secrets(integration, secrets),
    )
