"""Filters agree with what is read: tokens, access, events, channels and users."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from gateway import sql
from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.enums import IntegrationAccess, IntegrationKind, Permission, TokenState
from gateway.domain.integration_filters import IntegrationFilter, TextFilter, TokenInstants
from gateway.domain.integrations import EXPIRING_SOON, build_sort_order, get_token_state
from gateway.domain.lenient_reading import Json
from gateway.domain.paging import PageArguments
from gateway.schema import schema
from gateway.sql.text_lists import LikePattern
from tests.support.factories import connected, store, webhook
from tests.support.filter_evaluation import ACCESSES, EVENTS, TOKEN_STATES
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway
from tests.support.integration_operations import create, update

VALUES = """nodes {
  id
  ... on ConnectedIntegration { access config { tokenState } }
  ... on WebhookIntegration { channel userId } ... on OutgoingWebhook { event }
}"""
CHANNELS = ["#a", "#A", "@b", "#a\n#b", '"', "\\"]
USER_IDS = ["u", "U"]
MILLISECOND = timedelta(milliseconds=1)


def build_rows() -> list[Integration]:
    """Return integrations whose documents have good, odd and faulty values."""
    chance, now = Random(19), instants.now()
    rows = []
    for number in range(60):
        delta = timedelta(hours=chance.choice([-50, -1, 1, 23, 25, 90]))
        at = instants.format_instant(now + delta)
        expiries = [None, "", "soon", 5, at, at.replace("Z", "+00:00"), f" {at.lower()} ", at.replace("Z", "123Z")]
        config: dict[str, Json] = {
            "accessToken": chance.choice([None, "", 0, 7, "t", "t", "t", "t"]),
            "expiresAt": chance.choice([*expiries, at, at]),
        }
        access = chance.choice([None, "team", "personal", "system", "group", 5])
        rows.append(connected(f"c{number:02}", access=access, config=config))
        document: dict[str, Any] = {
            "_id": f"w{number:02}",
            "type": chance.choice(["webhook-incoming", "webhook-outgoing"]),
            "event": chance.choice(
                [None, 5, "sendMessage", "roomLeft", "slashCommand", "other", "", "SEND_MESSAGE"]
            ),
            "channel": chance.choice([None, "#a", {"#a": "#a"}, [], [5, "#a"], ["#A", "@b"], CHANNELS]),
            "userId": chance.choice([None, 5, "", "u", "U", ["u"]]),
        }
        rows.append(webhook(document))
    return rows


def list_questions() -> dict[str, dict[str, Json]]:
    """Return a filter for each value of each field, by alias."""
    lists = {"access": ACCESSES, "tokenState": TOKEN_STATES, "event": EVENTS}
    filters: list[dict[str, Json]] = [{field: [value]} for field, values in lists.items() for value in values]
    filters += [{"channel": channel} for channel in [*CHANNELS, "#", ""]]
    filters += [{"userId": user_id} for user_id in [*USER_IDS, ""]]
    return {f"f{number}": filter for number, filter in enumerate(filters)}


def is_expected(node: Any, filter: dict[str, Any]) -> bool:
    ((field, wanted),) = filter.items()
    match field:
        case "channel":
            return wanted in node.get("channel", [])
        case "userId":
            return bool(node.get("userId") == wanted)
        case "tokenState":
            return "config" in node and node["config"]["tokenState"] in wanted
        case _:
            return node.get(field) in wanted


async def fetch_filtered(client: Client, filters: dict[str, dict[str, Json]]) -> dict[str, Any]:
    declared = ", ".join(f"${name}: IntegrationFilter" for name in filters)
    fields = " ".join(f"{name}: integrations(filter: ${name}, first: 100) {{ {VALUES} }}" for name in filters)
    answer: dict[str, Any] = await client.data(f"query ({declared}) {{ {fields} }}", **filters)
    return answer


async def test_each_filter_finds_what_reads_so(gateway: Gateway) -> None:
    await store(gateway.database, *build_rows())
    client = await gateway.client()
    kinds: dict[str, dict[str, Json]] = {
        "accounts": {"kind": ["CONNECTED"]},
        "webhooks": {"not": {"kind": ["CONNECTED"]}},
    }
    listed = await fetch_filtered(client, kinds)
    nodes = [*listed["accounts"]["nodes"], *listed["webhooks"]["nodes"]]
    assert len(nodes) == 120
    questions = list_questions()
    matched = 0
    for start in range(0, len(questions), 10):
        asked = dict([*questions.items()][start : start + 10])
        answer = await fetch_filtered(client, asked)
        for name, filter in asked.items():
            expected = {node["id"] for node in nodes if is_expected(node, filter)}
            assert {node["id"] for node in answer[name]["nodes"]} == expected, filter
            matched += bool(expected)
    assert matched >= 19


async def test_a_state_changes_at_the_same_millisecond_in_a_filter_and_when_read(gateway: Gateway) -> None:
    now = instants.now()
    edges = [now + edge + step * MILLISECOND for edge in (timedelta(), EXPIRING_SOON) for step in (-1, 0, 1)]
    await store(
        gateway.database,
        *(
            connected(f"{n}", config={"accessToken": "t", "expiresAt": instants.format_instant(at)})
            for n, at in enumerate(edges)
        ),
    )
    viewer = (await gateway.client()).viewer
    found: dict[str, TokenState] = {}
    async with gateway.database.read() as reader:
        for state in TokenState:
            statement = sql.integrations.select_integrations(
                viewer,
                IntegrationFilter(token_state=(state,)),
                TokenInstants.at(now),
                PageArguments(build_sort_order()),
            )
            found.update((row.id, state) for row in await reader.fetch_rows(statement))
    expired, soon, valid = TokenState.EXPIRED, TokenState.EXPIRING_SOON, TokenState.VALID
    assert [found[str(n)] for n in range(6)] == [expired, expired, soon, soon, soon, valid]
    assert [get_token_state(True, at, now) for at in edges] == [found[str(n)] for n in range(6)]


FIND = "query ($filter: IntegrationFilter!) { integrations(filter: $filter) { nodes { id } } }"


async def find(client: Client, **filter: Json) -> list[str]:
    return [node["id"] for node in (await client.data(FIND, filter=filter))["integrations"]["nodes"]]


async def test_filters_follow_each_change(gateway: Gateway) -> None:
    client = await gateway.client()
    account = (await create(client, connected={"name": "n", "provider": "GOOGLE"}))["integration"]["id"]
    assert await find(client, tokenState=["MISSING"]) == [account]
    await update(client, account, connected={"accessToken": "t", "expiresAt": "2999-01-01T00:00:00Z"})
    assert await find(client, tokenState=["VALID"], access=["TEAM"]) == [account]
    await update(client, account, connected={"expiresAt": "2001-01-01T00:00:00Z", "access": "PERSONAL"})
    assert await find(client, tokenState=["EXPIRED"], access=["PERSONAL"]) == [account]
    await update(client, account, connected={"accessToken": None})
    assert await find(client, tokenState=["MISSING"]) == [account]
    settings = {"name": "n", "username": USER, "enabled": True, "scriptEnabled": False, "channel": ["#a"]}
    calls = {"event": "SEND_MESSAGE", "urls": ["https://example.org"]}
    hook = (await create(client, outgoingWebhook={**settings, **calls}))["integration"]["id"]
    assert await find(client, channel="#a", event=["SEND_MESSAGE"], userId=USER) == [hook]
    await update(client, hook, outgoingWebhook={"channel": ["#b"], "event": "ROOM_LEFT"})
    assert await find(client, channel="#b", event=["ROOM_LEFT"]) == [hook]
    earlier: dict[str, Json] = {"or": [{"channel": "#a"}, {"event": ["SEND_MESSAGE"]}]}
    assert await find(client, **earlier) == []


async def test_a_filter_never_widens_what_a_viewer_sees(gateway: Gateway) -> None:
    hidden = [
        connected("private", access="personal", createdBy="somebody", config={"accessToken": "t"}),
        connected("foreign", team_id=OTHER_TEAM, config={"accessToken": "t"}),
        webhook({"_id": "others", "channel": ["#a"], "userId": "u", "_createdBy": {"_id": "somebody"}}),
        webhook(
            {"_id": "out", "type": "webhook-outgoing", "event": "sendMessage", "channel": ["#a"], "userId": "u"}
        ),
    ]
    own = webhook({"_id": "own", "channel": ["#a"], "userId": "u", "_createdBy": {"_id": USER}})
    await store(gateway.database, *hidden, own, connected("shared"))
    client = await gateway.client(
        permissions=[Permission.READ_INTEGRATIONS, Permission.MANAGE_OWN_INCOMING_INTEGRATIONS]
    )
    filters: list[dict[str, Json]] = [
        {"id": ["private", "foreign", "others", "out", "own", "shared"]},
        {"access": [access.name for access in IntegrationAccess]},
        {"tokenState": [state.name for state in TokenState]},
        {"event": [*EVENTS]},
        {"channel": "#a"},
        {"userId": "u"},
        {"kind": [kind.name for kind in IntegrationKind]},
    ]
    seen = {"own", "shared"}
    for filter in filters:
        matched, others = set(await find(client, **filter)), set(await find(client, **{"not": filter}))
        assert (matched | others, matched & others) == (seen, set())
    assert await find(client, channel="#a") == ["own"]
    assert await find(client, access=["PERSONAL"]) == []
    assert await find(client, tokenState=["VALID"]) == []


def list_null_conditions() -> list[dict[str, Json]]:
    """Return a filter for each condition of the filters in the schema, which is null."""
    types = {name: type_ for name, type_ in schema._schema.type_map.items() if name.endswith("Filter")}
    filters: list[dict[str, Json]] = []
    for type_ in types.values():
        assert isinstance(type_, GraphQLInputObjectType)
        assert "a null condition is ignored" in (type_.description or "")
    own = types["IntegrationFilter"]
    assert isinstance(own, GraphQLInputObjectType)
    for name, field in own.fields.items():
        filters.append({name: None})
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType) and inner is not own:
            filters += [{name: {condition: None}} for condition in inner.fields]
    return filters


async def test_a_null_condition_is_as_an_absent_one(gateway: Gateway) -> None:
    await store(gateway.database, connected("c"), webhook({"_id": "w"}))
    client = await gateway.client()
    filters = list_null_conditions()
    assert len(filters) > 35
    for start in range(0, len(filters), 15):
        asked = {f"f{number}": filter for number, filter in enumerate(filters[start : start + 15])}
        answer = await fetch_filtered(client, asked)
        assert [len(answer[name]["nodes"]) for name in asked] == [2] * len(asked), asked


@pytest.mark.parametrize("dialect", [sqlite.dialect, postgresql.dialect])
def test_a_pattern_is_escaped(dialect: Callable[[], Dialect]) -> None:
    condition = sql.integration_filters.build_condition(
        IntegrationFilter(name=TextFilter(contains="50%_\\")), TokenInstants.at(instants.now())
    )
    compiled = condition.compile(dialect=dialect())
    (name,) = compiled.params
    bound = compiled.binds[name]
    assert isinstance(bound.type, LikePattern)
    assert bound.type.process_bind_param(bound.value, dialect()) == "%50\\%\\_\\\\%"
    assert "ESCAPE" in str(compiled)
