"""The `gateway` command: one module a command, mounted here."""

__all__ = ["main"]


def main() -> None:
    from gateway.cli.app import app  # noqa: PLC0415 (other processes of a command do without)

    app()
