"""preview.sock: what the camera sees, as small JPEGs, only while somebody follows.

A line is `{"mono_ns", "jpeg"}`: when the frame was taken (monotonic), and the mirrored picture in
base64. A client that is slow misses pictures. None of them is kept, and none is of anybody but who
stands there.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable

from gate.errors import Refused, UsageError
from gate.platform.json_lines import Answer, Message
from gate.ports import StaffConnection

INTERVAL_S = 0.1
"""Between two pictures: at most 10 a second."""
FOLLOWERS_MAX = 4

Newest = Callable[[int], tuple[int, bytes] | None]
"""Time (monotonic, ns) and JPEG of the newest frame; None where it is not from after the given."""


class PreviewSocket:
    """The handler of one preview socket. `newest` is called on a thread of the loop's pool."""

    def __init__(self, newest: Newest) -> None:
        self._newest = newest
        self._followers = 0
        self._last: tuple[int, str] = (-1, "")
        self._turn = asyncio.Lock()

    async def answer(
        self, message: Message, connection: StaffConnection
    ) -> Answer | AsyncIterator[Answer]:
        """The stream. UsageError for another request, Refused for one follower too many."""
        if message != {"ask": "preview"}:
            raise UsageError('Ask {"ask": "preview"}.', '请发送 {"ask": "preview"}。')
        if self._followers >= FOLLOWERS_MAX:
            raise Refused("Too many follow the preview.", "预览连接过多。")
        return self._pictures()

    async def _pictures(self) -> AsyncIterator[Answer]:
        self._followers += 1
        told = -1
        try:
            while True:
                taken, jpeg = await self._newer(told)
                if taken > told:
                    told = taken
                    yield {"mono_ns": taken, "jpeg": jpeg}
                await asyncio.sleep(INTERVAL_S)
        finally:
            self._followers -= 1
            if not self._followers:
                self._last = (-1, "")

    async def _newer(self, told: int) -> tuple[int, str]:
        """Followers share one picture: it is made once."""
        async with self._turn:
            if self._last[0] <= told:
                found = await asyncio.to_thread(self._newest, told)
                if found is not None:
                    self._last = (found[0], base64.b64encode(found[1]).decode())
            return self._last
