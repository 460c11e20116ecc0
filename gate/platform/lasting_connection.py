"""A client's connection to a control socket that lasts over many requests.

What a server remembers of a connection, such as wrong PINs, is then of one client. The server may
close it while nothing is asked; the next request opens another one.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from gate.platform.json_lines import ANSWER_MAX, IDLE_S, Message, encode, nobody_answers

KEPT_S = IDLE_S - 20.0
"""One that was not used for longer is opened anew: the server is about to close it."""

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LastingConnection:
    """To the socket at `path`. Requests that come together are asked in their order. `now_s`:
    monotonic seconds."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now_s = now_s
        self._streams: _Streams | None = None
        self._used_s = 0.0
        self._turn = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._turn.locked()

    async def ask(self, request: Message, timeout_s: float = 10.0) -> Message:
        """One request, its answer. NetworkFault where nobody listens or answers in time."""
        async with self._turn:
            line = b""
            try:
                async with asyncio.timeout(timeout_s):
                    line = await self._line(encode(request))
            except (OSError, TimeoutError) as e:
                raise nobody_answers(self._path) from e
            finally:
                if not line:  # a late answer is not to be taken for that of the next request
                    self.close()
            if not line:
                raise nobody_answers(self._path)
            self._used_s = self._now_s()
            return dict(json.loads(line))

    def close(self) -> None:
        """A request after this opens another one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _line(self, request: bytes) -> bytes:
        """One that the server closed meanwhile answers nothing: the request is asked anew."""
        kept = self._kept()
        if kept is not None:
            try:
                line = await _answered(kept, request)
            except ConnectionError:
                line = b""
            if line:
                return line
            self.close()
        self._streams = await asyncio.open_unix_connection(self._path, limit=ANSWER_MAX)
        self._used_s = self._now_s()
        return await _answered(self._streams, request)

    def _kept(self) -> _Streams | None:
        if self._streams is None:
            return None
        reader, writer = self._streams
        is_old = self._now_s() - self._used_s > KEPT_S
        if is_old or reader.at_eof() or writer.is_closing():
            self.close()
        return self._streams


async def _answered(streams: _Streams, request: bytes) -> bytes:
    reader, writer = streams
    writer.write(request)
    await writer.drain()
    return await reader.readline()
