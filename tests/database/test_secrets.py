"""Tokens are encrypted in the database, and no log shows them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from gateway import services, sql
from gateway.database import Database, erasure, migrations
from gateway.database.keyring import SecretUnreadable
from gateway.database.tables import Integration
from gateway.domain.lenient_reading import Document, Json
from gateway.domain.secret_keys import generate_key
from gateway.errors import Refused
from gateway.telemetry import configure_logging
from tests import SECRET_KEY
from tests.support.commands import run_gateway
from tests.support.examples import export
from tests.support.factories import connected, store, webhook
from tests.support.gateway import OTHER_TEAM, TEAM, Client, serve_gateway
from tests.support.importing import import_accepted
from tests.support.integration_operations import create, update
from tests.support.plain_text import PLANTED, assert_hidden, find_planted, read_database
from tests.support.rest import EXPORT, send
from tests.support.sessions import open_session
from tests.support.webhook_requests import LIST, ask

pytestmark = pytest.mark.usefixtures("restored_logging")

CONNECTED, CREATED_WEBHOOKS, IMPORTED_WEBHOOKS, IMPORTED = (
    PLANTED[:40],
    PLANTED[40:60],
    PLANTED[60:80],
    PLANTED[80:],
)
TOKENS = """{ integrations(first: 100) { nodes {
  ... on ConnectedIntegration { config { accessToken refreshToken tokenState } }
  ... on WebhookIntegration { token }
} } }"""
CHANNEL: dict[str, Json] = {"channel": ["#general"], "username": "", "enabled": True, "scriptEnabled": False}


def build_document(number: int) -> dict[str, Any]:
    tokens: Document = {"accessToken": IMPORTED[2 * number], "refreshToken": IMPORTED[2 * number + 1]}
    document = export(config={"scope": "s", **tokens, "tokenType": "Bearer"}, logicalId=f"imported-{number}")
    document["integration"]["_id"] = f"{number:024}"
    document["use_cases"], document["resource_records"] = [], []
    return document


async def write_tokens(client: Client, url: str, folder: Path) -> list[str]:
    """Write the planted tokens in each way that there is, and return the output of commands."""
    for access, refresh in zip(CONNECTED[::2], CONNECTED[1::2], strict=True):
        settings: dict[str, Json] = {"name": access[:11], "provider": "GOOGLE", "refreshToken": refresh}
        created = await create(client, connected=settings)
        assert (await update(client, created["integration"]["id"], connected={"accessToken": access}))[
            "errors"
        ] == []
        # A refused mutation, and one whose variables are wrong.
        assert (await create(client, connected={**settings, "name": ""}))["errors"] != []
        await client.send("mutation($t: Int!) { a: createIntegration(input: $t) { __typename } }", {"t": refresh})
    for token in CREATED_WEBHOOKS:
        hook: dict[str, Json] = {
            **CHANNEL,
            "username": client.viewer.user_id,
            "name": token[:11],
            "event": "SEND_MESSAGE",
            "urls": ["https://clinic.example/"],
            "token": token,
        }
        assert (await create(client, outgoingWebhook=hook))["errors"] == []
    hooks = [
        {"_id": f"hook-{token[:11]}", "type": "webhook-incoming", "token": token} for token in IMPORTED_WEBHOOKS
    ]
    files = [folder / "hooks.json", *(folder / f"{number}.json" for number in range(10))]
    files[0].write_text(json.dumps({"integrations": hooks}))
    for number, file in enumerate(files[1:]):
        file.write_text(json.dumps(build_document(number)))
    outputs = []
    for _ in range(2):
        arguments = ["import", *map(str, files), "--team", TEAM]
        ended = await asyncio.to_thread(run_gateway, *arguments, database_url=url, log_level="debug")
        assert ended.exit_code == 0, ended.output
        outputs.append(ended.output)
    for file in files:
        file.unlink()
    return outputs


async def require_tokens(client: Client) -> None:
    """Require that clients read all planted tokens."""
    found = json.dumps(await client.data(TOKENS)).encode()
    assert find_planted(found) == PLANTED
    listed = await ask(client, LIST, count=100)
    assert find_planted(listed.content) == CREATED_WEBHOOKS + IMPORTED_WEBHOOKS
    exported = (await send(client, EXPORT.format(f"{3:024}"), params={"secrets": "include"})).json()
    assert exported["integration"] == {**build_document(3)["integration"]}
    assert [*exported["integration"]["config"]] == ["scope", "accessToken", "refreshToken", "tokenType"]
    without = (await send(client, EXPORT.format(f"{3:024}"))).json()["integration"]["config"]
    assert without == {"scope": "s", "tokenType": "Bearer"}
    # A user's import keeps the tokens of the team, and ignores those of the document.
    assert (await import_accepted(client, export(0, 0, **without_tokens())))["outcome"] == "CREATED"


def without_tokens() -> dict[str, Any]:
    return {"config": {"accessToken": PLANTED[0]}, "logicalId": "of-a-user", "_id": "of-a-user"}


async def test_no_token_is_in_the_database_or_in_a_log(
    database: Database, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("debug")
    async with serve_gateway(database_url) as gateway:
        client = await gateway.client()
        outputs = await write_tokens(client, database_url, tmp_path)
        configure_logging("debug")
        await require_tokens(client)
        gateway.flush_reports()
        assert_hidden(database, [*outputs, *capsys.readouterr()])
        newer = generate_key()
        keys = {"database_url": database_url, "log_level": "debug", "secret_keys": f"{newer} {SECRET_KEY}"}
        rotated = await asyncio.to_thread(run_gateway, "secrets", "rotate", **keys)
        assert rotated.exit_code == 0, rotated.output
        exported = await asyncio.to_thread(run_gateway, "export", f"{3:024}", **keys)
    async with serve_gateway(database_url, secret_keys=newer) as gateway:
        assert find_planted(json.dumps(await (await gateway.client()).data(TOKENS)).encode()) == PLANTED
    assert_hidden(database, [rotated.output, exported.output, *capsys.readouterr()])


async def test_a_migrated_database_has_no_token_in_plain_text(database: Database, database_url: str) -> None:
    accounts = [
        connected(
            f"c{n}", config={"a": 1, "accessToken": PLANTED[n], "refreshToken": PLANTED[50 + n], "b": [None]}
        )
        for n in range(30)
    ]
    hooks = [webhook({"_id": f"h{n}", "token": PLANTED[n], "name": "n"}) for n in (*range(30, 50), *range(80, 90))]
    hooks += [webhook({"_id": f"l{n}", "script": "x" * 9_000, "token": PLANTED[n]}) for n in range(90, 100)]
    await store(database, *accounts, *hooks, connected("empty", config={"accessToken": None, "refreshToken": ""}))
    before = await read_documents(database)
    await migrations.downgrade(database, "0010")
    # Deleted rows stay in the file, too, unless SQLite was built to overwrite them.
    await database.run_sync(delete_long_rows)
    before = {id: document for id, document in before.items() if "script" not in document}
    assert len(find_planted(read_database(database))) >= 90
    ended = await asyncio.to_thread(run_gateway, "migrate", database_url=database_url, log_level="debug")
    assert ended.exit_code == 0
    assert ("run `VACUUM FULL integration`" in ended.stdout) != database.is_sqlite
    assert_hidden(database, [ended.output])
    assert await read_documents(database) == before
    again = await asyncio.to_thread(run_gateway, "migrate", database_url=database_url)
    assert (again.exit_code, "VACUUM" in again.stdout) == (0, False)


def delete_long_rows(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    connection.exec_driver_sql("DELETE FROM integration WHERE id LIKE 'l%'")


async def read_documents(database: Database) -> dict[str, Document]:
    async with open_session(database) as session:
        return {
            row.id: services.secrets.decrypt_document(database.keyring, row)
            for row in await session.scalars(select(Integration))
        }


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_an_interrupted_erasure_of_plain_text_is_done_by_the_next_migration(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(database, *(webhook({"_id": f"h{n}", "token": secret}) for n, secret in enumerate(PLANTED)))
    await migrations.downgrade(database, "0010")

    def fail(_file: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(migrations, "erase_free_pages", fail)
        await migrations.upgrade(database)
    assert await migrations.get_current(database) == migrations.get_head()
    assert find_planted(read_database(database)) != []
    await migrations.upgrade(database)
    assert_hidden(database, [])


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_reader_that_keeps_the_log_from_being_truncated_is_reported(database: Database) -> None:
    await store(database, webhook({"_id": "h", "token": PLANTED[0]}))
    await migrations.downgrade(database, "0010")
    async with database.read() as reader:
        await reader.fetch_rows(sql.exports.select_integrations_by_id("h", TEAM))
        with pytest.raises(Refused, match="the log of SQLite still has them in plain text"):
            await migrations.upgrade(database)
    await migrations.upgrade(database)
    assert_hidden(database, [])
    erasure.erase_free_pages(str(database.url.database))


async def test_a_token_copied_to_another_row_cannot_be_read(database: Database, database_url: str) -> None:
    own, other = connected("a", config={"accessToken": "own"}), connected("b", config={"accessToken": "other"})
    await store(database, own, other, connected("a", team_id=OTHER_TEAM, config={"accessToken": "third"}))
    copy = text("UPDATE integration SET secrets = (SELECT secrets FROM integration WHERE id = 'b') WHERE id = 'a'")
    await database.run_sync(lambda connection: connection.execute(copy))
    async with open_session(database) as session:
        for row in await session.scalars(select(Integration).where(Integration.id == "a")):
            with pytest.raises(SecretUnreadable, match="belongs to another row"):
                services.secrets.decrypt_document(database.keyring, row)
    async with serve_gateway(database_url) as gateway:
        answer = await (await gateway.client())(
            '{ integration(id: "a") { name ... on ConnectedIntegration { config { accessToken tokenState } } } }'
        )
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert answer["data"]["integration"]["config"] == {"accessToken": None, "tokenState": "VALID"}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_reads_without_tokens_need_no_key(database: Database, database_url: str) -> None:
    id = "0" * 24
    await store(database, connected(id, config={"accessToken": "own"}), webhook({"_id": "h", "token": "t"}))
    query = "{ integrations { totalCount nodes { id ... on ConnectedIntegration { config { tokenState } } } } }"
    async with serve_gateway(database_url, secret_keys=generate_key()) as gateway:
        client = await gateway.client()
        found = await client.data(query)
        assert (await send(client, EXPORT.format(id))).status_code == 200
        hook = await ask(client, LIST, fields={"name": 1})
    assert {"id": id, "config": {"tokenState": "VALID"}} in found["integrations"]["nodes"]
    assert hook.json()["integrations"] == [{"_id": "h"}]
