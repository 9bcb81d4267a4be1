"""The appointments dashboard, rule by rule."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.database.tables import ResourceRecord
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Json
from gateway.domain.statistics import APPOINTMENT_STATISTICS
from tests.support.dashboard import DASHBOARD, EMPTY_DASHBOARD, PARTS
from tests.support.factories import connected, record, store
from tests.support.gateway import OTHER_TEAM, Client, Gateway, collect_statements

CLINIC = "clinic"


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(DASHBOARD, id=CLINIC, **variables))["appointmentStatistics"]


async def _fetch_total(client: Client, /, **variables: object) -> int:
    return int((await _fetch(client, **variables))["overview"]["total"])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _build_bookings(*rows: tuple[str, dict[str, Json]]) -> list[ResourceRecord]:
    """Build appointments from creation times and configs. Their ids are their positions."""
    return [record(f"{index:024}", CLINIC, config, at=_at(at)) for index, (at, config) in enumerate(rows)]


async def _create_clinic(gateway: Gateway, *rows: tuple[str, dict[str, Json]], timezone: str = "UTC") -> Client:
    client = await gateway.client(permissions=[Permission.READ_RECORDS])
    await store(gateway.database, connected(CLINIC, timezone=timezone))
    await store(gateway.database, *_build_bookings(*rows))
    return client


async def test_the_dashboard_counts_the_appointments_of_one_integration(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway,
        ("2025-03-01T10:00", {"bookingStatus": "successful", "source": "Web", "utmSource": "google"}),
        ("2025-03-01T11:00", {"bookingStatus": "failed", "source": " Web ", "utmMedium": " "}),
        ("2025-03-03T09:00", {"bookingStatus": "postponed", "source": "web", "utmCampaign": 7}),
        ("2025-03-03T09:00", {}),
    )
    await store(gateway.database, connected("other"))
    await store(gateway.database, record("o", "other"), record("p", CLINIC, {"type": "patients"}))
    assert await _fetch(client) == {
        "overview": {"total": 4, "successful": 1, "failed": 1, "pending": 2},
        "trends": [
            {"date": "2025-03-01T00:00:00.000Z", "day": "2025-03-01", "successful": 1, "failed": 1},
            {"date": "2025-03-03T00:00:00.000Z", "day": "2025-03-03", "successful": 0, "failed": 0},
        ],
        **{each.field: [{"value": each.blank_value, "count": 4}] for each in APPOINTMENT_STATISTICS.breakdowns},
        "source": [
            {"value": "Web", "count": 2},
            {"value": "unknown", "count": 1},
            {"value": "web", "count": 1},
        ],
        "utmSource": [{"value": "direct", "count": 3}, {"value": "google", "count": 1}],
    }


async def test_bounds_are_half_open_and_either_may_be_absent(gateway: Gateway) -> None:
    times = ("2025-03-01T00:00:00", "2025-03-02T00:00:00", "2025-03-02T00:00:00.001", "2025-03-03T00:00:00")
    client = await _create_clinic(gateway, *((at, {}) for at in times))
    assert await _fetch_total(client, start="2025-03-02T00:00:00Z", end="2025-03-03T00:00:00Z") == 2
    assert await _fetch_total(client, start="2025-03-02T00:00:00.001Z") == 2
    assert await _fetch_total(client, end="2025-03-02T01:00:00+01:00") == 1
    assert await _fetch(client, start=times[2] + "Z", end=times[2] + "Z", fill=True) == EMPTY_DASHBOARD


async def test_the_date_field_selects_the_time_of_bounds_and_trends(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway,
        ("2025-03-01T00:00", {"start": "2025-04-01T23:00:00-05:00", "bookingStatus": "failed"}),
        ("2025-03-02T00:00", {}),
    )
    april = {"start": "2025-04-01T00:00:00Z", "end": "2025-05-01T00:00:00Z"}
    assert await _fetch_total(client, **april) == 0
    answer = await _fetch(client, by="START", **april)
    assert answer["overview"]["total"] == 1
    assert [trend["day"] for trend in answer["trends"]] == ["2025-04-02"]
    # Without bounds all match, but a visit without a time is on no day.
    assert await _fetch_total(client, by="START") == 2
    assert [trend["day"] for trend in (await _fetch(client, by="START"))["trends"]] == ["2025-04-02"]


async def test_an_appointment_type_is_filtered_by_its_wire_spelling(gateway: Gateway) -> None:
    kinds: list[Json] = ["F/U", "FU Tele", "NP", "np", None]
    client = await _create_clinic(gateway, *(("2025-03-01T00:00", {"appointmentType": kind}) for kind in kinds))
    totals = {None: 5, "F_U": 1, "FU_TELE": 1, "NP": 1, "RAP_ACCESS": 0}
    assert {type: await _fetch_total(client, type=type) for type in totals} == totals


SEARCHES = {
    "": 3,
    "  ": 3,
    "ÉMILE straße": 1,
    "émile STRASSE north": 1,
    "émile nowhere": 0,
    "checkup": 1,
    "newsletter": 1,
    "100%": 1,
    "%": 1,
    "_": 1,
    "a\\b": 1,
    "\\": 1,
    "ext-7": 1,
    "000000000000000000000002": 1,
    "appointments": 0,
    "direct": 0,
}


async def test_every_word_of_a_search_must_occur(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway,
        ("2025-03-01T00:00", {"patientName": "Émile", "practitionerName": "Straße", "locationName": "North"}),
        ("2025-03-01T00:00", {"visitingReasonName": "Checkup", "source": "100%_", "utmMedium": "a\\b"}),
        ("2025-03-01T00:00", {"id": "EXT-7", "utmCampaign": "Newsletter"}),
    )
    assert {search: await _fetch_total(client, search=search) for search in SEARCHES} == SEARCHES


async def test_filters_are_combined_with_and(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway,
        ("2025-03-01T00:00", {"appointmentType": "NP", "source": "web"}),
        ("2025-03-01T00:00", {"appointmentType": "NP", "source": "desk"}),
        ("2025-03-01T00:00", {"appointmentType": "F/U", "source": "web"}),
        ("2025-03-09T00:00", {"appointmentType": "NP", "source": "web"}),
    )
    assert await _fetch_total(client, type="NP", search="web", end="2025-03-05T00:00:00Z") == 1


async def test_each_list_is_paged_on_its_own_and_the_total_is_not(gateway: Gateway) -> None:
    sources: list[Json] = ["b", "a", "c", "Ä", "c", "a", "b", "B", "ä"]
    client = await _create_clinic(
        gateway,
        *(("2025-03-01T00:00", {"source": source, "utmSource": "mail"}) for source in sources),
    )
    pages = [await _fetch(client, size=2, page=page) for page in (1, 2, 3, 4)]
    assert [[(bucket["value"], bucket["count"]) for bucket in page["source"]] for page in pages] == [
        [("a", 2), ("b", 2)],
        [("c", 2), ("B", 1)],
        [("Ä", 1), ("ä", 1)],
        [],
    ]
    assert [len(page["utmSource"]) for page in pages] == [1, 0, 0, 0]
    assert {page["overview"]["total"] for page in pages} == {9}
    assert (await _fetch(client, size=2**31 - 1, page=2**31 - 1))["source"] == []


@pytest.mark.parametrize(
    ("argument", "zone", "day", "date"),
    [
        (None, "America/Chicago", "2025-03-01", "2025-03-01T06:00:00.000Z"),
        ("Asia/Kathmandu", "America/Chicago", "2025-03-02", "2025-03-01T18:15:00.000Z"),
        ("UTC", "America/Chicago", "2025-03-02", "2025-03-02T00:00:00.000Z"),
        (None, "<string>", "2025-03-02", "2025-03-02T00:00:00.000Z"),
    ],
)
async def test_the_zone_is_the_argument_or_that_of_the_integration_or_utc(
    gateway: Gateway, argument: str | None, zone: str, day: str, date: str
) -> None:
    client = await _create_clinic(gateway, ("2025-03-02T05:59:59.999", {"bookingStatus": "failed"}), timezone=zone)
    trends = (await _fetch(client, zone=argument))["trends"]
    assert trends == [{"date": date, "day": day, "successful": 0, "failed": 1}]


async def test_gaps_are_filled_between_the_bounds_over_days_of_every_length(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway, ("2025-03-08T18:00", {"bookingStatus": "successful"}), timezone="America/Havana"
    )
    bounds = {"start": "2025-03-08T05:30:00Z", "end": "2025-03-10T04:00:00.001Z"}
    trends = (await _fetch(client, fill=True, **bounds))["trends"]
    assert [(trend["day"], trend["date"], trend["successful"]) for trend in trends] == [
        ("2025-03-08", "2025-03-08T05:00:00.000Z", 1),
        ("2025-03-09", "2025-03-09T05:00:00.000Z", 0),
        ("2025-03-10", "2025-03-10T04:00:00.000Z", 0),
    ]
    bounds["end"] = "2025-03-10T04:00:00Z"
    assert len((await _fetch(client, fill=True, **bounds))["trends"]) == 2
    assert len((await _fetch(client, fill=True, end=bounds["end"]))["trends"]) == 2
    assert len((await _fetch(client, fill=True, start="2025-03-01T05:00:00Z"))["trends"]) == 8
    assert len((await _fetch(client, fill=True))["trends"]) == 1
    assert (await _fetch(client, fill=True, search="nobody"))["trends"] == []
    assert (await _fetch(client, fill=True, search="nobody", **bounds))["trends"][0]["successful"] == 0
    assert len((await _fetch(client, **bounds))["trends"]) == 1


async def test_too_many_days_are_refused_only_when_filled(gateway: Gateway) -> None:
    client = await _create_clinic(
        gateway,
        ("0001-01-01T00:00", {}),
        ("1970-01-01T00:00", {}),
        ("2025-03-01T00:00", {}),
        ("9999-12-31T23:59:59.999", {}),
        timezone="America/Chicago",
    )
    sparse = (await _fetch(client))["trends"]
    assert [trend["day"] for trend in sparse] == ["0001-01-01", "1969-12-31", "2025-02-28", "9999-12-31"]
    answer = await client(DASHBOARD, id=CLINIC, fill=True)
    assert answer["data"] == {"appointmentStatistics": None}
    assert answer["errors"][0]["message"].startswith("`fillGaps` fills at most 3660 days, not 3652059.")
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": ["fillGaps"]}


async def test_only_the_selected_parts_run_sql(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, ("2025-03-01T00:00", {}))
    counted = {}
    for part in ("asOf", "overview { total }", "source { count }", "trends { day }", PARTS):
        with collect_statements() as statements:
            await client.data('{ appointmentStatistics(integrationId: "clinic") { %s } }' % part)  # noqa: UP031
        counted[part] = sum("day_count" in statement or "resource_record" in statement for statement in statements)
    assert [*counted.values()] == [0, 1, 1, 1, 1]


NESTED = "{ integrations { nodes { id ... on ConnectedIntegration { appointmentStatistics {" + PARTS + "} } } } }"


async def test_dashboards_of_many_integrations_need_as_many_statements_as_one(gateway: Gateway) -> None:
    client = await gateway.client()
    statement_counts: dict[int, int] = {}
    for number in (1, 10, 50):
        await store(
            gateway.database, *(connected(f"{number}-{index}") for index in range(number - len(statement_counts)))
        )
        with collect_statements() as statements:
            await client.data(NESTED.replace("integrations", "integrations(first: 50)"))
        statement_counts[number] = len(statements)
    assert len(set(statement_counts.values())) == 1


async def test_each_integration_counts_its_own_records(gateway: Gateway) -> None:
    client = await _create_clinic(gateway, ("2025-03-02T05:00", {"source": "web"}), timezone="America/Chicago")
    await store(gateway.database, connected("second"), connected("empty"))
    await store(gateway.database, record("s", "second", {"bookingStatus": "failed"}, at=_at("2025-03-02T05:00")))
    everything = await gateway.client()
    nodes = (await everything.data(NESTED))["integrations"]["nodes"]
    nested = {node["id"]: node["appointmentStatistics"] for node in nodes}
    alone = {id: (await client.data(DASHBOARD, id=id))["appointmentStatistics"] for id in nested}
    assert nested == alone
    assert nested["empty"] == EMPTY_DASHBOARD
    assert [nested[id]["trends"][0]["day"] for id in (CLINIC, "second")] == ["2025-03-01", "2025-03-02"]


async def test_an_invisible_integration_gets_the_same_response_as_a_missing_one(gateway: Gateway) -> None:
    await _create_clinic(gateway)
    await store(gateway.database, connected("private", access="personal"), connected("shared", access="system"))
    await store(gateway.database, record("s", "shared"))
    colleague = await gateway.client(user_id="colleague", permissions=[Permission.READ_RECORDS])
    stranger = await gateway.client(team_id=OTHER_TEAM)
    missing = await stranger(DASHBOARD, id="missing")
    assert missing["errors"][0]["extensions"] == {"code": "NOT_FOUND", "argument": ["integrationId"]}
    for client, id in ((stranger, CLINIC), (stranger, "shared"), (colleague, "private"), (colleague, "missing")):
        assert await client(DASHBOARD, id=id) == missing
    shared = await stranger.data(NESTED)
    assert shared["integrations"]["nodes"] == [{"id": "shared", "appointmentStatistics": EMPTY_DASHBOARD}]


async def test_without_the_permission_only_the_dashboard_is_refused(gateway: Gateway) -> None:
    await _create_clinic(gateway)
    client = await gateway.client(user_id="other", permissions=[Permission.READ_INTEGRATIONS])
    refusal = {"code": "FORBIDDEN"}
    answer = await client(DASHBOARD, id=CLINIC)
    assert answer["errors"][0]["extensions"] == refusal
    nested = await client(NESTED)
    assert nested["data"]["integrations"]["nodes"] == [{"id": CLINIC, "appointmentStatistics": None}]
    assert nested["errors"][0]["extensions"] == refusal
    assert nested["errors"][0]["path"] == ["integrations", "nodes", 0, "appointmentStatistics"]
