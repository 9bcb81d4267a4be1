"""Public test suites for GraphQL servers: graphql-http's audits and schemathesis."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from tests.support.commands import run_gateway, start_server
from tests.support.gateway import TEAM, USER
from tests.support.machine import skip_unless_ci

AUDITS = 61
PINNED = {
    "graphql": (
        "16.15.0",
        "sha512-32kz9FecohDiC/tgcViwnRXM7HFBVTPiW7pHO+DikKOI5KjhU/jNULOReXsrFqt2WAYbE9xFXsTffJw6iTO8qw==",
    ),
    "graphql-http": (
        "1.23.1",
        "sha512-h6AcykL7+xp22QvOnK0fu1eHk9AZG1ngF71rk0ZGuGupnjm1yqXRFrZ/eMv4Q1FTCWILJ5o6hVAxzt3S8/wPHQ==",
    ),
}
"""Packages that the audits need: versions and hashes of their tarballs."""

NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error")
RUN = """
import { serverAudits } from 'graphql-http';
const headers = { Authorization: `Bearer ${process.env.KEY}` };
const fetchFn = (url, init = {}) => fetch(url, { ...init, headers: { ...init.headers, ...headers } });
const found = [];
for (const { id, name, fn } of serverAudits({ url: process.env.URL, fetchFn })) {
  const { status, reason } = await fn();
  found.push({ id, name, status, reason });
}
console.log(JSON.stringify(found));
"""
SECONDS = 120


@dataclass(frozen=True)
class Target:
    """The URL of a running gateway, and a key for it."""

    url: str
    key: str


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("target")
    log_lines: list[str] = []
    with start_server("serve", "--port", "0", folder=folder) as server:
        # A full pipe would block the server.
        reader = Thread(target=lambda: log_lines.extend(server.process.stderr or ()))
        reader.start()
        owner = ("--team", TEAM, "--user", USER, "--name", "test", "--permission", "ADMIN")
        created = run_gateway("keys", "create", *owner, database_url=f"sqlite:///{folder / 'gateway.db'}")
        yield Target(server.url, created.stdout.strip())
        assert server.stop() == 0
        reader.join()
    assert [line for line in log_lines if json.loads(line)["level"] == "error"] == []


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which Node can import the audits."""
    if not (shutil.which("npm") and shutil.which("node")):
        skip_unless_ci("npm and Node are not on this machine; graphql-http's audits need them")
    folder = tmp_path_factory.mktemp("graphql-http")
    manifest = {"name": "audits", "dependencies": {name: version for name, (version, _) in PINNED.items()}}
    packages = {
        f"node_modules/{name}": {"version": version, "integrity": integrity}
        for name, (version, integrity) in PINNED.items()
    }
    lock = {"name": "audits", "lockfileVersion": 3, "requires": True, "packages": {"": manifest, **packages}}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    installed = subprocess.run(NPM, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    if installed.returncode:
        skip_unless_ci(f"npm could not install graphql-http: {installed.stderr.strip()[-500:]}")
    return folder


def test_all_audits_of_graphql_http_pass(suite: Path, target: Target) -> None:
    result = subprocess.run(
        ["node", "--input-type=module", "--eval", RUN],
        cwd=suite,
        env={**os.environ, "URL": target.url, "KEY": target.key},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    audits = json.loads(result.stdout)
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == AUDITS


def test_queries_generated_by_schemathesis_cause_no_server_error(target: Target, tmp_path: Path) -> None:
    options = {
        "checks": "not_a_server_error",
        "header": f"Authorization:Bearer {target.key}",
        "max-examples": "2",
        "phases": "fuzzing",
        "request-timeout": "10",
        "seed": "1",
        "suppress-health-check": "all",
    }
    result = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", target.url, "--no-shrink"),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "SCHEMATHESIS_HOOKS": "tests.support.scalars",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert re.search(r" (\d+) selected / \1 total", result.stdout), result.stdout
