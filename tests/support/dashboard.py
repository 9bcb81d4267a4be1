"""The query for a whole dashboard, and its data without records."""

from typing import Any

from gateway.domain.statistics import APPOINTMENT_STATISTICS

BREAKDOWNS = tuple(breakdown.field for breakdown in APPOINTMENT_STATISTICS.breakdowns)
"""The fields of all breakdowns of appointments."""

PARTS = "\n".join(
    (
        "overview { total successful failed pending }",
        "trends { date day successful failed }",
        *(f"{field} {{ value count }}" for field in BREAKDOWNS),
    )
)

DASHBOARD = (
    """
query (
  $id: ID!, $type: AppointmentType, $size: Int! = 300, $page: Int! = 1, $search: String, $start: DateTime,
  $end: DateTime, $zone: TimeZone, $by: StatisticsDateField! = CREATED_AT, $fill: Boolean! = false,
  $source: [String!], $utmSource: [String!], $utmMedium: [String!], $utmCampaign: [String!]
) {
  appointmentStatistics(
    integrationId: $id, appointmentType: $type, size: $size, page: $page, search: $search, start: $start,
    end: $end, timezone: $zone, dateField: $by, fillGaps: $fill,
    source: $source, utmSource: $utmSource, utmMedium: $utmMedium, utmCampaign: $utmCampaign
  ) {
"""
    + PARTS
    + "}}"
)

EMPTY_DASHBOARD: dict[str, Any] = {
    "overview": {"total": 0, "successful": 0, "failed": 0, "pending": 0},
    "trends": [],
    **{field: [] for field in BREAKDOWNS},
}
