"""Cursors: signed, so that only the list that made one accepts it, on every server of one database."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from gateway import services
from gateway.database.tables import Integration
from gateway.domain.calendar import instants
from gateway.domain.cursors import CursorCodec
from gateway.domain.enums import IntegrationKind, IntegrationOrderField, Permission, WebhookEvent
from gateway.domain.integrations import build_sort_order
from gateway.domain.lenient_reading import Json
from gateway.domain.paging import OLDEST_FIRST
from tests.graph.test_paging import fetch_errors, fetch_page
from tests.support.contexts import CURSOR_KEY
from tests.support.factories import connected, record, store, use_case, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Client, Gateway, collect_statements, serve_gateway
from tests.support.sessions import open_session

NEWEST_FIRST = build_sort_order()
NESTED = """
query ($id: ID!, $after: String) {
  integration(id: $id) { ... on ConnectedIntegration {
    useCases(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } } }
}
"""


def say_refusal(argument: str) -> str:
    return f"`{argument}` is not a cursor of this list in this order; take one from the list's `pageInfo`."


def encode_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def read_values(cursor: str) -> list[str]:
    """Return what anybody can read in a cursor."""
    values: list[str] = orjson.loads(base64.urlsafe_b64decode(cursor + "==")[16:])
    return values


async def store_webhooks(gateway: Gateway, count: int = 3) -> None:
    await store(gateway.database, *(webhook({"_id": f"w{number}"}) for number in range(count)))


async def require_refused(client: Client, **arguments: Json) -> None:
    argument = "before" if "before" in arguments else "after"
    assert await fetch_errors(client, **arguments) == [(say_refusal(argument), "INVALID_CURSOR", [argument])]


UNSIGNED = orjson.dumps([1, "-created_at,id,team_id", "2024-01-01T00:00:00.000Z", "w", "t"])
GARBAGE = [
    *("", "=", "a", "garbage", "é", "💥", "\x7f", "A" * 10_000, "A" * 100_000),
    *map(encode_text, (b"\xff\xfe", b"[]", b"\x00" * 16, b"\x00" * 16 + b"[]", UNSIGNED, b"\x00" * 16 + UNSIGNED)),
    encode_text(b"\x00" * 16 + b"[" * 2000),
]


@pytest.mark.parametrize("argument", ["after", "before"])
async def test_a_text_that_is_no_cursor_is_refused(gateway: Gateway, argument: str) -> None:
    client = await gateway.client()
    await store_webhooks(gateway)
    for text in GARBAGE:
        await require_refused(client, **{argument: text})


async def test_a_changed_cursor_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await store_webhooks(gateway)
    cursor = (await fetch_page(client, first=1)).cursors[0]
    content = base64.urlsafe_b64decode(cursor + "==")
    changed = [encode_text(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]) for at in (0, 15, 16, 40)]
    spelt = [f"{cursor}=", f"{cursor}\n", f" {cursor}", cursor[:9] + "!" + cursor[9:], cursor[:-1], cursor[1:]]
    for text in (*changed, *spelt, cursor.swapcase()):
        await require_refused(client, after=text)
    assert len((await fetch_page(client, after=cursor)).keys) == 2


CODEC = CursorCodec.create(CURSOR_KEY, TEAM, "integrations", OLDEST_FIRST)
ROW = SimpleNamespace(created_at=datetime(2024, 1, 1, tzinfo=UTC), id="w")


@given(text=st.text(max_size=60) | st.binary(max_size=60).map(encode_text))
def test_any_text_is_no_cursor(text: str) -> None:
    assert CODEC.decode(text, ()) is None


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_a_cursor_with_any_other_bit_is_no_cursor(at: int, bit: int) -> None:
    (cursor,) = CODEC.encode([ROW], ())
    content = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    content[at % len(content)] ^= 1 << bit
    assert CODEC.decode(encode_text(bytes(content)), ()) is None


@pytest.mark.parametrize(
    "other",
    [
        CursorCodec.create(hmac.new(b"another", digestmod="sha256"), TEAM, "integrations", OLDEST_FIRST),
        CursorCodec.create(CURSOR_KEY, OTHER_TEAM, "integrations", OLDEST_FIRST),
        CursorCodec.create(CURSOR_KEY, TEAM, "use_cases", OLDEST_FIRST),
        CursorCodec.create(CURSOR_KEY, TEAM, "integrations", build_sort_order()),
        CursorCodec.create(CURSOR_KEY, f'{TEAM}","integrations', "", OLDEST_FIRST),
    ],
)
def test_a_codec_of_another_key_team_list_or_order_refuses_a_cursor(other: CursorCodec) -> None:
    (cursor,) = CODEC.encode([ROW], ())
    assert CODEC.decode(cursor, ()) == (ROW.created_at, ROW.id)
    assert CODEC.decode(cursor, (TEAM, "a")) is None
    assert other.decode(cursor, ()) is None


async def test_a_cursor_of_another_order_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    await store_webhooks(gateway)
    orders: list[Json] = [
        [],
        [{"field": "CREATED_AT"}],
        [{"field": "NAME"}],
        [{"field": "ID"}],
        [{"field": "KIND"}],
        [{"field": "ENABLED"}],
        [{"field": "NAME"}, {"field": "CREATED_AT"}],
    ]
    for order in orders:
        cursor = (await fetch_page(client, orderBy=order)).cursors[0]
        for other in orders:
            if other is not order:
                await require_refused(client, orderBy=other, after=cursor)
                await require_refused(client, orderBy=other, before=cursor)


async def test_a_cursor_of_another_team_is_refused(gateway: Gateway) -> None:
    # Both teams see this integration.
    await store(gateway.database, connected("c", access="system"))
    client, other = await gateway.client(), await gateway.client(OTHER_TEAM)
    page, other_page = await fetch_page(client), await fetch_page(other)
    assert page.keys == other_page.keys
    await require_refused(other, after=page.cursors[0])
    await require_refused(client, after=other_page.cursors[0])
    # Users of one team may share a cursor.
    colleague = await gateway.client(user_id="colleague", permissions=[Permission.READ_INTEGRATIONS])
    assert (await fetch_page(colleague, after=page.cursors[0])).keys == []


@pytest.mark.fallback("resolver_error")
async def test_a_cursor_of_another_list_is_refused(gateway: Gateway) -> None:
    client = await gateway.client()
    rows = [use_case(f"u{name}{number}", name) for name in "ab" for number in range(2)]
    await store(gateway.database, connected("a"), connected("b"), *rows, record("r", "a"))
    lists = """
      useCases(first: 1) { pageInfo { endCursor } } resourceRecords(first: 1) { pageInfo { endCursor } }
    """
    query = f"query ($id: ID!) {{ integration(id: $id) {{ ... on ConnectedIntegration {{ {lists} }} }} }}"
    own = (await client.data(query, id="a"))["integration"]
    foreign = (await client.data(query, id="b"))["integration"]
    cursors = [
        foreign["useCases"]["pageInfo"]["endCursor"],
        own["resourceRecords"]["pageInfo"]["endCursor"],
        (await fetch_page(client)).cursors[0],
    ]
    for _ in range(2):  # by the normal executor, then compiled
        for cursor in cursors:
            (error,) = (await client(NESTED, id="a", after=cursor))["errors"]
            assert (error["message"], error["extensions"]) == (
                say_refusal("after"),
                {"code": "INVALID_CURSOR", "argument": ["after"]},
            )
        own_cursor = own["useCases"]["pageInfo"]["endCursor"]
        page = (await client.data(NESTED, id="a", after=own_cursor))["integration"]["useCases"]
        assert page["nodes"] == [{"id": "ua1"}]
    await require_refused(client, after=own["useCases"]["pageInfo"]["endCursor"])


async def test_a_cursor_still_works_when_its_row_was_changed_or_deleted(gateway: Gateway) -> None:
    client = await gateway.client()
    await store_webhooks(gateway, 4)
    order: Json = [{"field": "NAME"}]
    page = await fetch_page(client, orderBy=order, first=2)
    async with open_session(gateway.database) as session:
        await session.execute(update(Integration).where(Integration.id == "w0").values(name_key="zzz"))
        await session.execute(delete(Integration).where(Integration.id == "w1"))
    assert [id for id, _ in (await fetch_page(client, orderBy=order, after=page.cursors[1])).keys] == [
        "w2",
        "w3",
        "w0",
    ]


async def test_a_cursor_has_any_instant_and_text(gateway: Gateway) -> None:
    client = await gateway.client()
    async with gateway.database.read() as reader:
        key = await services.cursors.read_key(reader)
    codec = CursorCodec.create(key, TEAM, "integrations", NEWEST_FIRST)
    for at, id, team in (
        ("0001-01-01T00:00:00.000Z", "", ""),
        ("2024-01-01T00:00:00.000Z", "w", "t"),
        ("9999-12-31T23:59:59.999Z", "💥" * 5000, "'; --"),
    ):
        row = SimpleNamespace(created_at=instants.parse_instant(at), id=id, team_id=team)
        (cursor,) = codec.encode([row], ())
        for arguments in ({"after": cursor}, {"before": cursor}, {"after": cursor, "last": 1}):
            assert (await fetch_page(client, **arguments)).keys == []


READABLE: Mapping[str, str] = {
    "ID": "id",
    "KIND": "kind",
    "ENABLED": "enabled",
    "NAME": "name",
    "CREATED_AT": "createdAt",
    "UPDATED_AT": "updatedAt",
    "USERNAME": "username",
    "CREATED_BY": "createdBy",
    "EVENT": "event",
    "USER_ID": "userId",
}
"""The field of the graph that shows the value of each sort key."""


async def test_a_cursor_has_only_values_that_its_viewer_may_read(gateway: Gateway) -> None:
    await store(
        gateway.database,
        webhook({"_id": "w", "username": "rocket.cat", "_createdBy": {"_id": USER}}),
        webhook({"_id": "v", "username": "other.cat", "_createdBy": {"_id": "somebody"}}),
        webhook(
            {
                "_id": "o",
                "type": "webhook-outgoing",
                "event": "sendMessage",
                "userId": "cat",
                "_createdBy": {"_id": USER},
            }
        ),
        connected("c", team_id=OTHER_TEAM, access="system", createdBy="their.user"),
    )
    client = await gateway.client(
        permissions=[
            Permission.READ_INTEGRATIONS,
            Permission.MANAGE_OWN_INCOMING_INTEGRATIONS,
            Permission.MANAGE_OWN_OUTGOING_INTEGRATIONS,
        ]
    )
    query = """query ($orderBy: [IntegrationOrder!]) { integrations(orderBy: $orderBy) { edges { cursor node {
      id teamId kind name enabled createdAt updatedAt createdBy { id }
      ... on WebhookIntegration { username userId } ... on OutgoingWebhook { event } } } } }"""
    for field in IntegrationOrderField:
        edges = (await client.data(query, orderBy=[{"field": field.name}]))["integrations"]["edges"]
        assert {edge["node"]["id"] for edge in edges} == {"w", "o", "c"}
        for edge in edges:
            shown: dict[str, Any] = {**edge["node"], "createdBy": edge["node"]["createdBy"]["id"]}
            shown.update(kind=IntegrationKind[shown["kind"]].value, enabled=int(shown["enabled"]))
            if shown.get("event"):
                shown["event"] = WebhookEvent[shown["event"]].value
            value = "" if (found := shown.get(READABLE[field.name])) is None else str(found).casefold()
            first, *ties = read_values(edge["cursor"])
            keys = [shown["teamId"]] if field is IntegrationOrderField.ID else [shown["id"], shown["teamId"]]
            assert (str(first).casefold(), ties) == (value, keys)


async def test_every_server_on_one_database_accepts_a_cursor_also_after_a_restart(database_url: str) -> None:
    async with serve_gateway(database_url) as first, serve_gateway(database_url) as second:
        await store_webhooks(first)
        client = await first.client()
        cursor = (await fetch_page(client, first=1)).cursors[0]
        again = Client(second.http, client.key, client.viewer)
        assert len((await fetch_page(again, after=cursor)).keys) == 2
        assert (await fetch_page(again, first=1)).cursors == [cursor]
    async with serve_gateway(database_url) as third:
        restarted = Client(third.http, client.key, client.viewer)
        assert len((await fetch_page(restarted, after=cursor)).keys) == 2


async def test_a_process_reads_the_key_of_cursors_once(database_url: str) -> None:
    async with serve_gateway(database_url) as gateway:
        client = await gateway.client()
        for count in (1, 0, 0):
            with collect_statements() as statements:
                await fetch_page(client)
            assert len([statement for statement in statements if "cursor_key" in statement]) == count
            assert len(statements) == 3 + count  # the key of the request, the page, the total


async def test_the_same_query_gives_the_same_bytes(gateway: Gateway) -> None:
    await store_webhooks(gateway)
    client = await gateway.client()
    query = "{ integrations { edges { cursor } pageInfo { startCursor endCursor } } }"
    answers = {(await client.send(query, {})).content for _ in range(3)}
    assert len(answers) == 1
