"""Resolve an install without `.constraints.txt`, and print each package that would be another version.

Fails only when pip finds no versions that fit together.
"""

import json
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]


def resolve() -> dict[str, str]:
    """Return the version of each package that pip would install now."""
    options = ["-qq", "--disable-pip-version-check", "--dry-run", "--ignore-installed", "--report", "-"]
    command = [sys.executable, "-m", "pip", "install", *options, ".[dev]"]
    report = json.loads(subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603
    packages = [item["metadata"] for item in report["install"]]
    versions = {canonicalize_name(package["name"]): package["version"] for package in packages}
    del versions["integrations-gateway"]
    return versions


def read_constraints() -> dict[str, str]:
    lines = (PROJECT / ".constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def main() -> None:
    resolved = resolve()
    constraints = read_constraints()
    differences = [
        f"{name} {version} (constraints: {constraints.get(name, 'none')})"
        for name, version in sorted(resolved.items())
        if constraints.get(name) != version
    ]
    print("\n".join([f"{len(resolved)} packages fit together; {len(differences)} differ", *differences]))


if __name__ == "__main__":
    main()
