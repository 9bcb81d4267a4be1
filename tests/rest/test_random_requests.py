"""Random requests to Interactly's URLs: each answer has the form of the document, and none is a failure."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.factories import connected, record, store
from tests.support.gateway import Gateway
from tests.support.rest import send

CLINIC = "64a000000000000000000001"
STATISTICS = f"/integrations/v2/resource-records/{CLINIC}/appointments/statistics"
UPSERT = "/integrations/v1/integrations/microsoft/use-case-groups"

in_few_examples: Callable[[Any], Any] = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

texts = st.text(max_size=8) | st.sampled_from(("\0", "%", "'", "a" * 600, "1e999", "-0", "NaN", "²", "\u0661"))
numbers = st.integers(-(2**65), 2**65).map(str)
instants = st.sampled_from(
    ("0001-01-01", "9999-12-31T23:59:59.999999Z", "2025-03-09T00:00:00-23:59", "-1", "1e12")
)
parameters = st.dictionaries(
    st.sampled_from(("size", "page", "search", "start", "end", "appointmentType", "body", "integration_id", "x")),
    texts | numbers | instants | st.datetimes().map(str) | st.sampled_from(("NP", "F/U")),
)

leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
actions = st.fixed_dictionaries(
    {},
    optional={
        "action_type": st.sampled_from(("SMS", "CALL")) | anything,
        "context": texts,
        "day": st.integers(-1, 366) | anything,
        "template_name": texts,
    },
)
use_cases = st.fixed_dictionaries(
    {"use_case": st.sampled_from(("LAB_REMINDER", "BILLING_REMINDER")) | anything},
    optional={"enabled": anything, "actions": st.lists(actions, max_size=2) | anything},
)
groups = st.fixed_dictionaries(
    {"name": texts | anything},
    optional={
        "slug": st.sampled_from(("a", "b")) | anything,
        "sheet_link": st.just("https://sheets.example") | anything,
        "assistant_id": texts,
        "timezone": st.sampled_from(("America/Chicago", "UTC")) | texts,
        "start_time": st.times().map(str) | texts,
        "group_id": st.text("0123456789abcdef\0", min_size=24, max_size=24) | anything,
        "use_cases": st.lists(use_cases, max_size=2) | anything,
    },
)


def check_refusal(status: int, body: Any) -> None:
    """Require the form of FastAPI's refusals."""
    assert [*body] == ["detail"]
    if status == 422:
        assert body["detail"]
        assert all([*problem] == ["loc", "msg", "type"] for problem in body["detail"])
    else:
        assert isinstance(body["detail"], str)


@in_few_examples
@given(parameters=parameters)
async def test_random_parameters_are_answered_or_refused(gateway: Gateway, parameters: dict[str, str]) -> None:
    if not await gateway.database.run_sync(_has_integrations, read_only=True):
        await store(gateway.database, connected(CLINIC, timezone="Asia/Kathmandu"), record("1" * 24, CLINIC))
    query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
    response = await send(await gateway.client(), f"{STATISTICS}?{query}")
    assert response.status_code in {200, 400, 422}, response.text
    if response.status_code != 200:
        check_refusal(response.status_code, response.json())


@in_few_examples
@given(body=groups | anything)
async def test_random_bodies_are_accepted_or_refused(gateway: Gateway, body: Any) -> None:
    if not await gateway.database.run_sync(_has_integrations, read_only=True):
        await store(gateway.database, connected(CLINIC))
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    response = await send(await gateway.client(), UPSERT, "POST", headers, content=content)
    assert response.status_code in {200, 400, 404, 409, 422}, response.text
    if response.status_code != 200:
        check_refusal(response.status_code, response.json())


def _has_integrations(connection: Any) -> bool:
    return bool(connection.exec_driver_sql("SELECT count(*) FROM integration").scalar())
