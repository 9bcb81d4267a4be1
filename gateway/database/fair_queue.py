"""A bounded queue for the slots of a connection pool, which is fair to each team.

A free slot goes to the waiting team that uses the fewest slots; among equal teams, to the one served longest ago.
No team uses more than three quarters of the slots, so that another team soon gets one.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from typing import TypeAlias

from gateway.errors import Overloaded, Unavailable

_RESERVED_SHARE = 4
"""One slot in this many is reserved for teams that use few."""

TeamId: TypeAlias = str | None
"""The id of a team; None for an operation that has committed: it comes first, and waits without a timeout."""

_Waiter: TypeAlias = asyncio.Future[None]


class FairQueue:
    """Slots, and a queue of those who wait for one, for at most `timeout` seconds each."""

    def __init__(self, slots: int, max_waiting: int, timeout: float) -> None:
        self._free_slots, self._max_per_team = slots, max(1, slots - slots // _RESERVED_SHARE)
        self._max_waiting, self._timeout = max_waiting, timeout
        self._slots_by_team: dict[TeamId, int] = {}
        self._waiters: OrderedDict[TeamId, deque[_Waiter]] = OrderedDict()

    @property
    def used_slots(self) -> int:
        """How many slots are in use."""
        return sum(self._slots_by_team.values())

    @property
    def waiting_count(self) -> int:
        """How many callers wait for a slot."""
        return sum(map(len, self._waiters.values()))

    def try_acquire(self, team: TeamId) -> bool:
        """Take a slot if one is free for the team; return whether it was."""
        used = self._slots_by_team.get(team, 0)
        if not self._free_slots or (used >= self._max_per_team and team is not None):
            return False
        self._free_slots -= 1
        self._slots_by_team[team] = used + 1
        return True

    async def acquire(self, team: TeamId) -> None:
        """Take a slot. Raises Overloaded when the queue is full, or no slot becomes free in time."""
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
        """Free a slot, which the next waiting caller takes."""
        self._free_slots += 1
        used = self._slots_by_team[team] - 1
        if used:
            self._slots_by_team[team] = used
        else:
            del self._slots_by_team[team]
        while self._waiters and self._admit(self._choose_team()):
            pass

    def refuse_all(self, failure: Unavailable) -> None:
        """Refuse all who wait for a slot, because of a failure of the database."""
        for waiting in self._waiters.values():
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(Unavailable(failure.cause, failure.detail))
        self._waiters.clear()

    def _choose_team(self) -> TeamId:
        return min(self._waiters, key=lambda team: -1 if team is None else self._slots_by_team.get(team, 0))

    def _admit(self, team: TeamId) -> bool:
        """Give a slot to the caller of a team who waits longest; return False if the team may not take it."""
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
        """Refuse the last caller of the team with the longest queue, or raise Overloaded for the new caller."""
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
        """Remove a caller from the queue; a slot that it got at the same moment goes to the next one."""
        if not waiter.cancelled():
            if waiter.exception() is None:
                self.release(team)
            return
        waiting = self._waiters.get(team, deque())
        if waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._waiters[team]
