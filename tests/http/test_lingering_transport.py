"""The transport of a connection whose client takes its response slowly."""

import asyncio
from itertools import count
from unittest.mock import Mock

import pytest

from gateway.server.lingering_transport import LingeringTransport
from tests.support.listening import wait_until

TIMEOUT = 0.01


@pytest.mark.parametrize("bytes_per_second", [0, 500])
async def test_a_client_that_takes_less_than_a_kilobyte_a_second_is_let_go(bytes_per_second: int) -> None:
    transport = start_write_timer(bytes_per_second)
    await wait_until(lambda: transport.abort.called)


async def test_a_client_that_takes_more_is_waited_for() -> None:
    transport = start_write_timer(1500)
    await wait_until(lambda: transport.get_write_buffer_size.call_count > 10)
    assert not transport.abort.called


async def test_a_client_that_leaves_the_end_of_its_last_response_is_let_go() -> None:
    transport = Mock(get_write_buffer_size=Mock(return_value=100), is_closing=Mock(return_value=False))
    lingering = LingeringTransport(transport, asyncio.get_running_loop(), TIMEOUT, lambda: False)
    lingering.start_write_timer()
    lingering.close()
    transport.is_closing.return_value = True
    lingering.stop_write_timer()
    await wait_until(lambda: transport.abort.called)


def start_write_timer(bytes_per_second: int) -> Mock:
    """Return a transport from which a client takes so much of a response between two checks."""
    sizes = count(1_000_000, -bytes_per_second * TIMEOUT)
    transport = Mock(get_write_buffer_size=Mock(side_effect=sizes))
    lingering = LingeringTransport(transport, asyncio.get_running_loop(), TIMEOUT, lambda: False)
    lingering.start_write_timer()
    return transport
