"""Reading webhooks, also with faulty or nearly empty documents."""

from gateway.domain.enums import IntegrationKind, Permission
from gateway.domain.lenient_reading import Json
from gateway.domain.viewer import Viewer
from gateway.domain.webhooks import may_manage_webhook
from tests.support.examples import example
from tests.support.factories import store, user, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, USER, Gateway

SHARED = """
  __typename id teamId kind name enabled version
  createdAt createdBy { id username } updatedAt updatedBy { id username }
  ... on WebhookIntegration {
    username userId channel alias avatar emoji token
    scriptEnabled script scriptEngine scriptCompiled scriptError
  }
  ... on IncomingWebhook { overrideDestinationChannelEnabled }
  ... on OutgoingWebhook {
    event urls triggerWords triggerWordAnywhere targetRoom impersonateUser runOnEdits retryFailedCalls retryCount
    retryDelay
  }
"""
GET = "query ($id: ID!, $createdBy: ID) { integration(id: $id, createdBy: $createdBy) {" + SHARED + "} }"
LIST = "{ integrations { nodes {" + SHARED + "} totalCount pageInfo { hasNextPage hasPreviousPage } } }"

SECRET = '{ integration(id: "w") { ... on WebhookIntegration { token script scriptCompiled scriptError } } }'


def build_answer(**known: Json) -> dict[str, Json]:
    """Return the answer for an outgoing webhook whose document has only these values."""
    return {
        "__typename": "OutgoingWebhook",
        "teamId": TEAM,
        "version": 1,
        "updatedBy": None,
        "kind": "OUTGOING_WEBHOOK",
        "alias": None,
        "avatar": None,
        "emoji": None,
        "script": None,
        "scriptEngine": None,
        "scriptCompiled": None,
        "scriptError": None,
        "token": None,
        "event": None,
        "triggerWords": [],
        "triggerWordAnywhere": False,
        "targetRoom": None,
        "impersonateUser": False,
        "runOnEdits": False,
        "retryFailedCalls": False,
        "retryCount": None,
        "retryDelay": None,
        **known,
    }


GOT = build_answer(
    id="659ea5e42dd9f928ada3e451",
    username="test.cat",
    channel=["#general"],
    scriptEnabled=True,
    name="test.cat",
    enabled=True,
    event="SEND_MESSAGE",
    urls=["https://text2gif.guggy.com/guggify"],
    scriptEngine="isolated-vm",
    userId="CkCPNcvsvCDfmWLqC",
    createdAt="2024-01-10T14:12:52.201Z",
    createdBy={"id": "CkCPNcvsvCDfmWLqC", "username": "test.cat"},
    updatedAt="2024-01-10T14:12:52.203Z",
)
LISTED = [
    build_answer(
        id="3aazpZ2WzoBP8msi9",
        name="Testing via REST API",
        enabled=False,
        username="rocket.cat",
        urls=["http://text2gif.guggy.com/guggify"],
        scriptEnabled=False,
        userId="rocket.cat",
        channel=[],
        createdAt="2017-01-06T13:23:46.018Z",
        createdBy={"id": "R4jgcQaQhvvK6K3iY", "username": "graywolf336"},
        updatedAt="2017-01-06T13:23:46.018Z",
    ),
    build_answer(
        id="WMQDChpnYTRmFre9h",
        enabled=True,
        username="rocket.cat",
        alias="Guggy",
        avatar="https://image.crisp.im/avatar/website/17651a90-e082-43f6-b308-957cea6e323c/128",
        name="Guggy",
        triggerWords=["!guggy", "guggy", "gif+"],
        urls=["http://text2gif.guggy.com/guggify"],
        token="aobEdbYhXfu5hkeqG",
        script="...",
        scriptEnabled=True,
        scriptCompiled="...",
        userId="rocket.cat",
        channel=[],
        createdAt="2017-01-05T17:06:05.660Z",
        createdBy={"id": "R4jgcQaQhvvK6K3iY", "username": "graywolf336"},
        updatedAt="2017-01-05T17:06:05.660Z",
    ),
]


async def test_the_webhook_of_document_4_has_its_values(gateway: Gateway) -> None:
    await store(
        gateway.database,
        user("CkCPNcvsvCDfmWLqC", "test.cat"),
        webhook(example("integrations.get.response")["integration"]),
    )
    client = await gateway.client()
    assert await client(GET, id=GOT["id"]) == {"data": {"integration": GOT}}
    assert await client(GET, id=GOT["id"], createdBy="CkCPNcvsvCDfmWLqC") == {"data": {"integration": GOT}}


async def test_the_webhooks_of_document_5_have_their_values(gateway: Gateway) -> None:
    rows = [webhook(document) for document in example("integrations.list.response")["integrations"]]
    await store(gateway.database, user("R4jgcQaQhvvK6K3iY", "graywolf336"), *rows)
    client = await gateway.client()
    assert await client(LIST) == {
        "data": {
            "integrations": {
                "nodes": LISTED,
                "totalCount": 2,
                "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
            }
        }
    }


async def test_a_webhook_with_an_empty_document_is_readable(gateway: Gateway) -> None:
    await store(gateway.database, webhook({"_id": "w"}))
    client = await gateway.client()
    answer = await client.data(GET, id="w")
    assert answer["integration"] == {
        "__typename": "IncomingWebhook",
        "id": "w",
        "teamId": TEAM,
        "name": "w",
        "enabled": False,
        "version": 1,
        "createdAt": "2025-03-09T12:00:00.000Z",
        "createdBy": None,
        "updatedAt": "2025-03-09T12:00:00.000Z",
        "updatedBy": None,
        "kind": "INCOMING_WEBHOOK",
        "username": None,
        "userId": None,
        "channel": [],
        "alias": None,
        "avatar": None,
        "emoji": None,
        "scriptEnabled": False,
        "script": None,
        "scriptEngine": None,
        "scriptCompiled": None,
        "scriptError": None,
        "token": None,
        "overrideDestinationChannelEnabled": False,
    }


FAULTY: list[tuple[str, Json, Json]] = [
    ("event", "messageUnsent", "OTHER"),
    ("event", "other", "OTHER"),
    ("event", 7, None),
    ("urls", "http://one", []),
    ("urls", ["http://one", 2, None], ["http://one"]),
    ("channel", None, []),
    ("retryCount", "6", None),
    ("retryCount", 2**40, None),
    ("retryDelay", "forever", None),
    ("retryDelay", "powers-of-two", "POWERS_OF_TWO"),
    ("runOnEdits", "yes", False),
    ("scriptEnabled", None, False),
    ("alias", {"a": 1}, None),
    ("token", 5, None),
    ("scriptError", {"name": "SyntaxError"}, {"name": "SyntaxError"}),
]
"""A key, a value of the wrong type, and the field's value in the answer."""


async def test_a_faulty_value_affects_only_its_field(gateway: Gateway) -> None:
    rows = [
        webhook({"_id": f"w{number:02}", "type": "webhook-outgoing", key: value})
        for number, (key, value, _) in enumerate(FAULTY)
    ]
    await store(gateway.database, *rows)
    answer = await (await gateway.client())(LIST)
    assert "errors" not in answer
    nodes = answer["data"]["integrations"]["nodes"]
    assert [node["id"] for node in nodes] == [row.id for row in rows]
    empty = build_answer(
        username=None,
        userId=None,
        channel=[],
        urls=[],
        enabled=False,
        scriptEnabled=False,
        createdAt="2025-03-09T12:00:00.000Z",
        createdBy=None,
        updatedAt="2025-03-09T12:00:00.000Z",
    )
    for node, (key, _, read) in zip(nodes, FAULTY, strict=True):
        assert node == {**empty, "id": node["id"], "name": node["id"], key: read}


async def test_token_and_script_are_visible_to_viewers_who_may_manage_the_webhook(gateway: Gateway) -> None:
    guarded: dict[str, Json] = {
        "token": "capability",
        "script": "class Script {}",
        "scriptCompiled": "compiled",
        "scriptError": {"name": "SyntaxError"},
    }
    await store(
        gateway.database,
        webhook({"_id": "w", **guarded, "_createdBy": {"_id": USER}}),
        webhook({"_id": "w", **guarded, "token": "the other team's"}, team_id=OTHER_TEAM),
    )
    for permission in (Permission.MANAGE_INCOMING_INTEGRATIONS, Permission.MANAGE_OWN_INCOMING_INTEGRATIONS):
        client = await gateway.client(permissions=[permission])
        assert await client(SECRET) == {"data": {"integration": guarded}}


def test_nobody_else_may_manage_a_webhook() -> None:
    incoming = IntegrationKind.INCOMING_WEBHOOK

    def may(*permissions: Permission, team_id: str = TEAM, created_by: str | None = USER) -> bool:
        viewer = Viewer(TEAM, USER, "somebody", "key", frozenset(permissions))
        return may_manage_webhook(viewer, incoming, team_id, created_by)

    assert may(Permission.MANAGE_INCOMING_INTEGRATIONS, created_by=None)
    assert may(Permission.MANAGE_OWN_INCOMING_INTEGRATIONS)
    assert not may(Permission.MANAGE_OWN_INCOMING_INTEGRATIONS, created_by="somebody.else")
    assert not may(Permission.MANAGE_OUTGOING_INTEGRATIONS, Permission.READ_INTEGRATIONS)
    assert not may(Permission.ADMIN, team_id=OTHER_TEAM)
