"""Who is let in, in which order, and who is refused."""

import asyncio
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.database.fair_queue import FairQueue
from gateway.errors import Overloaded


class Waiting:
    """Those who ask to be let in, in the order in which they are. In the end nobody waits any more."""

    def __init__(self, admission: FairQueue) -> None:
        self.admission = admission
        self.admitted: list[str | None] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, *teams: str | None) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._enter(team)) for team in teams]
        self._tasks += tasks
        await asyncio.sleep(0)
        return tasks

    async def _enter(self, team: str | None) -> None:
        await self.admission.acquire(team)
        self.admitted.append(team)

    async def leave(self, *teams: str | None) -> None:
        for team in teams:
            self.admission.release(team)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def full(places: int = 4, queue: int = 100, seconds: float = 60) -> Waiting:
    return Waiting(FairQueue(places, queue, seconds))


async def test_one_team_never_takes_all_places() -> None:
    async with full(places=8) as waiting:
        await waiting.ask(*["a"] * 10)
        assert waiting.admitted == ["a"] * 6
        await waiting.ask("b")
        assert waiting.admitted == ["a"] * 6 + ["b"]


async def test_places_go_round_among_the_teams_that_wait() -> None:
    async with full() as waiting:
        await waiting.ask("a", "a", "a", "b")
        await waiting.ask("a", "a", "a", "b", "c", "c")
        waiting.admitted.clear()
        await waiting.leave("a", "a", "a", "b")
        assert waiting.admitted == ["c", "a", "b", "c"]


async def test_who_waits_longest_comes_first_within_a_team() -> None:
    async with full(places=1) as waiting:
        await waiting.ask("x")
        first, second = await waiting.ask("a", "a")
        await waiting.leave("x")
        assert (first.done(), second.done()) == (True, False)
        await waiting.leave("a")
        assert second.done()


async def test_what_cannot_be_refused_comes_first_and_waits_as_long_as_it_takes() -> None:
    async with full(places=1, queue=2, seconds=0.01) as waiting:
        await waiting.ask("x")
        (refused, kept) = await waiting.ask("a", None)
        with pytest.raises(Overloaded):
            await refused
        assert not kept.done()
        await waiting.ask("b")
        await waiting.leave("x")
        assert waiting.admitted == ["x", None]


async def test_who_waits_too_long_is_refused_and_leaves_the_queue() -> None:
    async with full(places=1, seconds=0.01) as waiting:
        await waiting.ask("x")
        (task,) = await waiting.ask("a")
        with pytest.raises(Overloaded):
            await task
        assert waiting.admission.waiting_count == 0
        await waiting.leave("x")
        assert waiting.admission.used_slots == 0


async def test_a_full_queue_refuses_those_who_fill_it() -> None:
    async with full(places=1, queue=3) as waiting:
        await waiting.ask("x")
        *staying, last = await waiting.ask("a", "a", "a")
        # The team that fills it is refused what comes next.
        (more,) = await waiting.ask("a")
        with pytest.raises(Overloaded):
            await more
        # Another has room made for it.
        await waiting.ask("b")
        with pytest.raises(Overloaded):
            await last
        assert waiting.admission.waiting_count == 3
        assert not any(task.done() for task in staying)


async def test_a_place_that_is_given_to_somebody_who_gives_up_goes_to_the_next() -> None:
    async with full(places=1) as waiting:
        await waiting.ask("x")
        first, second = await waiting.ask("a", "b")
        waiting.admission.release("x")
        first.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert waiting.admitted == ["x", "b"]


STEPS = st.lists(st.tuples(st.sampled_from(["enter", "leave", "cancel"]), st.integers(0, 9)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, places=st.integers(1, 5), queue=st.integers(1, 4))
def test_places_are_never_lost_nor_given_twice(steps: list[tuple[str, int]], places: int, queue: int) -> None:
    asyncio.run(_taken_in_any_order(steps, places, queue))


async def _taken_in_any_order(steps: list[tuple[str, int]], places: int, queue: int) -> None:
    admission, tasks = FairQueue(places, queue, 60), []

    async def inside(team: str | None, leaves: asyncio.Event) -> None:
        await admission.acquire(team)
        try:
            await leaves.wait()
        finally:
            admission.release(team)

    for step, number in steps:
        if step == "enter":
            leaves = asyncio.Event()
            tasks.append((asyncio.create_task(inside([None, "a", "b"][number % 3], leaves)), leaves))
        elif tasks:
            task, leaves = tasks[number % len(tasks)]
            task.cancel() if step == "cancel" else leaves.set()
        if number % 2:
            await asyncio.sleep(0)
        assert admission.used_slots <= places
    for _, leaves in tasks:
        leaves.set()
    results = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), Overloaded, asyncio.CancelledError}
    assert (admission.used_slots, admission.waiting_count) == (0, 0)
