"""The catalogue of REST operations. A new one is one entry here."""

from collections.abc import Sequence

from gateway import services
from gateway.rest.documents import ExportAnswer
from gateway.rest.exports import ExportParameters, answer_export, compute_export_cost
from gateway.rest.interactly import EXAMPLE_ID, INTERACTLY
from gateway.rest.operations import AnyOperation, ReadOperation, System, WriteOperation
from gateway.rest.own_urls import GATEWAY
from gateway.rest.rocketchat import RATE_LIMIT_HEADERS, ROCKETCHAT
from gateway.rest.statistics import (
    AppointmentStatisticsAnswer,
    AppointmentStatisticsParameters,
    PatientStatisticsAnswer,
    PatientStatisticsParameters,
    answer_appointment_statistics,
    answer_patient_statistics,
    compute_appointment_cost,
    compute_patient_cost,
)
from gateway.rest.statistics_csv import (
    CSV_HEADERS,
    PostedParameters,
    StatisticsCsvParameters,
    answer_posted_csv,
    answer_statistics_csv,
    compute_csv_cost,
    compute_posted_csv_cost,
)
from gateway.rest.use_case_groups import (
    EXAMPLE_GROUP,
    UpsertAnswer,
    UpsertedGroup,
    UpsertParameters,
    compute_upsert_cost,
    describe_upsert,
    write_group,
)
from gateway.rest.webhook_documents import WebhookAnswer, WebhooksAnswer
from gateway.rest.webhooks import (
    GetParameters,
    ListParameters,
    answer_get,
    answer_list,
    compute_get_cost,
    compute_list_cost,
)

SYSTEMS: Sequence[System] = (INTERACTLY, ROCKETCHAT, GATEWAY)
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
        summary="Export an integration",
        description="Returns one integration with all its use cases and resource records, as of one instant. "
        "Tokens are absent by default.",
        graphql_field="integrationExport",
        answer_model=ExportAnswer,
        example={"integration_id": EXAMPLE_ID},
        refusals=[404],
    ),
    WriteOperation(
        name="upsertUseCaseGroup",
        path="/integrations/v1/integrations/{provider}/use-case-groups",
        system=INTERACTLY,
        parameters=UpsertParameters,
        cost=compute_upsert_cost,
        write=write_group,
        result_type=UpsertedGroup,
        describe=describe_upsert,
        summary="Create or update a group of use cases",
        description="Without `group_id` each request creates a group, unless it repeats an `Idempotency-Key`. "
        "With it, the request updates one: absent fields stay, and null clears a field. Neither a repeated nor a "
        "refused update changes anything.",
        graphql_field="upsertUseCaseGroup",
        answer_model=UpsertAnswer,
        example={"provider": "microsoft", "body": EXAMPLE_GROUP},
        refusals=[404],
    ),
    ReadOperation(
        name="appointmentStatistics",
        path="/integrations/v2/resource-records/{integration_id}/appointments/statistics",
        system=INTERACTLY,
        parameters=AppointmentStatisticsParameters,
        cost=compute_appointment_cost,
        answer=answer_appointment_statistics,
        summary="Count the appointments of an integration",
        description="Counts appointments by day, source and campaign. Days are those of the integration's time "
        "zone. A day without appointments is absent.",
        graphql_field="appointmentStatistics",
        answer_model=AppointmentStatisticsAnswer,
        example={"integration_id": EXAMPLE_ID, "size": 5},
        refusals=[404],
    ),
    ReadOperation(
        name="patientStatistics",
        path="/integrations/v2/resource-records/{integration_id}/patients/statistics",
        system=INTERACTLY,
        parameters=PatientStatisticsParameters,
        cost=compute_patient_cost,
        answer=answer_patient_statistics,
        summary="Count the patients of an integration",
        description="Counts patients by day and source. Days are those of the integration's time zone. "
        "A day without patients is absent.",
        graphql_field="patientStatistics",
        answer_model=PatientStatisticsAnswer,
        example={"integration_id": EXAMPLE_ID, "size": 5},
        refusals=[404],
    ),
    ReadOperation(
        name="integration",
        path="/api/v1/integrations.get",
        system=ROCKETCHAT,
        parameters=GetParameters,
        cost=compute_get_cost,
        answer=answer_get,
        summary="Get a webhook",
        description="Returns one webhook as it is stored. Its token and script show only to who may manage it.",
        graphql_field="integration",
        answer_model=WebhookAnswer,
        example={"integrationId": "659ea5e42dd9f928ada3e451"},
        answer_headers=RATE_LIMIT_HEADERS,
    ),
    ReadOperation(
        name="integrations",
        path="/api/v1/integrations.list",
        system=ROCKETCHAT,
        parameters=ListParameters,
        cost=compute_list_cost,
        authorize=services.integrations.require_webhook_permission,
        answer=answer_list,
        summary="List webhooks",
        description="Lists the webhooks that the permissions of the key cover. A query narrows them further.",
        graphql_field="integrations",
        answer_model=WebhooksAnswer,
        example={"count": 2, "query": '{"enabled": true}', "sort": '{"name": 1}'},
        answer_headers={
            **RATE_LIMIT_HEADERS,
            "X-Clamped": "The number of webhooks that was used instead of the requested one.",
        },
    ),
    ReadOperation(
        name="statisticsCsv",
        path="/statistics.csv",
        system=GATEWAY,
        parameters=StatisticsCsvParameters,
        cost=compute_csv_cost,
        answer=answer_statistics_csv,
        summary="Download statistics as CSV",
        description="Counts appointments by day, source and campaign, for spreadsheets and programs.",
        graphql_field="appointmentStatistics",
        answer_model=None,
        example={"integrationId": EXAMPLE_ID, "part": "days", "by": "MONTH"},
        answer_headers=CSV_HEADERS,
        refusals=[404],
    ),
    ReadOperation(
        name="searchedStatisticsCsv",
        method="POST",
        path="/statistics.csv",
        system=GATEWAY,
        parameters=PostedParameters,
        cost=compute_posted_csv_cost,
        answer=answer_posted_csv,
        summary="Download statistics of a search as CSV",
        description="Answers as GET does. The body has the parameters, and also a search: it can be the name of a "
        "patient, which must not be in a URL.",
        graphql_field="appointmentStatistics",
        answer_model=None,
        example={"body": {"integrationId": EXAMPLE_ID, "part": "days", "search": "website"}},
        answer_headers=CSV_HEADERS,
        refusals=[404],
    ),
)
