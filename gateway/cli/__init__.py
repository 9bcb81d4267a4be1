"""The `gateway` command: one module a command, mounted here."""

from gateway.cli.app import app


def main() -> None:
    app()
