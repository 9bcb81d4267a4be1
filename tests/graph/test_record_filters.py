"""Filters of records: each list has the records that meet all conditions, in its order."""

from dataclasses import fields
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.calendar.instants import format_instant, parse_instant
from gateway.domain.enums import Permission
from gateway.domain.lenient_reading import Document
from gateway.domain.statistics import DATE_COLUMNS, STATISTICS_COLUMNS, ValueFilter
from gateway.schema.record_filters import ResourceRecordFilter
from tests.support.factories import AT, connected, record, store
from tests.support.gateway import Client, Gateway, collect_statements

LIST = """query (
  $id: ID!, $type: ResourceType, $search: String, $filter: ResourceRecordFilter, $first: Int, $last: Int,
  $after: String
) {
  integration(id: $id) { ... on ConnectedIntegration {
    resourceRecords(
      type: $type, search: $search, filter: $filter, first: $first, last: $last, after: $after
    ) { totalCount nodes { id } pageInfo { endCursor hasNextPage } }
  } } }"""
BLANKS = {"source": "unknown", "utmSource": "direct", "utmMedium": "not set", "utmCampaign": "not set"}
TYPES = {"APPOINTMENTS": "appointments", "PATIENTS": "patients", "PRACTITIONERS": "practitioners", "OTHER": "room"}
VISITS = {"NP": "NP", "F_U": "F/U"}
_numbers = count()

times = st.integers(0, 12).map(lambda number: AT + timedelta(hours=number))
rows = st.lists(
    st.tuples(
        times,
        st.fixed_dictionaries(
            {"type": st.sampled_from((*TYPES.values(), "appointments", "patients"))},
            optional={
                "name": st.sampled_from(("Anna", "Bob")),
                "patientName": st.sampled_from(("Anna", "Bob")),
                "lastName": st.sampled_from(("Anna", "Bob")),
                "bookingStatus": st.sampled_from(("successful", "failed", "pending", "odd")),
                "appointmentType": st.sampled_from(("NP", "F/U", "odd")),
                "start": times.map(format_instant),
                **{key: st.sampled_from(("google", " google ", "bing", "")) for key in BLANKS},
            },
        ),
    ),
    max_size=25,
)
instant_filters = st.fixed_dictionaries(
    {}, optional={name: times.map(format_instant) for name in ("eq", "gt", "gte", "lt", "lte")}
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "bookingStatus": st.lists(st.sampled_from(("SUCCESSFUL", "FAILED", "PENDING")), max_size=2),
        "appointmentType": st.lists(st.sampled_from([*VISITS]), max_size=2),
        "createdAt": instant_filters,
        "start": instant_filters,
        **{
            key: st.none() | st.lists(st.sampled_from(("google", "bing", blank)), max_size=3)
            for key, blank in BLANKS.items()
        },
    },
)


def _get_value(config: Document, key: str) -> str | None:
    """Return the value that a filter compares; None for a record without such values."""
    type_, value = config["type"], config.get(key)
    if type_ not in ("appointments", "patients") or (
        type_ == "patients" and key not in ("source", "bookingStatus")
    ):
        return None
    if key == "appointmentType":
        return next((name for name, word in VISITS.items() if word == value), None)
    if key == "bookingStatus":
        default = "PENDING" if type_ == "appointments" or value else "SUCCESSFUL"
        return str(value).upper() if value in ("successful", "failed", "pending") else default
    return str(value or "").strip() or BLANKS[key]


def _is_within(at: datetime | None, conditions: dict[str, str]) -> bool:
    compare = {
        "eq": datetime.__eq__,
        "gt": datetime.__gt__,
        "gte": datetime.__ge__,
        "lt": datetime.__lt__,
        "lte": datetime.__le__,
    }
    return all(
        at is not None and (bound := parse_instant(text)) is not None and compare[name](at, bound)
        for name, text in conditions.items()
    )


def _matches(at: datetime, config: Document, filter: dict[str, Any]) -> bool:
    start = parse_instant(str(config.get("start"))) if config["type"] == "appointments" else None
    return (
        _is_within(at, filter.get("createdAt") or {})
        and ("start" not in filter or start is not None or not filter["start"])
        and _is_within(start, filter.get("start") or {})
        and all(
            _get_value(config, key) in values
            for key, values in filter.items()
            if key not in ("createdAt", "start") and values is not None
        )
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    filter=filters,
    type=st.none() | st.sampled_from([*TYPES]),
    search=st.sampled_from((None, None, "anna", "anna o", "b")),
    size=st.sampled_from((1, 3, 100)),
)
async def test_a_list_has_the_records_that_meet_all_conditions(
    gateway: Gateway, rows: Any, filter: dict[str, Any], type: str | None, search: str | None, size: int
) -> None:
    client, id = await gateway.client(), f"clinic-{next(_numbers)}"
    await store(gateway.database, connected(id))
    names = [f"{id}-{number:03}".translate(str.maketrans("abo", "xyz")) for number in range(len(rows))]
    await store(
        gateway.database,
        *(record(name, id, {**config}, at=at) for name, (at, config) in zip(names, rows, strict=True)),
    )
    expected = [
        name
        for name, (at, config) in sorted(zip(names, rows, strict=True), key=lambda each: (each[1][0], each[0]))
        if _matches(at, config, filter)
        and (type is None or config["type"] == TYPES[type])
        and _has_words(name, config, (search or "").split())
    ]
    conditions = {"id": id, "type": type, "filter": filter, "search": search}
    found: list[str] = []
    page = await _fetch(client, **conditions, first=size)
    assert page["totalCount"] == len(expected)
    found += [node["id"] for node in page["nodes"]]
    while page["pageInfo"]["hasNextPage"]:
        page = await _fetch(client, **conditions, first=size, after=page["pageInfo"]["endCursor"])
        found += [node["id"] for node in page["nodes"]]
    assert found == expected
    last = await _fetch(client, **conditions, last=size)
    assert [node["id"] for node in last["nodes"]] == expected[-size:]


def _has_words(name: str, config: Document, words: list[str]) -> bool:
    keys = {
        "appointments": ("patientName", *BLANKS),
        "patients": ("lastName", "source"),
        "practitioners": ("name",),
        "room": ("name",),
    }[str(config["type"])]
    text = "\n".join([name, *(str(config[key]) for key in keys if config.get(key))]).casefold()
    return all(word in text for word in words)


async def _fetch(client: Client, /, **variables: object) -> Any:
    return (await client.data(LIST, **variables))["integration"]["resourceRecords"]


async def test_a_page_of_two_types_has_only_records_that_meet_the_conditions(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    types = ("appointments", "patients", "room")
    configs: list[Document] = [
        {"type": types[place % 3], "source": "web" if place % 4 else "phone"} for place in range(24)
    ]
    await store(
        gateway.database,
        *(
            record(f"{place:024}", "clinic", config, at=AT + timedelta(hours=place))
            for place, config in enumerate(configs)
        ),
    )
    expected = [
        f"{place:024}" for place, each in enumerate(configs) if each["type"] != "room" and each["source"] == "web"
    ]
    filter = {"source": ["web"]}
    first = await _fetch(client, id="clinic", filter=filter, first=5)
    assert [node["id"] for node in first["nodes"]] == expected[:5]
    assert first["totalCount"] == len(expected) == 12
    last = await _fetch(client, id="clinic", filter=filter, last=5)
    assert [node["id"] for node in last["nodes"]] == expected[-5:]


async def test_conditions_that_no_record_can_meet_read_no_records(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    await store(gateway.database, record("r", "clinic", {"source": "web", "utmSource": "web"}))
    for type_, filter in (
        (None, {"source": []}),
        ("PATIENTS", {"utmSource": ["web"]}),
        ("OTHER", {"source": ["web"]}),
        ("PRACTITIONERS", {"bookingStatus": ["PENDING"]}),
        ("PATIENTS", {"start": {"gte": "2000-01-01T00:00:00Z"}}),
    ):
        with collect_statements() as statements:
            found = await _fetch(client, id="clinic", type=type_, filter=filter)
        assert found["totalCount"] == 0
        assert not any("FROM resource_record" in statement for statement in statements)


async def test_too_many_values_are_refused_with_their_paths(gateway: Gateway) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    filter = {"source": ["a"] * 101, "bookingStatus": ["FAILED"] * 101, "utmMedium": ["a"] * 100}
    answer = await client(LIST, id="clinic", filter=filter)
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "BAD_USER_INPUT", "argument": ["filter", name]} for name in ("bookingStatus", "source")
    ]


async def test_a_filter_needs_the_permission_for_records(gateway: Gateway) -> None:
    await store(gateway.database, connected("clinic"))
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    answer = await client(LIST, id="clinic", filter={"source": ["web"]})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


@pytest.mark.parametrize("filter", [{}, None, {"source": None}, {"start": {}}, {"start": {"gt": None}}])
async def test_a_filter_without_conditions_matches_all(gateway: Gateway, filter: Any) -> None:
    client = await gateway.client()
    await store(gateway.database, connected("clinic"))
    await store(gateway.database, record("r", "clinic", {"type": "room"}))
    assert (await _fetch(client, id="clinic", filter=filter))["totalCount"] == 1


def test_each_value_of_dashboards_is_a_filter_of_records() -> None:
    columns = {"appointment_type", *STATISTICS_COLUMNS}
    assert {field.name for field in fields(ValueFilter)} == columns
    assert {field.name for field in fields(ResourceRecordFilter)} == {*columns, *DATE_COLUMNS.values()}
