"""`gateway statistics verify`: interruptions, continuing from a position, and refusals."""

import shlex

import pytest
from sqlalchemy import update

from gateway import services
from gateway.database.reading import Reader
from gateway.database.tables import DayCount
from gateway.domain.statistics.verification import VerificationPosition, VerificationScope
from gateway.services.verification import VerificationStep
from tests.support.commands import unbox
from tests.support.gateway import TEAM, Gateway
from tests.support.verifying import (
    create_clinic,
    execute_without_counts,
    find_differences,
    read_cells,
    verify,
)

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ConnectionError])
async def test_an_interrupted_run_can_be_continued(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    await create_clinic(gateway)
    await execute_without_counts(gateway.database, update(DayCount).values(pending=9))
    expected = (await verify(gateway.database)).stdout.splitlines()[:-5]
    step, steps = services.verification.verify_next_block, 0

    async def verify_or_fail(
        session: Reader, scope: VerificationScope, position: VerificationPosition
    ) -> VerificationStep | None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise ending("It is gone.")
        return await step(session, scope, position)

    monkeypatch.setattr(services.verification, "verify_next_block", verify_or_fail)
    first = await verify(gateway.database)
    assert first.exit_code == (130 if ending is KeyboardInterrupt else 1)
    hint = first.stderr.splitlines()[0]
    assert hint == f"To continue from here: --from '{TEAM} clinic appointments created_at 2024-01-12'"
    second = await verify(gateway.database, *shlex.split(hint.partition(": ")[2]))
    assert second.exit_code == 1
    assert [*first.stdout.splitlines(), *second.stdout.splitlines()[:-5]] == expected


@pytest.mark.parametrize(
    "position",
    [
        "",
        "clinic",
        f"{TEAM} clinic invoices start 2024-01-16",
        f"{TEAM} clinic patients start 2024-01-16",
        f"{TEAM} clinic appointments start soon",
        "a b c d e",
    ],
)
async def test_an_invalid_position_is_bad_usage(gateway: Gateway, position: str) -> None:
    await create_clinic(gateway)
    await execute_without_counts(gateway.database, update(DayCount).values(pending=9))
    result = await verify(gateway.database, "--repair", "--from", position)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "use a position that an interrupted run has printed" in unbox(result.stderr)
    assert await find_differences(gateway.database)


async def test_a_position_of_a_deleted_integration_continues_with_the_next(gateway: Gateway) -> None:
    await create_clinic(gateway)
    found = await verify(gateway.database, "--from", f"{TEAM} apples patients created_at 2025-01-01")
    assert read_cells(found.stdout.splitlines()[-2]) == [1, 5, 7, 0, 0]
    found = await verify(gateway.database, "--from", f"{TEAM} clinic patients created_at 2025-01-01")
    assert read_cells(found.stdout.splitlines()[-2]) == [1, 1, 1, 0, 0]
    found = await verify(gateway.database, "--from", f"{TEAM} pears patients created_at 2025-01-01")
    assert (found.exit_code, read_cells(found.stdout.splitlines()[-2])) == (0, [0, 0, 0, 0, 0])
