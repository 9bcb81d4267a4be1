"""What is written to the audit log: each mutation, REST operation, command and request, with its entries."""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.domain.audit import AuditAction
from gateway.domain.lenient_reading import Json
from tests.support.examples import example
from tests.support.factories import connected, record, store, use_case, use_case_group, webhook
from tests.support.gateway import Gateway


class Deed(NamedTuple):
    """A mutation, and the entry that it leaves. `{}` in the subject is the id in the answer."""

    field: str
    action: AuditAction
    subject: str
    changed_paths: list[str] = []  # noqa: RUF012 (a default of a tuple)
    variables: Mapping[str, Json] = {}
    is_repeatable: bool = True
    """Whether a repetition changes nothing."""


MUTATIONS: Mapping[str, Deed] = {
    "createIntegration": Deed(
        'createIntegration(input: {connected: {name: "n", provider: GOOGLE, accessToken: "a"}}) '
        "{ id: integration { id } errors { message } }",
        AuditAction.INTEGRATION_CREATE,
        "integration {}",
        is_repeatable=False,
    ),
    "updateIntegration": Deed(
        'updateIntegration(id: "clinic", input: {connected: {name: "n", scope: "s", accessToken: "a"}}) '
        "{ errors { message } }",
        AuditAction.INTEGRATION_UPDATE,
        "integration clinic",
        ["name", "config.scope", "config.accessToken", "config.renewedAt"],
    ),
    "deleteIntegration": Deed(
        'deleteIntegration(id: "hook") { errors { message } }',
        AuditAction.INTEGRATION_DELETE,
        "integration hook",
    ),
    "upsertUseCaseGroup": Deed(
        'upsertUseCaseGroup(provider: MICROSOFT, input: {name: "n", useCases: [{useCase: BILLING_REMINDER}]}) '
        "{ id: group { id } errors { message } }",
        AuditAction.USE_CASE_GROUP_CREATE,
        "use_case_group {}",
        is_repeatable=False,
    ),
    "deleteUseCaseGroup": Deed(
        'deleteUseCaseGroup(id: "group") { errors { message } }',
        AuditAction.USE_CASE_GROUP_DELETE,
        "use_case_group group",
    ),
    "updateUseCase": Deed(
        'updateUseCase(id: "labs", input: {displayName: "n", status: INACTIVE}) { errors { message } }',
        AuditAction.USE_CASE_UPDATE,
        "use_case labs",
        ["config.status", "config.displayName"],
    ),
    "deleteUseCase": Deed(
        'deleteUseCase(id: "labs") { errors { message } }', AuditAction.USE_CASE_DELETE, "use_case labs"
    ),
    "upsertResourceRecords": Deed(
        'upsertResourceRecords(integrationId: "clinic", records: ['
        '{logicalId: "resource_record_visit", config: {appointment: {source: "web"}}}]) { errors { message } }',
        AuditAction.RECORDS_UPSERT,
        "integration clinic",
        ["resource_records.visit"],
    ),
    "deleteResourceRecords": Deed(
        'deleteResourceRecords(integrationId: "clinic", ids: ["visit"]) { errors { message } }',
        AuditAction.RECORDS_DELETE,
        "integration clinic",
        ["resource_records.visit"],
    ),
    "importIntegration": Deed(
        "importIntegration(document: $document) { id: integration { id } errors { message } }",
        AuditAction.INTEGRATION_IMPORT,
        "integration {}",
        variables={"document": example("export.response")},
    ),
}
"""By the mutation's name. A repetition of those that delete is refused."""

WRITING_COMMANDS: Mapping[str, set[AuditAction]] = {
    "keys create": {AuditAction.KEY_CREATE},
    "keys revoke": {AuditAction.KEY_REVOKE},
    "import": {AuditAction.IMPORT_BEGIN, AuditAction.IMPORT_END},
    "export": {AuditAction.INTEGRATION_EXPORT, AuditAction.SECRET_EXPORT},
    "secrets rotate": {AuditAction.SECRET_ROTATE},
    "statistics verify": {AuditAction.STATISTICS_REPAIR},
    "migrate": {AuditAction.MIGRATION_DOWNGRADE},
}
"""The commands that leave entries; `test_commands` runs each."""

OTHER_COMMANDS = {
    "serve": "its requests leave entries",
    "demo": "it fills an empty database with fictional data",
    **dict.fromkeys(
        ("keys list", "secrets new-key", "audit", "schema", "openapi", "errors", "settings", "assets", "doctor"),
        "it reads",
    ),
}
"""The other commands, with the reason why they leave none."""

OF_REQUESTS = {
    AuditAction.USE_CASE_GROUP_UPDATE,
    AuditAction.SECRET_READ,
    AuditAction.SECRET_EXPORT,
    AuditAction.INTEGRATION_EXPORT,
    AuditAction.SESSION_CREATE,
    AuditAction.SESSION_DELETE,
    AuditAction.SESSION_REFUSE,
}
"""Further actions of requests; `test_requests` sends each."""


async def store_clinic(gateway: Gateway) -> None:
    """Write what the mutations change."""
    await store(gateway.database, connected("clinic"), webhook({"_id": "hook", "name": "hook"}))
    await store(gateway.database, use_case_group("group", "clinic"))
    await store(gateway.database, use_case("labs", "clinic"), record("visit", "clinic"))
