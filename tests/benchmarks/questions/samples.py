"""The values of arguments, by coordinate or name. Members of enums and Booleans need none.

The first value of an argument is the one that pairs of arguments use.
"""

from gateway.domain.ids import NodeId
from gateway.domain.lenient_reading import Document
from tests.benchmarks.data import Loaded
from tests.benchmarks.documents import TEAM, TIMEZONE, USER
from tests.benchmarks.questions.arguments import CURSOR, Sample, Samples
from tests.benchmarks.questions.data import (
    BIG,
    FEW,
    KEY_ID,
    USE_CASE,
    WEBHOOK,
    WORD,
    count_matching,
    get_record,
)
from tests.benchmarks.questions.generate import SampleTable

_FAR = 10_000
_SLUG = "appointment-reminders"
_DAYS = 731
_30_DAYS: Document = {"start": "2025-06-09T05:00:00.000Z", "end": "2025-07-09T05:00:00.000Z"}
_CUT: Document = {"start": "2024-07-09T14:23:45.678Z", "end": "2025-07-09T14:23:45.678Z"}
_FOREIGN_ZONE = "Asia/Kathmandu"

_TEXT_TESTS = ("eq", "ne", "gt", "gte", "lt", "lte", "contains", "startsWith")
_INSTANT_TESTS = ("eq", "ne", "gt", "gte", "lt", "lte")
_VALUES = {
    "source": ("website", "unknown"),
    "utmSource": ("google", "direct"),
    "utmMedium": ("cpc", "not set"),
    "utmCampaign": ("campaign-07", "not set"),
}
"""A value of each breakdown, and the one of records without a value."""

_EXCLUSIVE = (
    ("first", "last"),
    ("offset", "last"),
    ("offset", "before"),
    *((bound, "days") for bound in ("start", "end", "firstDay", "lastDay")),
    *((bound, day) for bound in ("start", "end") for day in ("firstDay", "lastDay")),
)


def build_table(loaded: Loaded, records: int) -> SampleTable:
    """Return the table for the data that `data.load` has written."""
    return SampleTable(
        values={
            **_build_ids(loaded, records),
            **_build_filters(records),
            **_build_pages(records),
            **_build_dashboards(records),
            **_build_record_filters(),
            **_build_audit_filters(),
        },
        # The clinics are the newest integrations.
        path_arguments={"Query.integrations": {"first": 10}},
        detours=frozenset(("Query.node", "Query.nodes")),
        exclusive=frozenset(map(frozenset, _EXCLUSIVE)),
    )


def _build_ids(loaded: Loaded, records: int) -> Samples:
    group, record = loaded.groups[0].id, get_record(records)
    nodes = [
        Sample(NodeId(name, TEAM, id).encode(), name)
        for name, id in (
            ("ConnectedIntegration", BIG),
            ("UseCaseGroup", group),
            ("UseCase", USE_CASE),
            ("ResourceRecord", record),
        )
    ]
    return {
        "Query.node(nodeId:)": nodes,
        "Query.nodes(nodeIds:)": [Sample([node.value for node in nodes], "each kind")],
        "Query.integration(id:)": [Sample(BIG, "big"), Sample(WEBHOOK, "webhook")],
        "Query.useCaseGroup(id:)": [Sample(group)],
        "Query.useCaseGroupBySlug(slug:)": [Sample(_SLUG)],
        "Query.useCase(id:)": [Sample(USE_CASE)],
        "Query.resourceRecord(id:)": [Sample(record)],
        "Query.integrationExport(integrationId:)": [Sample(FEW)],
        "integrationId": [Sample(BIG)],
        "createdBy": [Sample(USER, "user")],
        "IntegrationFilter.id": [Sample([BIG, WEBHOOK], "two")],
        "IntegrationFilter.userId": [Sample(USER, "user")],
        "IntegrationFilter.channel": [Sample("#general")],
        "IntegrationFilter.channels": [Sample(["#general"], "one")],
        "IntegrationFilter.url": [Sample("https://example.com/hook")],
        "IntegrationFilter.urls": [Sample([], "none")],
        "type": [Sample("OTHER")],
        "ConnectedIntegration.resourceRecords(type:)": [Sample("APPOINTMENTS"), Sample("OTHER")],
    }


def _build_filters(records: int) -> Samples:
    matching = count_matching(records)
    instant = "2025-03-12T00:00:00.000Z"
    return {
        **{f"StringFilter.{name}": [Sample("Clinic 3")] for name in _TEXT_TESTS},
        "StringFilter.endsWith": [Sample("3")],
        "StringFilter.in": [Sample(["Clinic 3", "Webhook 4"])],
        **{f"DateTimeFilter.{name}": [Sample(instant, "instant")] for name in _INSTANT_TESTS},
        "DateTimeFilter.in": [Sample([instant], "instant")],
        "search": [
            Sample(WORD, records=matching),
            Sample("quibberish", "no record"),
            Sample(f"{WORD} example", "two words", records=matching),
        ],
    }


def _build_pages(records: int) -> Samples:
    # Before the middle of the data, so that the list has as many rows on both sides in the tests.
    far = min(_FAR, records // 2)
    return {
        "first": [Sample(5)],
        "last": [Sample(5)],
        "after": [Sample(CURSOR, "middle", {"first": 5})],
        "before": [Sample(CURSOR, "middle", {"last": 5})],
        "offset": [Sample(far, "far", {"first": 5}, records=far), Sample(5)],
    }


def _build_dashboards(records: int) -> Samples:
    in_30_days = records * 30 // _DAYS
    return {
        # The other breakdowns, and the numbers of several values, are counted from the records.
        **{
            name: [
                Sample([one], "one value in 30 days", _30_DAYS, records=in_30_days),
                Sample([one], "one value", records=records),
                Sample([one, other], "two values", records=records),
            ]
            for name, (one, other) in _VALUES.items()
        },
        "appointmentType": [Sample("NP")],
        "dateField": [Sample("START")],
        "size": [Sample(10)],
        "page": [Sample(2, also={"size": 2})],
        "start": [
            Sample(_30_DAYS["start"], "30 days", _30_DAYS),
            Sample(_CUT["start"], "year within days", _CUT),
            Sample(_30_DAYS["start"], "midnight"),
        ],
        "end": [Sample(_30_DAYS["end"], "midnight"), Sample(_CUT["end"], "within a day")],
        "days": [Sample(3660), Sample(30)],
        "firstDay": [Sample("2025-06-09", "30 days", {"lastDay": "2025-07-08"}), Sample("2025-06-09")],
        "lastDay": [Sample("2025-07-08")],
        "timezone": [
            Sample(TIMEZONE),
            Sample(_FOREIGN_ZONE, "foreign in 30 days", _30_DAYS, records=in_30_days),
            Sample(_FOREIGN_ZONE, "foreign", records=records),
        ],
        "fillGaps": [Sample(True, also=_30_DAYS)],
    }


def _build_record_filters() -> Samples:
    in_30_days: Document = {"gte": _30_DAYS["start"], "lt": _30_DAYS["end"]}
    return {
        "ConnectedIntegration.resourceRecords(filter:)": [
            Sample({"source": ["website"], "createdAt": in_30_days}, "one source in 30 days"),
            Sample({"source": ["website"], "utmMedium": ["cpc"]}, "source and medium"),
        ],
        "ResourceRecordFilter.start": [Sample(in_30_days, "30 days")],
        **{f"ResourceRecordFilter.{name}": [Sample([*values], "two values")] for name, values in _VALUES.items()},
    }


def _build_audit_filters() -> Samples:
    return {
        "AuditFilter.action": [
            Sample(["integration.export"], "seldom"),
            Sample(["integration.export", "resource_record.upsert"], "two"),
        ],
        "AuditFilter.subject": [Sample(f"integration {FEW}", "integration")],
        "AuditFilter.userId": [Sample(USER, "user")],
        "AuditFilter.keyId": [Sample(KEY_ID, "key")],
    }
