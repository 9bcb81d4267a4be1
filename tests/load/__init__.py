"""Load tests on this machine, with SQLite and with PostgreSQL. All of them take five minutes.

`python -m tests.load` runs all three, or those that are named:

- `exports`: the latency of small queries during very large exports, and the memory that the exports take.
- `overload`: 200 connections with heavy queries against a capacity of 8, and small queries beside them.
- `mixed`: 10,000 valid and invalid requests of all kinds, after which the server must not have leaked anything.

If a requirement is not met, the command prints it and exits with 1.
"""
