"""Clients that send lists of as many entries as a body holds, again and again.

Run `python -m tests.faults.list_arguments`. An order of 30,000 entries once stopped the server for seconds.
"""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.database.database import Database
from gateway.domain.lenient_reading import Document, Json
from gateway.schema import schema
from tests.benchmarks.documents import TEAM
from tests.support.factories import connected, store, use_case, webhook
from tests.support.list_arguments import ListArgument, list_arguments
from tests.support.pressure import run_attacks


def _build_body(argument: ListArgument, count: int) -> Document:
    others: dict[str, Json] = {"id": "u" if argument.field == "updateUseCase" else "i", "integrationId": "i"}
    known = {name: value for name, value in others.items() if name in argument.definition.args}
    return {"query": argument.build_query(known), "variables": {"value": argument.build_variable(count)}}


def _list_bodies(count: int) -> Sequence[Document]:
    return [_build_body(argument, count) for argument in list_arguments(schema._schema)]


ATTACKS: Mapping[str, Sequence[Document]] = {
    "lists of 1,000 entries": _list_bodies(1_000),
    "lists of 4,000 entries": _list_bodies(4_000),
    "lists of 15,000 entries": _list_bodies(15_000),
}


async def fill(database: Database) -> None:
    """Store what the mutations change."""
    await store(database, connected("i", team_id=TEAM), webhook({"_id": "w", "name": "w"}, team_id=TEAM))
    await store(database, use_case("u", "i", team_id=TEAM))


if __name__ == "__main__":
    asyncio.run(run_attacks(ATTACKS, fill))
