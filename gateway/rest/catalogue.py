"""The catalogue of REST operations. A new one is one entry here."""

from collections.abc import Sequence

from gateway import services
from gateway.rest.exports import ExportParameters, answer_export, compute_export_cost
from gateway.rest.interactly import INTERACTLY
from gateway.rest.operations import AnyOperation, ReadOperation, System, WriteOperation
from gateway.rest.rocketchat import ROCKETCHAT
from gateway.rest.statistics import (
    AppointmentStatisticsParameters,
    PatientStatisticsParameters,
    answer_appointment_statistics,
    answer_patient_statistics,
    compute_appointment_cost,
    compute_patient_cost,
)
from gateway.rest.use_case_groups import UpsertParameters, answer_upsert, compute_upsert_cost
from gateway.rest.webhooks import (
    GetParameters,
    ListParameters,
    answer_get,
    answer_list,
    compute_get_cost,
    compute_list_cost,
)

SYSTEMS: Sequence[System] = (INTERACTLY, ROCKETCHAT)
"""All systems. Their paths do not overlap."""

OPERATIONS: Sequence[AnyOperation] = (
    ReadOperation(
        name="export",
        path="/integrations/v2/integrations/{integration_id}/export",
        system=INTERACTLY,
        parameters=ExportParameters,
        cost=compute_export_cost,
        answer=answer_export,
        is_export=True,
    ),
    WriteOperation(
        name="upsertUseCaseGroup",
        path="/integrations/v1/integrations/{provider}/use-case-groups",
        system=INTERACTLY,
        parameters=UpsertParameters,
        cost=compute_upsert_cost,
        answer=answer_upsert,
    ),
    ReadOperation(
        name="appointmentStatistics",
        path="/integrations/v2/resource-records/{integration_id}/appointments/statistics",
        system=INTERACTLY,
        parameters=AppointmentStatisticsParameters,
        cost=compute_appointment_cost,
        answer=answer_appointment_statistics,
    ),
    ReadOperation(
        name="patientStatistics",
        path="/integrations/v2/resource-records/{integration_id}/patients/statistics",
        system=INTERACTLY,
        parameters=PatientStatisticsParameters,
        cost=compute_patient_cost,
        answer=answer_patient_statistics,
    ),
    ReadOperation(
        name="integration",
        path="/api/v1/integrations.get",
        system=ROCKETCHAT,
        parameters=GetParameters,
        cost=compute_get_cost,
        answer=answer_get,
    ),
    ReadOperation(
        name="integrations",
        path="/api/v1/integrations.list",
        system=ROCKETCHAT,
        parameters=ListParameters,
        cost=compute_list_cost,
        authorize=services.integrations.require_webhook_permission,
        answer=answer_list,
    ),
)
