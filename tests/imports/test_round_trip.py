"""Round trips of random export documents: export and import change nothing."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gateway import services
from gateway.domain.documents.exports import compute_checksum
from tests.support.examples import example
from tests.support.gateway import Gateway
from tests.support.importing import export_integration, import_accepted

LAW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
JSON: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
IDS = st.text("0123456789abcdefXYZ.-_", min_size=1, max_size=24)
INSTANTS = (
    st.sampled_from(["2023-11-07T05:31:56Z", "2023-11-07", "yesterday", "2024-02-29T23:59:59.999+05:45"]) | JSON
)
ZONES = st.sampled_from(["<string>", "UTC", "America/Chicago", "america/chicago"]) | JSON
TYPES = (
    st.sampled_from(["lab_reminder_with_sheet", "practitioners", "appointments", "patients", "unheard_of"]) | JSON
)
SCHEDULES = st.fixed_dictionaries({"field": st.sampled_from(["oneTime", "recurring", "weekly"]) | JSON})
ACTIONS = st.lists(
    st.fixed_dictionaries({}, optional={"schedule": SCHEDULES | JSON, "daysWindow": JSON}) | JSON, max_size=2
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES,
        "name": TEXT | JSON,
        "timezone": ZONES,
        "status": JSON,
        "actions": ACTIONS | JSON,
        "start": INSTANTS,
        "accessToken": JSON,
        "refreshToken": TEXT,
        "provider": JSON,
        "?": JSON,
    },
)


def entries(**optional: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Generate objects of a document without their ids, with missing keys and unknown ones."""
    return st.fixed_dictionaries(
        {},
        optional={
            "createdAt": INSTANTS,
            "updatedAt": INSTANTS,
            "createdBy": IDS | JSON,
            "updatedBy": JSON,
            "integrationId": IDS | JSON,
            "schedulerNames": st.lists(TEXT, max_size=2) | JSON,
            "config": CONFIGS | JSON,
            "unknown": JSON,
            **optional,
        },
    )


@st.composite
def lists(draw: DrawFn, kind: str) -> list[dict[str, Any]]:
    ids = draw(st.lists(IDS, max_size=4, unique=True))
    found = []
    for place, id in enumerate(ids):
        known = draw(st.sampled_from([{}, {"logicalId": f"{kind}_{place}"}]))
        found.append({**draw(entries()), "_id": id, **known})
    return found


@st.composite
def documents(draw: DrawFn) -> dict[str, Any]:
    """Generate export documents of every accepted shape."""
    of_integration = entries(
        name=TEXT | JSON,
        status=JSON,
        access=st.sampled_from(["personal", "team", "system", "unheard of"]) | JSON,
        timezone=ZONES,
        logicalId=IDS,
    )
    document: dict[str, Any] = {"integration": {**draw(of_integration), "_id": draw(IDS)}}
    for part in ("use_cases", "resource_records"):
        if draw(st.booleans()):
            document[part] = draw(lists(part))
    return {**document, **draw(st.dictionaries(TEXT, JSON, max_size=2))}


def sort_lists(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its lists, sorted by id."""
    sort = {
        part: sorted(document.get(part, []), key=lambda one: str(one["_id"]))
        for part in ("use_cases", "resource_records")
    }
    return {**document, **sort}


@LAW
@given(document=documents())
async def test_an_export_has_the_same_checksum_in_another_team(gateway: Gateway, document: dict[str, Any]) -> None:
    first, second = await gateway.client(uuid4().hex), await gateway.client(uuid4().hex)
    id = (await import_accepted(first, document))["integration"]["id"]
    export = await export_integration(first, id)
    assert id == document["integration"]["_id"]
    assert export["checksum"] == compute_checksum(sort_lists(document))
    again = await import_accepted(second, export["document"])
    assert again["outcome"] == "CREATED"
    assert (await export_integration(second, id))["checksum"] == export["checksum"]


@LAW
@given(document=documents())
async def test_a_second_import_changes_nothing(gateway: Gateway, document: dict[str, Any]) -> None:
    client = await gateway.client(uuid4().hex)
    created = await import_accepted(client, document)
    before = await export_integration(client, created["integration"]["id"])
    for again in (document, before["document"]):
        for mode in ("MERGE", "REPLACE"):
            answer = await import_accepted(client, again, mode=mode)
            assert answer == {
                "integration": {"id": document["integration"]["_id"], "version": 1},
                "outcome": "UNCHANGED",
                "created": 0,
                "updated": 0,
                "unchanged": created["created"],
                "deleted": 0,
            }
    assert await export_integration(client, document["integration"]["_id"]) == before


@LAW
@given(document=documents())
async def test_an_import_by_an_operator_round_trips_exactly(gateway: Gateway, document: dict[str, Any]) -> None:
    team = uuid4().hex
    document["integration"]["teamId"] = team
    document["integration"]["access"] = "team"
    for expected in (True, False):
        async with gateway.database.write() as session:
            done = await services.imports.import_as_operator(session, document)
        assert (done.tally.created > 0, done.tally.unchanged > 0) == (expected, not expected)
    client = await gateway.client(team)
    export = await export_integration(client, document["integration"]["_id"])
    assert sort_lists(export["document"]) == sort_lists(document)


@pytest.mark.parametrize("part", ["use_cases", "resource_records"])
async def test_the_example_round_trips(gateway: Gateway, part: str) -> None:
    document = example("export.response")
    del document[part]
    client = await gateway.client()
    await import_accepted(client, document)
    export = await export_integration(client, "5eb7cf5a86d9755df3a6c593")
    assert export["checksum"] == compute_checksum({**document, part: []})
