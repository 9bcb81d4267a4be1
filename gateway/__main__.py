"""Run `gateway` as `python -m gateway`."""

from gateway.cli import main

main()
