"""Each setting is read by the gateway, and each has a test that gives it another value."""

import ast
import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from pydantic import Field

from gateway.database.database import Database
from gateway.errors import Overloaded
from gateway.server import listen, uvicorn_server
from gateway.settings import Settings, get_variable_name
from tests.support.endpoints import get_message, open_endpoint
from tests.support.source_code import PROJECT, modules

_SOURCES = ("settings", "_settings")
"""Names of variables and attributes that hold the settings."""


def _read_settings(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Yield each attribute that is read of the settings, and each text of a module that reads them by name."""
    for tree in trees:
        by_name = False
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _holds_settings(node.value):
                yield node.attr
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
                by_name = by_name or _holds_settings(node.args[0])
        if by_name:
            yield from _list_texts(tree)


def _holds_settings(node: ast.expr) -> bool:
    name = ast.unparse(node)
    return name.rpartition(".")[2] in _SOURCES or name in ("configure_command()", "load_settings()")


def _list_texts(tree: ast.AST) -> Iterator[str]:
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return (node.value for node in constants if isinstance(node.value, str))


def _find_unread(settings: type[Settings]) -> set[str]:
    trees = (tree for name, tree in modules().items() if name != "gateway.settings")
    return set(settings.model_fields) - set(_read_settings(trees))


def test_the_gateway_reads_each_setting() -> None:
    assert _find_unread(Settings) == set()


def test_an_unused_setting_is_detected() -> None:
    class SettingsWithUnused(Settings):
        unused_limit: int = Field(1)

    assert _find_unread(SettingsWithUnused) == {"unused_limit"}


READ_BY_LIBRARIES = {"gateway.server.http_connection:expect_100_continue"}
"""Attributes that a base class of a library reads."""


def _find_lost(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the attributes that objects assign to themselves and nobody reads: in their module if private."""
    read = {
        name: {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and not _holds_settings(node.value)
        }
        for name, tree in trees.items()
    }
    read_anywhere = set().union(*(names for name, names in read.items() if name != "gateway.settings"))
    return {
        f"{name}:{node.attr}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
        if node.attr not in (read[name] if node.attr.startswith("_") else read_anywhere)
    }


def test_no_object_stores_a_value_that_nobody_reads() -> None:
    """With ruff's rules on unused arguments and variables, no setting is lost on its way to the code that acts."""
    assert _find_lost(modules()) == READ_BY_LIBRARIES


def test_a_setting_that_is_stored_and_not_used_is_noticed() -> None:
    planted = ast.parse("class Limits:\n    def __init__(self, settings):\n        self.cost = settings.cost")
    assert _find_lost({"planted": planted}) == {"planted:cost"}


def test_each_setting_has_a_test_with_another_value() -> None:
    names: set[str] = set()
    for file in (PROJECT / "tests").rglob("test_*.py"):
        tree = ast.parse(file.read_text())
        names.update(node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg)
        names.update(_list_texts(tree))
    untested = {name for name in Settings.model_fields if not {name, get_variable_name(name)} & names}
    assert untested == set()


@pytest.mark.usefixtures("restored_logging")
def test_the_server_uses_the_settings_for_shutdown_and_proxies(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, *_: servers.append(server))
    monkeypatch.setattr(uvicorn_server, "reduce_collections", lambda: None)
    settings = Settings(
        database_url=f"sqlite:///{sqlite_template}", shutdown_timeout=3, trusted_proxies="10.1.1.1", graphiql=False
    )
    uvicorn_server.serve(settings, listen("127.0.0.1", 0))
    (server,) = servers
    assert server.config.timeout_graceful_shutdown == 3
    assert (server.config.proxy_headers, server.config.forwarded_allow_ips) == (True, "10.1.1.1")


async def test_the_queue_for_connections_is_limited_by_a_setting(sqlite_template: Path) -> None:
    url = f"sqlite:///{sqlite_template}"
    database = Database(Settings(database_url=url, database_pool_size=1, database_pool_queue=1))
    queue = database.queues["read"]
    await queue.acquire("a")
    waiting = asyncio.create_task(queue.acquire("a"))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await queue.acquire("a")
    queue.release("a")
    await waiting
    queue.release("a")
    await database.dispose()


async def test_the_length_of_messages_and_sessions_is_a_setting(sqlite_template: Path, tmp_path: Path) -> None:
    async with open_endpoint(sqlite_template, tmp_path, error_length_limit=100, session_lifetime=60) as endpoint:
        refused = await endpoint.post(json.dumps({"query": f"{{ {'unknown' * 200} }}"}))
        assert len(get_message(refused)) == 100
        same_origin = {"Origin": "http://gateway", "Sec-Fetch-Site": "same-origin"}
        signed_in = await endpoint.http.post("/session", json={"key": endpoint.key}, headers=same_origin)
    expires_at = datetime.fromisoformat(signed_in.json()["expiresAt"])
    assert expires_at < datetime.now(UTC) + timedelta(minutes=2)
