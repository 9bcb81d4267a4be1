"""The breaker of a database that does not answer."""

import asyncio

from gateway.database.availability import Availability
from gateway.domain.failure_causes import FailureCause
from gateway.errors import Unavailable


async def test_a_failure_after_the_end_starts_no_probe() -> None:
    probes = 0

    async def probe() -> None:
        nonlocal probes
        probes += 1
        raise Unavailable(FailureCause.DATABASE)

    availability = Availability(probe, is_logged=False)
    availability.cut_off(Unavailable(FailureCause.DATABASE))
    await asyncio.sleep(0)
    assert probes == 1
    await availability.close()
    availability.cut_off(Unavailable(FailureCause.DATABASE))
    await asyncio.sleep(0)
    assert probes == 1
