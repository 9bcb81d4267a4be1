"""Reads of secrets, exports and sign-ins in the audit log."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from structlog.testing import capture_logs

from gateway.database.tables import AuditEntry
from gateway.database.writing import Writer
from gateway.domain.enums import Permission
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Overloaded, Unavailable, UnknownOutcome
from gateway.services import pending_writes
from tests.audit.deeds import store_clinic
from tests.support.audit_log import read_audit_log, read_entries
from tests.support.factories import AT, connected, store, webhook
from tests.support.gateway import OTHER_TEAM, USER, Client, Gateway, serve_gateway
from tests.support.rest import EXPORT, send
from tests.support.sessions import open_session
from tests.support.signing_in import SAME_ORIGIN, open_browser, revoke_key, sign_in

SECRETS = {"provider": "google", "accessToken": "ACCESS", "refreshToken": "REFRESH"}
A, B = "a" * 24, "b" * 24
READ = "{ integrations { nodes { id ... on ConnectedIntegration { config { accessToken } } } } }"
EXPORT_QUERY = (
    f'query($mode: SecretsMode!, $id: ID! = "{A}") '
    "{ integrationExport(integrationId: $id, secrets: $mode) { document } }"
)
BOTH = ["config.accessToken", "config.refreshToken"]


@pytest.fixture
async def client(gateway: Gateway) -> Client:
    """A client with ADMIN, whose team has two integrations with secrets."""
    await store(gateway.database, *(connected(id, config={**SECRETS}) for id in (A, B)))
    return await gateway.client()


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    async with open_browser(gateway) as found:
        yield found


async def test_reading_secrets_leaves_an_entry_for_each_integration(gateway: Gateway, client: Client) -> None:
    await client.data(READ)
    assert sorted(await read_audit_log(gateway)) == [
        (USER, "secret.read", f"integration {id}", ["config.accessToken"]) for id in (A, B)
    ]
    reader = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    await reader.data(READ)
    assert len(await read_audit_log(gateway)) == 2


@pytest.mark.parametrize("is_rest", [False, True], ids=["graphql", "rest"])
async def test_an_export_with_secrets_leaves_one_entry(gateway: Gateway, client: Client, is_rest: bool) -> None:
    if is_rest:
        await send(client, EXPORT.format(A), params={"secrets": "include"})
    else:
        await client.data(EXPORT_QUERY, mode="INCLUDE")
    await gateway.write_pending()
    assert await read_audit_log(gateway) == [(USER, "secret.export", f"integration {A}", BOTH)]


@pytest.mark.parametrize("is_rest", [False, True], ids=["graphql", "rest"])
async def test_an_export_without_secrets_is_written_after_the_answer(
    gateway: Gateway, client: Client, is_rest: bool
) -> None:
    if is_rest:
        await send(client, EXPORT.format(A), headers={"X-Request-Id": "test"})
        await send(client, EXPORT.format(A), "HEAD")
    else:
        await client.data(EXPORT_QUERY, mode="OMIT")
    assert await read_audit_log(gateway) == []
    await gateway.write_pending()
    assert await read_audit_log(gateway) == [(USER, "integration.export", f"integration {A}", [])]
    (entry,) = [each for each in await read_entries(gateway.database) if each.request_id]
    assert (entry.key_id, entry.request_id) == (client.viewer.key_id, "test")


async def test_a_refused_export_leaves_no_entry(gateway: Gateway) -> None:
    await store_clinic(gateway)
    client = await gateway.client(permissions=[Permission.READ_INTEGRATIONS])
    await client(EXPORT_QUERY.replace(A, "clinic"), mode="OMIT")
    await send(client, EXPORT.format(A))
    await gateway.write_pending()
    assert await read_audit_log(gateway) == []


async def test_a_token_of_a_webhook_leaves_an_entry_when_it_is_read(gateway: Gateway) -> None:
    with_token = webhook({"_id": "hook", "name": "n", "token": "secret"})
    await store(gateway.database, with_token, webhook({"_id": "none", "name": "m"}))
    client = await gateway.client()
    assert await client.data("{ integrations { nodes { id name } } }")
    assert await read_audit_log(gateway) == []
    query = "{ integrations { nodes { ... on OutgoingWebhook { token } ... on IncomingWebhook { token } } } }"
    assert "secret" in str(await client.data(query))
    assert await read_audit_log(gateway) == [(USER, "secret.read", "integration hook", ["token"])]


@pytest.mark.parametrize(
    "error",
    [Overloaded(), Unavailable(FailureCause.READ_ONLY), UnknownOutcome()],
    ids=lambda error: type(error).__name__,
)
async def test_no_secret_leaves_without_an_entry(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(_writer: Writer, entity: type[object], *_rows: object) -> None:
        assert entity is AuditEntry
        raise error

    monkeypatch.setattr(Writer, "insert_rows", fail)
    for response in (
        await client.send(READ, {}),
        await client.send(EXPORT_QUERY, {"mode": "INCLUDE"}),
    ):
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        (refused,) = response.json()["errors"]
        assert refused["extensions"]["code"] == "UNAVAILABLE"
        assert refused["message"].startswith("The audit log cannot be written, and secrets need an entry in it;")
        assert "ACCESS" not in response.text
    response = await send(client, EXPORT.format(A), params={"secrets": "include"})
    assert response.status_code == 503
    assert "ACCESS" not in response.text


async def test_an_export_without_secrets_is_answered_and_written_later_if_nothing_can_be_written(
    gateway: Gateway, client: Client
) -> None:
    with pytest.MonkeyPatch.context() as patch:

        async def fail(*_arguments: object) -> None:
            raise Unavailable(FailureCause.READ_ONLY)

        patch.setattr(Writer, "replace_rows", fail)
        await client.data(EXPORT_QUERY, mode="OMIT")
        with capture_logs() as logs:
            await gateway.write_pending()
    assert [line["event"] for line in logs] == ["audit.delayed"]
    assert await read_audit_log(gateway) == []
    await gateway.write_pending()
    assert len(await read_audit_log(gateway)) == 1


async def test_too_many_waiting_events_are_logged(
    gateway: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending_writes, "_MAX_EVENTS", 1)
    with capture_logs() as logs:
        for _ in range(2):
            await client.data(EXPORT_QUERY, mode="OMIT")
    lost = [line for line in logs if line["event"] == "audit.lost"]
    assert [(line["action"], line["key_id"]) for line in lost] == [("integration.export", client.viewer.key_id)]
    await gateway.write_pending()
    assert len(await read_audit_log(gateway)) == 1


async def test_what_waits_is_written_when_the_server_stops(gateway: Gateway, client: Client) -> None:
    async with serve_gateway(gateway.database.url.render_as_string(hide_password=False)) as other:
        await Client(other.http, client.key, client.viewer).data(EXPORT_QUERY, mode="OMIT")
        assert await read_audit_log(gateway) == []
    assert len(await read_audit_log(gateway)) == 1


async def test_signing_in_and_out_leaves_an_entry_each(
    gateway: Gateway, client: Client, http: AsyncClient
) -> None:
    subject = f"key {client.viewer.key_id}"
    signed_in = await sign_in(http, client)
    headers = {**SAME_ORIGIN, "X-CSRF-Token": signed_in["csrfToken"]}
    assert (await http.delete("/session", headers=headers)).status_code == 204
    assert (await http.delete("/session", headers=headers)).status_code == 401
    entries = await read_audit_log(gateway)
    assert entries == [(USER, "session.create", subject, []), (USER, "session.delete", subject, [])]


async def refuse(http: AsyncClient, key: str, status: int = 401) -> None:
    response = await http.post("/session", json={"key": key}, headers=SAME_ORIGIN)
    assert response.status_code == status


async def test_refused_sign_ins_with_a_known_prefix_leave_one_entry_a_minute(
    gateway: Gateway, client: Client, http: AsyncClient
) -> None:
    prefix, key_id = client.key.split("_")[1], client.viewer.key_id
    for guess in ("gw_0123_secret", "nonsense", "", f"gw_{prefix}", "gw_0123_é"):
        await refuse(http, guess)
    await gateway.write_pending()
    assert await read_audit_log(gateway) == []
    for number in range(3):
        await refuse(http, f"gw_{prefix}_guess")
        assert bool(gateway.app.state.background.pending_writes) == (number == 0)
        await gateway.write_pending()
    assert await read_audit_log(gateway) == [("", "session.refuse", f"key {key_id}", [])]
    await revoke_key(gateway, other := await gateway.client())
    await refuse(http, other.key)
    await gateway.write_pending()
    assert [subject for _, _, subject, _ in await read_audit_log(gateway)][1:] == [f"key {other.viewer.key_id}"]


async def test_processes_together_leave_one_entry_a_minute(gateway: Gateway, client: Client) -> None:
    url = gateway.database.url.render_as_string(hide_password=False)
    for _ in range(2):
        async with serve_gateway(url) as other, open_browser(other) as http:
            await refuse(http, f"{client.key}guess")
    assert len(await read_audit_log(gateway)) == 1
    async with open_session(gateway.database) as session:
        await session.execute(update(AuditEntry).values(at=AT))
    async with serve_gateway(url) as other, open_browser(other) as http:
        await refuse(http, f"{client.key}guess")
    assert len(await read_audit_log(gateway)) == 2


async def test_refused_sign_ins_are_logged_and_counted_without_the_key(
    gateway: Gateway, client: Client, http: AsyncClient
) -> None:
    with capture_logs() as logs:
        await refuse(http, f"{client.key}guess")
        await refuse(http, "gw_0123_secret")
    refused = [line for line in logs if line["event"] == "session.refused"]
    assert [line["key_id"] for line in refused] == [client.viewer.key_id, None]
    assert "guess" not in repr(logs)
    assert "secret" not in repr(refused)
    gateway.flush_reports()
    metrics = (await gateway.http.get("/metrics")).text
    (line,) = [line for line in metrics.splitlines() if 'graphql_rejected_total{reason="sign-in"}' in line]
    assert float(line.rpartition(" ")[2]) >= 2


async def test_a_widget_key_that_signs_in_leaves_an_entry(gateway: Gateway, http: AsyncClient) -> None:
    widget = await gateway.client(permissions=[Permission.READ_STATISTICS])
    await refuse(http, widget.key, 403)
    await gateway.write_pending()
    assert await read_audit_log(gateway) == [("", "session.refuse", f"key {widget.viewer.key_id}", [])]


async def test_what_waits_for_a_deleted_team_is_dropped(gateway: Gateway, client: Client) -> None:
    await client.data(EXPORT_QUERY, mode="OMIT")
    gone = await gateway.client(OTHER_TEAM)
    gateway.app.state.background.pending_writes.add_refused_sign_in("missing", gone.viewer.key_id, "r")
    await gateway.write_pending()
    assert await read_audit_log(gateway) == [(USER, "integration.export", f"integration {A}", [])]
    assert not gateway.app.state.background.pending_writes


async def test_an_export_whose_commit_may_have_been_done_is_written_once(
    gateway: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.data(EXPORT_QUERY, mode="OMIT")
    end = Writer.end_transaction

    async def end_without_confirmation(writer: Writer, *, commit: bool) -> None:
        await end(writer, commit=commit)
        raise UnknownOutcome

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "end_transaction", end_without_confirmation)
        await gateway.write_pending()
    assert len(await read_audit_log(gateway)) == 1
    await gateway.write_pending()
    assert len(await read_audit_log(gateway)) == 1
    assert not gateway.app.state.background.pending_writes
