"""Who is let in when there is not room for all: so many at once, and a bounded queue that is fair to each team.

A place goes to the waiting team that holds the fewest, and among equals to the one that was served longest ago.
No team holds more than three quarters of the places: whatever it asks, there is one for another team soon.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from typing import TypeAlias

from gateway.errors import Overloaded

_RESERVED_SHARE = 4
"""One place in so many is kept for teams that hold few."""

TeamId: TypeAlias = str | None
"""Whom a place is for; None for what cannot be refused any more: it comes first and waits as long as it takes."""

_Waiter: TypeAlias = asyncio.Future[None]


class FairQueue:
    """So many places, and a queue of so many who wait for one, each for so many seconds at most."""

    def __init__(self, slots: int, max_waiting: int, timeout: float) -> None:
        self._free_slots, self._max_per_team = slots, max(1, slots - slots // _RESERVED_SHARE)
        self._max_waiting, self._timeout = max_waiting, timeout
        self._slots_by_team: dict[TeamId, int] = {}
        self._waiters: OrderedDict[TeamId, deque[_Waiter]] = OrderedDict()

    @property
    def used_slots(self) -> int:
        """How many places are taken."""
        return sum(self._slots_by_team.values())

    @property
    def waiting_count(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._waiters.values()))

    def try_acquire(self, team: TeamId) -> bool:
        """Take a place if one is to be had at once; that is all that most have to do."""
        held = self._slots_by_team.get(team, 0)
        if not self._free_slots or (held >= self._max_per_team and team is not None):
            return False
        self._free_slots -= 1
        self._slots_by_team[team] = held + 1
        return True

    async def acquire(self, team: TeamId) -> None:
        """Take a place. Raises Overloaded when the queue is full, or no place becomes free in time."""
        if self.try_acquire(team):
            return
        if team is not None and self.waiting_count >= self._max_waiting:
            self._refuse_waiter(team)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(team, deque()).append(waiter)
        try:
            async with asyncio.timeout(None if team is None else self._timeout):
                await waiter
        except (TimeoutError, asyncio.CancelledError) as error:
            self._cancel_waiter(team, waiter)
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise

    def release(self, team: TeamId) -> None:
        """Give a place back, to whoever is next."""
        self._free_slots += 1
        held = self._slots_by_team[team] - 1
        if held:
            self._slots_by_team[team] = held
        else:
            del self._slots_by_team[team]
        while self._waiters and self._admit(self._choose_team()):
            pass

    def _choose_team(self) -> TeamId:
        return min(self._waiters, key=lambda team: -1 if team is None else self._slots_by_team.get(team, 0))

    def _admit(self, team: TeamId) -> bool:
        """Give a place to the one of a team who waits longest; false if there is none for it."""
        waiting = self._waiters[team]
        waiter = waiting[0]
        if not waiter.done():
            if not self.try_acquire(team):
                return False
            waiter.set_result(None)
        waiting.popleft()
        self._waiters.move_to_end(team)
        if not waiting:
            del self._waiters[team]
        return True

    def _refuse_waiter(self, team: TeamId) -> None:
        """Of a full queue, refuse who came last of the team that waits for most; or else the one who comes."""
        lengths: Counter[TeamId] = Counter(
            {each: len(waiting) for each, waiting in self._waiters.items() if each is not None}
        )
        longest = max(lengths, key=lengths.__getitem__, default=team)
        if lengths[longest] <= lengths[team] + 1:
            raise Overloaded
        waiter = self._waiters[longest].pop()
        if not waiter.done():
            waiter.set_exception(Overloaded())

    def _cancel_waiter(self, team: TeamId, waiter: _Waiter) -> None:
        """Wait no longer; a place that was given at this very moment goes to the next."""
        if not waiter.cancelled():
            if waiter.exception() is None:
                self.release(team)
            return
        waiting = self._waiters.get(team, deque())
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._waiters[team]
