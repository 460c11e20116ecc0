"""One HTTPS connection, with a bound on how long its client may let it wait.

uvicorn bounds the time between two requests. This bounds the time for a request to be complete, and
the time in which nothing of an answer is taken.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class BoundedConnection(H11Protocol):
    """Cut off where its client is too slow. Nothing is logged: the other side chose it.

    `request_s`: for a request, from its first byte to its last one; the first one from the
    handshake. `taken_s`: in which a client that has something to read takes nothing of it.
    """

    request_s = 10.0
    taken_s = 10.0
    _asking: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _left: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The handshake is done."""
        super().connection_made(transport)
        self._watch_request()

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        super().data_received(data)
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        for timer in (self._asking, self._reading):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes less than is written."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().resume_writing()

    def _watch_request(self) -> None:
        if not self._is_incomplete():
            if self._asking is not None:
                self._asking.cancel()
                self._asking = None
        elif self._asking is None:
            self._asking = self.loop.call_later(self.request_s, self.transport.abort)

    def _is_incomplete(self) -> bool:
        state = self.conn.their_state
        if state is h11.IDLE:
            return self.cycle is None or bool(self.conn.trailing_data[0])
        return state is h11.SEND_BODY

    def _watch_reading(self) -> None:
        self._left = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(self.taken_s, self._look_at_reading)

    def _look_at_reading(self) -> None:
        if self.transport.get_write_buffer_size() >= self._left:
            self.transport.abort()
        else:
            self._watch_reading()
