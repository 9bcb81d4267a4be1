"""Exports of connected integrations, document 1."""

from gateway import services
from gateway.database import Reader
from gateway.domain.enums import SecretsMode
from gateway.domain.viewer import Viewer
from gateway.rest.interactly import IntegrationId
from gateway.rest.operations import DescribedModel, RestAnswer

_INTEGRATION_COLUMNS = frozenset({"document", "secrets", "envelope"})


class ExportParameters(DescribedModel):
    """The integration to export, and whether the export includes its tokens."""

    integration_id: IntegrationId
    """Id of the connected integration."""
    secrets: SecretsMode = SecretsMode.OMIT
    """`include` adds the tokens. It needs the permission to read secrets, and is written to the audit log."""


def compute_export_cost(_parameters: ExportParameters) -> int:
    return 1401


async def answer_export(reader: Reader, viewer: Viewer, parameters: ExportParameters) -> RestAnswer:
    """Return the export document in parts; see `services.exports.stream_document`."""
    columns = reader.with_columns(_INTEGRATION_COLUMNS)
    integration = await services.exports.get_connected_integration(
        columns, viewer, parameters.integration_id, parameters.secrets
    )
    includes = parameters.secrets is SecretsMode.INCLUDE
    secrets = services.secrets.decrypt_secrets(reader.keyring, integration) if includes else None
    event = (
        services.audit.describe_disclosure(integration, secrets, is_export=True)
        if secrets
        else services.audit.describe_export(integration)
    )
    return RestAnswer(services.exports.stream_document(reader, integration, secrets), event=event)
