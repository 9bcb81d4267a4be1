"""The command line: one module for each command."""

__all__ = ["main"]


def main() -> None:
    from gateway.cli.app import app  # noqa: PLC0415 (importing the package must stay fast)

    app()
