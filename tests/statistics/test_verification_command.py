"""`gateway statistics verify`: where it stops, where it goes on, and what it refuses."""

import shlex

import pytest
from sqlalchemy import update

from gateway import services
from gateway.database.reading import Reader
from gateway.database.tables import DayCount
from gateway.domain.statistics.verification import VerificationPosition, VerificationScope
from gateway.services.verification import VerificationStep
from tests.statistics.test_verification import create_clinic
from tests.support.commands import unbox
from tests.support.gateway import TEAM, Gateway
from tests.support.verifying import (
    execute_without_counts,
    find_differences,
    read_cells,
    verify,
)

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ConnectionError])
async def test_an_interrupted_run_goes_on_where_it_stopped(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    await create_clinic(gateway)
    await execute_without_counts(gateway.database, update(DayCount).values(pending=9))
    expected = (await verify(gateway.database)).stdout.splitlines()[:-5]
    step, steps = services.verification.verify_next_block, 0

    async def interrupted(
        session: Reader, scope: VerificationScope, place: VerificationPosition
    ) -> VerificationStep | None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise ending("It is gone.")
        return await step(session, scope, place)

    monkeypatch.setattr(services.verification, "verify_next_block", interrupted)
    first = await verify(gateway.database)
    assert first.exit_code == (130 if ending is KeyboardInterrupt else 1)
    said = first.stderr.splitlines()[0]
    assert said == f"To continue from here: --from '{TEAM} clinic appointments 2024-02-29'"
    second = await verify(gateway.database, *shlex.split(said.partition(": ")[2]))
    assert second.exit_code == 1
    assert [*first.stdout.splitlines(), *second.stdout.splitlines()[:-5]] == expected


@pytest.mark.parametrize(
    "place", ["", "clinic", f"{TEAM} clinic invoices 2024-01-16", f"{TEAM} clinic appointments soon", "a b c d e"]
)
async def test_a_place_that_is_none_is_bad_usage(gateway: Gateway, place: str) -> None:
    await create_clinic(gateway)
    await execute_without_counts(gateway.database, update(DayCount).values(pending=9))
    ended = await verify(gateway.database, "--repair", "--from", place)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "use a position that an interrupted run has printed" in unbox(ended.stderr)
    assert await find_differences(gateway.database)


async def test_a_place_whose_integration_is_gone_goes_on_with_the_next(gateway: Gateway) -> None:
    await create_clinic(gateway)
    found = await verify(gateway.database, "--from", f"{TEAM} apples patients 2025-01-01")
    assert read_cells(found.stdout.splitlines()[-2]) == [1, 3, 4, 0, 0]
    found = await verify(gateway.database, "--from", f"{TEAM} clinic patients 2025-01-01")
    assert read_cells(found.stdout.splitlines()[-2]) == [1, 1, 1, 0, 0]
    found = await verify(gateway.database, "--from", f"{TEAM} pears patients 2025-01-01")
    assert (found.exit_code, read_cells(found.stdout.splitlines()[-2])) == (0, [0, 0, 0, 0, 0])
