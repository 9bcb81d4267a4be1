"""Requests for statistics as CSV: which parameters they may have, and who may send them."""

from typing import Any

import pytest
from httpx import Response

from gateway.domain.enums import AppointmentType, Permission, StatisticsDateField, TrendPeriod
from tests.rest.test_statistics import CLINIC, create_clinic
from tests.support.factories import connected, store
from tests.support.gateway import OTHER_TEAM, Gateway
from tests.support.signing_in import SAME_ORIGIN, open_browser, sign_in
from tests.support.statistics_csv import URL, get, post


def list_problems(response: Response) -> list[tuple[list[str], str, str]]:
    assert response.status_code == 422, response.text
    return [(problem["loc"], problem["msg"], problem["type"]) for problem in response.json()["detail"]]


async def test_all_problems_of_a_url_are_reported_at_once(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    query = (
        "part=trends&by=day&days=x&days=1&search=Jane&nope=1&nope=2&firstDay=20250309&appointmentType=F/U&body=1"
    )
    headers = {"Authorization": f"Bearer {client.key}"}
    response = await client.http.get(f"{URL}?{query}&body=1", headers=headers)
    names = (
        "`integrationId`, `part`, `by`, `appointmentType`, `source`, `utmSource`, `utmMedium`, `utmCampaign`, "
        "`days`, `firstDay`, `lastDay`, `start`, `end`, `timezone`, `dateField`, `fillGaps`, `bom`"
    )
    unknown = f"The parameter is unknown. Allowed are {names}."
    tables = "'all', 'overview', 'days', 'source', 'utmSource', 'utmMedium' or 'utmCampaign'"
    types = "'NP', 'F_U', 'ASC_FU', 'FU_TELE', 'PROCEDURE', 'PROV_USE' or 'RAP_ACCESS'"
    search = (
        "`search` is not allowed in a URL, because it can be the name of a patient. "
        "Send it by POST, in a JSON object with the same names."
    )
    assert list_problems(response) == [
        (["query", "days"], "`days` occurs 2 times; send it once.", "value_error"),
        (["query", "search"], search, "extra_forbidden"),
        (["query", "nope"], unknown, "extra_forbidden"),
        (["query", "body"], unknown, "extra_forbidden"),
        (["query", "integrationId"], "Field required", "missing"),
        (["query", "part"], f"Input should be {tables}", "literal_error"),
        (["query", "by"], "Input should be 'DAY', 'WEEK' or 'MONTH'", "literal_error"),
        (["query", "appointmentType"], f"Input should be {types}", "literal_error"),
        (["query", "firstDay"], "Input should be a day such as 2026-11-30", "date_parsing"),
    ]
    assert "Jane" not in response.text


async def test_all_problems_of_a_body_are_reported_at_once(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    body = {"integrationId": CLINIC, "page": 1, "source": "web", "firstDay": 5}
    *problems, unknown = list_problems(await post(client, body, days=7))
    in_body = "This URL takes its parameters in the body, as a JSON object."
    assert problems == [
        (["query", "days"], in_body, "extra_forbidden"),
        (["body", "source"], "Input should be a valid tuple", "tuple_type"),
        (["body", "firstDay"], "Input should be a day such as 2026-11-30", "date_parsing"),
    ]
    assert unknown[0] == ["body", "page"]
    assert unknown[1].endswith("`bom`, `search`.")
    bodies: tuple[object, ...] = (None, [], "x")
    for wrong in bodies:
        assert [problem[0] for problem in list_problems(await post(client, wrong))] == [["body"]]


async def test_the_rules_of_dashboards_hold(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    message = "`days` must be from 1 to 3660, not 0."
    assert list_problems(await get(client, days=0)) == [(["query", "days"], message, "value_error")]
    body = {"integrationId": CLINIC, "days": 0}
    assert list_problems(await post(client, body)) == [(["body", "days"], message, "value_error")]
    long = await get(client, fillGaps="true", firstDay="2000-01-01", lastDay="2025-01-01", part="days")
    (problem,) = list_problems(long)
    assert problem[0] == ["query", "fillGaps"]
    assert problem[1].startswith("`fillGaps` fills at most 3660 days, not 9133.")
    many = {"integrationId": CLINIC, "source": [str(n) for n in range(101)]}
    assert [problem[0] for problem in list_problems(await post(client, many))] == [["body", "source"]]


async def test_what_the_viewer_may_not_see_is_missing_in_the_same_bytes(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    other = "64a000000000000000000002"
    await store(gateway.database, connected(other, team_id=OTHER_TEAM, access="system"))
    hidden, missing = await get(client, integrationId=other), await get(client, integrationId="none")
    detail = {"detail": "There is no connected integration with this id."}
    assert (missing.status_code, missing.json()) == (404, detail)
    assert (hidden.status_code, hidden.content) == (404, missing.content)


async def test_a_search_needs_the_permission_to_read_records(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    body = {"integrationId": CLINIC, "part": "overview", "search": "ANNA strasse"}
    found = await post(client, body)
    assert found.text.splitlines()[1] == "queried,,,America/Chicago,1,0,0,1"
    assert (await post(client, {**body, "search": None})).text.splitlines()[1].split(",")[4] == "4"
    counter = await gateway.client(permissions=[Permission.READ_STATISTICS, Permission.READ_INTEGRATIONS])
    assert (await get(counter, part="overview")).status_code == 200
    refused = await post(counter, body)
    detail = {"detail": "This needs the permission READ_RECORDS."}
    assert (refused.status_code, refused.json()) == (403, detail)


async def test_a_session_may_read_by_a_link_and_by_post_with_its_csrf_token(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    link = {"integrationId": CLINIC, "part": "source"}
    body = {**link, "search": "anna"}
    async with open_browser(gateway) as http:
        assert (await http.get(URL, params=link)).status_code == 401
        csrf = {"X-CSRF-Token": (await sign_in(http, client))["csrfToken"]}
        clicked = await http.get(URL, params=link, headers={"Sec-Fetch-Site": "same-origin"})
        assert clicked.content == (await get(client, part="source")).content
        assert (await http.get(URL, params=link, headers={"Sec-Fetch-Site": "none"})).status_code == 200
        posted = await http.post(URL, json=body, headers={**SAME_ORIGIN, **csrf})
        assert posted.content == (await post(client, body)).content
        for headers in ({}, {"X-CSRF-Token": "x" * 64}):
            refused = await http.post(URL, json=body, headers={**SAME_ORIGIN, **headers})
            message = (
                "With a session cookie this needs `X-CSRF-Token`; send the `csrfToken` of GET /session in it."
            )
            assert (refused.status_code, refused.json()) == (403, {"detail": message})
        for site in ("cross-site", "same-site"):
            assert (await http.get(URL, params=link, headers={"Sec-Fetch-Site": site})).status_code == 401
            foreign = {"Sec-Fetch-Site": site, **csrf}
            assert (await http.post(URL, json=body, headers=foreign)).status_code == 401
        # The other headers for a key are not read, and do not hide the cookie.
        other = await gateway.client(permissions=[])
        rocketchat = {"X-Auth-Token": other.key, "X-User-Id": other.viewer.user_id}
        assert (await http.get(URL, params=link, headers=rocketchat)).status_code == 200
        bearer = {"Authorization": f"Bearer {other.key}"}
        assert (await http.get(URL, params=link, headers=bearer)).status_code == 403


async def test_head_answers_as_get_and_other_methods_are_refused(gateway: Gateway) -> None:
    client = await create_clinic(gateway)
    headers = {"Authorization": f"Bearer {client.key}", "Accept": "text/csv"}
    url = f"{URL}?integrationId={CLINIC}&part=days"
    found = await client.http.get(url, headers=headers)
    head = await client.http.head(url, headers=headers)
    assert (found.status_code, head.status_code, head.content) == (200, 200, b"")
    same = ("Content-Length", "Content-Type", "Content-Disposition")
    assert [head.headers[name] for name in same] == [found.headers[name] for name in same]
    refused = await client.http.put(url, headers=headers)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, POST")
    detail = "The method PUT is not allowed here; send GET, HEAD, POST."
    assert refused.json() == {"detail": detail}


@pytest.mark.parametrize(
    ("name", "words"),
    [("appointmentType", AppointmentType), ("dateField", StatisticsDateField), ("by", TrendPeriod)],
)
async def test_each_word_of_the_graph_is_allowed(gateway: Gateway, name: str, words: Any) -> None:
    client = await create_clinic(gateway)
    for word in words.__members__:
        assert (await get(client, **{name: word})).status_code == 200
