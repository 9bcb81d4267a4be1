"""Who is let in when there is not room for all: so many at once, and a bounded queue that is fair to each team.

A place goes to the waiting team that holds the fewest, and among equals to the one that was served longest ago.
No team holds more than three quarters of the places: whatever it asks, there is one for another team soon.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from typing import TypeAlias

from gateway.errors import Overloaded

_KEPT = 4
"""One place in so many is kept for teams that hold few."""

Team: TypeAlias = str | None
"""Whom a place is for; None for what cannot be refused any more: it comes first and waits as long as it takes."""

_Waiter: TypeAlias = asyncio.Future[None]


class FairQueue:
    """So many places, and a queue of so many who wait for one, each for so many seconds at most."""

    def __init__(self, places: int, queue: int, seconds: float) -> None:
        self._free, self._most = places, max(1, places - places // _KEPT)
        self._room, self._seconds = queue, seconds
        self._held: dict[Team, int] = {}
        self._waiting: OrderedDict[Team, deque[_Waiter]] = OrderedDict()

    @property
    def held(self) -> int:
        """How many places are taken."""
        return sum(self._held.values())

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._waiting.values()))

    def entered(self, team: Team) -> bool:
        """Take a place if one is to be had at once; that is all that most have to do."""
        held = self._held.get(team, 0)
        if not self._free or (held >= self._most and team is not None):
            return False
        self._free -= 1
        self._held[team] = held + 1
        return True

    async def enter(self, team: Team) -> None:
        """Take a place. Raises Overloaded when the queue is full, or no place becomes free in time."""
        if self.entered(team):
            return
        if team is not None and self.waiting >= self._room:
            self._make_room(team)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(team, deque()).append(waiter)
        try:
            async with asyncio.timeout(None if team is None else self._seconds):
                await waiter
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up(team, waiter)
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise

    def leave(self, team: Team) -> None:
        """Give a place back, to whoever is next."""
        self._free += 1
        held = self._held[team] - 1
        if held:
            self._held[team] = held
        else:
            del self._held[team]
        while self._waiting and self._let_in(self._next()):
            pass

    def _next(self) -> Team:
        return min(self._waiting, key=lambda team: -1 if team is None else self._held.get(team, 0))

    def _let_in(self, team: Team) -> bool:
        """Give a place to the one of a team who waits longest; false if there is none for it."""
        waiting = self._waiting[team]
        waiter = waiting[0]
        if not waiter.done():
            if not self.entered(team):
                return False
            waiter.set_result(None)
        waiting.popleft()
        self._waiting.move_to_end(team)
        if not waiting:
            del self._waiting[team]
        return True

    def _make_room(self, team: Team) -> None:
        """Of a full queue, refuse who came last of the team that waits for most; or else the one who comes."""
        lengths: Counter[Team] = Counter(
            {each: len(waiting) for each, waiting in self._waiting.items() if each is not None}
        )
        longest = max(lengths, key=lengths.__getitem__, default=team)
        if lengths[longest] <= lengths[team] + 1:
            raise Overloaded
        waiter = self._waiting[longest].pop()
        if not waiter.done():
            waiter.set_exception(Overloaded())

    def _give_up(self, team: Team, waiter: _Waiter) -> None:
        """Wait no longer; a place that was given at this very moment goes to the next."""
        if not waiter.cancelled():
            if waiter.exception() is None:
                self.leave(team)
            return
        waiting = self._waiting.get(team, deque())
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._waiting[team]
