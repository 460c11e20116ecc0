"""Waiting for what another thread, process or task does. The bound only ends a hang."""

import asyncio
import time
from collections.abc import Callable

BOUND_S = 20.0


def until(met: Callable[[], object], bound_s: float = BOUND_S) -> None:
    """Looks every 20 ms."""
    end = time.monotonic() + bound_s
    while not met():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


async def soon(met: Callable[[], object], bound_s: float = BOUND_S) -> None:
    """Looks each millisecond: a spin would starve the threads that are waited for."""
    async with asyncio.timeout(bound_s):
        while not met():
            await asyncio.sleep(0.001)
