"""Benchmarks of requests: this gateway, the same schema written in the usual way, and plain SQL.

`python -m tests.benchmarks` fills a database, starts each peer as a server process on it, checks that they
return equal data, measures them in alternation, and prints a table. It writes the same table into README.md in
this folder. The full run takes a quarter of an hour; `--help` lists options for shorter runs.

- `gateway`: this gateway as `gateway serve` runs it, with authentication, tenancy, permissions and every check.
- `strawberry-orm`: the part of its schema that the workloads use, on Strawberry's normal executor with
  SQLAlchemy's ORM, dataloaders, and caches of parsed and validated documents. It has no authentication.
- `floor`: no GraphQL. A Starlette endpoint for each workload runs a hand-written statement that builds the whole
  response in the database, and sends its bytes. It has no authentication either.
- `columns`: as `floor`, but over tables of its own with a column for each field. It composes responses from rows.

Each peer is one process under uvicorn with uvloop and httptools, with a pool of eight connections. In each
round, this process sends each peer requests for about a second over open connections; its own CPU time is not
counted. The order of the peers rotates from round to round. CPU time is that of the kernel for the server
process and, with PostgreSQL, for the postmaster with all its children. Ratios are medians of the ratios of each
round, because a disturbance of a round affects both sides.

`tests.benchmarks.dashboard` measures the appointments dashboard with growing numbers of appointments, and
`tests.benchmarks.ingest` measures imports and upserts of appointments. `tests.benchmarks.rest` compares the URLs
of the REST documents with GraphQL. `tests.benchmarks.questions` measures every
argument of the schema at two numbers of records.
"""
