"""What a request costs: this gateway beside the same schema written in the usual way, and beside plain SQL.

`python -m tests.benchmarks` fills a database, starts each peer as a server process on it, checks that they give
equal data, measures them in turns, and prints a table. It writes the same table into README.md beside this file.
All of it takes a quarter of an hour; `--help` lists options for less.

- `gateway`: this gateway as `gateway serve` runs it, with authentication, tenancy, permissions and every check.
- `strawberry-orm`: the part of its schema that is asked, on Strawberry's ordinary executor with SQLAlchemy's ORM,
  dataloaders, and caches of parsed and validated documents. It asks nobody who they are.
- `floor`: no GraphQL. A Starlette endpoint for each workload runs a hand-written statement that builds the whole
  answer in the database, and sends its bytes. It asks nobody who they are either.

All are one process under uvicorn with uvloop and httptools, with a pool of eight connections. Each round asks each
peer as often as takes it about a second, over connections that stay open, from this process, which is not counted;
the order of the peers rotates from round to round. CPU time is the kernel's own of each process, that which /proc
shows in ticks: of the server, and, where that is PostgreSQL, of the postmaster with all its children. Ratios are
medians of the ratios of each round, so that what disturbs a round disturbs both sides.

`tests.benchmarks.dashboard` measures in the same way what the appointments dashboard costs as appointments grow,
and `tests.benchmarks.ingest` what it costs to take appointments in.
"""
