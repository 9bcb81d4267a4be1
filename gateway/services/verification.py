"""What is counted by days, compared with the records: one block of days after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway import sql
from gateway.database.reading import Reader
from gateway.database.writing import WriteSession
from gateway.domain.calendar import timezones
from gateway.domain.statistics import day_blocks
from gateway.domain.statistics.catalogue import STATISTICS
from gateway.domain.statistics.day_blocks import LARGEST, LAST_DAY
from gateway.domain.statistics.day_counts import ALL, Block, Cell, Series
from gateway.domain.statistics.verification import Difference, Place, Scope
from gateway.services import day_counts
from gateway.services.day_counts import Home


@dataclass(frozen=True, slots=True)
class Step:
    """A block of days that was verified, or None where an integration has no more of one type."""

    home: Home
    block: int | None
    records: int
    """How many there are in it."""
    differences: Sequence[Difference]
    next: Place | None
    """Where the next step begins; None when all is verified."""


async def size(session: Reader, scope: Scope, place: Place) -> int:
    """How many records are counted from the integration of a place on."""
    ((found,),) = await session.tuples(sql.verification.size(scope, place.team_id, place.integration_id))
    return found


async def step(session: Reader, scope: Scope, place: Place) -> Step | None:
    """Verify the first block of days at a place or after it; None where there is no integration any more.

    All of it is read from one snapshot, in which nothing that others write makes a difference.
    """
    found = await session.tuples(sql.verification.integration(scope, place.team_id, place.integration_id))
    if not found:
        return None
    ((team_id, integration_id, timezone),) = found
    if (team_id, integration_id) != place[:2]:
        place = Place(team_id, integration_id)
    statistics = next(each for each in STATISTICS if each.type.value == place.type)
    home = Home(team_id, integration_id, timezones.zone(timezone), statistics)
    block = await _next_block(session, home, place.day)
    if block is None:
        return Step(home, None, 0, (), await _next_home(session, scope, home))
    after = block + LARGEST
    following = place._replace(day=after) if after <= LAST_DAY else await _next_home(session, scope, home)
    return Step(home, block, *await _compare(session, home, block), following)


async def repair(session: WriteSession, found: Step) -> Sequence[Difference]:
    """Make the counts of a block what the records say by now; gives what was changed.

    The integration is held from before they are compared, so that nobody writes meanwhile.
    """
    home = found.home
    held = await session.tuples(sql.verification.held(home.team_id, home.integration_id))
    if not held or found.block is None:
        return ()
    home = replace(home, zone=timezones.zone(held[0][0]))
    _, differences = await _compare(session, home, found.block)
    await day_counts.correct(session, home, differences)
    return differences


async def _next_block(session: Reader, home: Home, day: int) -> int | None:
    """The first day of the first of the largest blocks in which there may be records or counts."""
    start = day_blocks.first_of(day, LARGEST)
    ((counted,),) = await session.tuples(sql.verification.next_count(*home.key, start))
    blocks = (
        None if counted is None else day_blocks.first_of(counted, LARGEST),
        await day_counts.next_block(session, home, start),
    )
    return min((block for block in blocks if block is not None and block <= LAST_DAY), default=None)


async def _next_home(session: Reader, scope: Scope, home: Home) -> Place | None:
    """Where the next type of the integration begins, or the next integration."""
    following = STATISTICS[STATISTICS.index(home.statistics) + 1 :]
    if following:
        return Place(home.team_id, home.integration_id, following[0].type.value)
    found = await session.tuples(sql.verification.next_integration(scope, home.team_id, home.integration_id))
    return Place(*found[0]) if found else None


async def _compare(session: Reader, home: Home, block: int) -> tuple[int, Sequence[Difference]]:
    """How many records there are in one of the largest blocks, and what differs there, in the order of keys."""
    counted = {cell.key: cell for cell in (await day_counts.counted(session, home, block)).cells()}
    found = await session.tuples(sql.verification.stored(*home.key, block, block + LARGEST - 1))
    cells = (Cell(Series(*row[:3]), Block(*row[3:])) for row in found)
    stored = {cell.key: cell for cell in cells}
    differences = [
        Difference(stored.get(key), counted.get(key))
        for key in sorted({*counted, *stored})
        if stored.get(key) != counted.get(key)
    ]
    all_of_them = counted.get((home.statistics.type.value, ALL, ALL, LARGEST, block, ALL))
    records = 0 if all_of_them is None else sum(all_of_them.numbers)
    return records, differences
