"""What a very big answer costs those who ask for little meanwhile, and how much memory it takes.

`python -m tests.load` serves 20,000 practitioners by `gateway serve`, over SQLite and then over PostgreSQL. It
exports all of them a few times, and keeps asking two small queries beside that: one that waits for the loop alone,
and one that reads a row. It prints their latencies with and without the exports, and the server's peak memory
beside the bytes of one export. All of it takes a minute.
"""
