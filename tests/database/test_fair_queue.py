"""The fair queue: the order of waiting requests, and the refused ones."""

import asyncio
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.database.fair_queue import FairQueue
from gateway.errors import Overloaded


class QueuedRequests:
    """Requests that wait in a queue, and the order in which they got a slot. At the end all are cancelled."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.admitted: list[str | None] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def send(self, *teams: str | None) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._acquire(team)) for team in teams]
        self._tasks += tasks
        await asyncio.sleep(0)
        return tasks

    async def _acquire(self, team: str | None) -> None:
        await self.queue.acquire(team)
        self.admitted.append(team)

    async def finish(self, *teams: str | None) -> None:
        for team in teams:
            self.queue.release(team)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def create_queue(slots: int = 4, length: int = 100, seconds: float = 60) -> QueuedRequests:
    return QueuedRequests(FairQueue(slots, length, seconds))


async def test_one_team_never_uses_all_slots() -> None:
    async with create_queue(slots=8) as requests:
        await requests.send(*["a"] * 10)
        assert requests.admitted == ["a"] * 6
        await requests.send("b")
        assert requests.admitted == ["a"] * 6 + ["b"]


async def test_slots_rotate_among_waiting_teams() -> None:
    async with create_queue() as requests:
        await requests.send("a", "a", "a", "b")
        await requests.send("a", "a", "a", "b", "c", "c")
        requests.admitted.clear()
        await requests.finish("a", "a", "a", "b")
        assert requests.admitted == ["c", "a", "b", "c"]


async def test_requests_of_a_team_are_first_in_first_out() -> None:
    async with create_queue(slots=1) as requests:
        await requests.send("x")
        first, second = await requests.send("a", "a")
        await requests.finish("x")
        assert (first.done(), second.done()) == (True, False)
        await requests.finish("a")
        assert second.done()


async def test_requests_without_a_team_come_first_and_have_no_timeout() -> None:
    async with create_queue(slots=1, length=2, seconds=0.01) as requests:
        await requests.send("x")
        (refused, waiting_task) = await requests.send("a", None)
        with pytest.raises(Overloaded):
            await refused
        assert not waiting_task.done()
        await requests.send("b")
        await requests.finish("x")
        assert requests.admitted == ["x", None]


async def test_a_request_that_times_out_leaves_the_queue() -> None:
    async with create_queue(slots=1, seconds=0.01) as requests:
        await requests.send("x")
        (task,) = await requests.send("a")
        with pytest.raises(Overloaded):
            await task
        assert requests.queue.waiting_count == 0
        await requests.finish("x")
        assert requests.queue.used_slots == 0


async def test_a_full_queue_refuses_the_team_with_the_most_requests() -> None:
    async with create_queue(slots=1, length=3) as requests:
        await requests.send("x")
        *others, last = await requests.send("a", "a", "a")
        # The next request of the team that fills the queue is refused.
        (more,) = await requests.send("a")
        with pytest.raises(Overloaded):
            await more
        # For another team, the last request of the first team is refused.
        await requests.send("b")
        with pytest.raises(Overloaded):
            await last
        assert requests.queue.waiting_count == 3
        assert not any(task.done() for task in others)


async def test_the_slot_of_a_cancelled_request_goes_to_the_next() -> None:
    async with create_queue(slots=1) as requests:
        await requests.send("x")
        first, second = await requests.send("a", "b")
        requests.queue.release("x")
        first.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert requests.admitted == ["x", "b"]


STEPS = st.lists(st.tuples(st.sampled_from(["acquire", "finish", "cancel"]), st.integers(0, 9)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, slots=st.integers(1, 5), length=st.integers(1, 4))
def test_slots_are_never_lost_or_used_twice(steps: list[tuple[str, int]], slots: int, length: int) -> None:
    asyncio.run(_run_steps(steps, slots, length))


async def _run_steps(steps: list[tuple[str, int]], slots: int, length: int) -> None:
    queue, tasks = FairQueue(slots, length, 60), []

    async def hold_slot(team: str | None, may_finish: asyncio.Event) -> None:
        await queue.acquire(team)
        try:
            await may_finish.wait()
        finally:
            queue.release(team)

    for step, number in steps:
        if step == "acquire":
            may_finish = asyncio.Event()
            tasks.append((asyncio.create_task(hold_slot([None, "a", "b"][number % 3], may_finish)), may_finish))
        elif tasks:
            task, may_finish = tasks[number % len(tasks)]
            task.cancel() if step == "cancel" else may_finish.set()
        if number % 2:
            await asyncio.sleep(0)
        assert queue.used_slots <= slots
    for _, may_finish in tasks:
        may_finish.set()
    results = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), Overloaded, asyncio.CancelledError}
    assert (queue.used_slots, queue.waiting_count) == (0, 0)
