"""A simulated SDT module on a pseudo-terminal: real bytes at the line's real pace, and faults.

One thread owns the pseudo-terminal. It does everything that is asked of the module from outside,
between two bytes, as a hand at a real one would.
"""

import os
import select
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from gate.core.card import IdCard
from gate.drivers.card_reader.sdt import (
    BAUDS,
    Command,
    Reply,
    Request,
    RequestDecoder,
    Status,
    encode_reply,
)
from gate.drivers.simulated.pty_line import PtyLine
from gate.drivers.simulated.sdt_cards import SimulatedCard
from gate.drivers.simulated.sdt_chip import FAULTS, Chip, Mode, Place
from gate.drivers.simulated.sdt_wire import Perfect, Wire, spoil
from gate.errors import GateBug, SdtError, UsageError

LATENCY_S = {
    Command.FIND: 0.060,
    Command.SELECT: 0.040,
    Command.READ: 0.800,
    Command.READ_WITH_FINGERPRINTS: 1.500,
    Command.NEWEST_ADDRESS: 0.030,
    Command.NEWEST_ADDRESS_OLD: 0.030,
    Command.CHIP_NUMBER: 0.030,
}
"""How long a module takes to answer, chosen within what manuals and field programs suggest."""

BOOT_S = 1.5
"""How long it is deaf after power came."""

_CALL_S = 5.0
_INCOMPLETE_S = 1.0


class SdtModule:
    """The module behind `port`, a symbolic link to the pseudo-terminal that outlives unplugging.

    `latency_scale`: 1 answers and boots as slowly as a real one, 0 not at all. `baud`: the module's
    speed, which SET_BAUD changes and unplugging does not; a client at another one hears nothing.
    `paced`: bytes take the time that this speed gives them, both ways. `wire`: what becomes of
    them on the way. `late_s`: how late late and slow faults are. `hand_s`: how long a hand takes
    from lifting a card to laying it again; `lay` waits for as much of it as is left. `heard` is
    called on the module's thread with each request, before it is answered.
    """

    def __init__(
        self,
        link: Path | None = None,
        *,
        mode: Mode = Mode.STICKY,
        latency_scale: float = 0.0,
        paced: bool = True,
        baud: int = 115200,
        wire: Wire | None = None,
        late_s: float = 1.5,
        hand_s: float = 0.0,
        heard: Callable[[Request], None] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sdt-") if link is None else None
        self._link = link or Path(self._folder.name if self._folder else "") / "reader"
        self._line = PtyLine(self._link)
        self._chip = Chip(mode)
        self._latency_scale = latency_scale
        self._paced = paced
        self._wire: Wire = wire or Perfect()
        self._late_s = late_s
        self._hand_s, self._lifted_s = hand_s, 0.0
        self._lifted: SimulatedCard | None = None
        self._heard = heard
        self._faults = self._chip.faults
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._wake_out, self._wake_in = -1, -1
        self._decoder = RequestDecoder()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._deaf_until_s = 0.0
        self.baud = baud
        self.last_byte_mono_ns = 0
        """When the last byte of the newest reply was handed to the line."""

    @property
    def port(self) -> str:
        """The path of the port to open."""
        return str(self._link)

    def __enter__(self) -> Self:
        """UsageError where the link cannot be made."""
        self._line.plug()
        self._wake_out, self._wake_in = os.pipe()
        self._thread = threading.Thread(target=self._run, name="sdt-module", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is None:
            return
        self._do(self._stop)
        self._thread.join(_CALL_S)
        self._thread = None
        self._line.unplug()
        os.close(self._wake_in)
        os.close(self._wake_out)
        if self._folder:
            self._folder.cleanup()

    def lay(self, card: IdCard | SimulatedCard) -> None:
        """Lay a card, in the place of the one that lies there. SdtError for one without a chip."""
        chip = SimulatedCard.of(card) if isinstance(card, IdCard) else card
        if self._hand_s:
            self.lift()
            if chip.is_of(self._lifted):
                time.sleep(max(0.0, self._lifted_s + self._hand_s - time.monotonic()))
        self._do(lambda: self._chip.lay(chip))

    def lift(self) -> None:
        """Takes the card away."""
        self._do(self._lift)

    def _lift(self) -> None:
        if self._chip.card is not None:
            self._lifted, self._lifted_s = self._chip.card, time.monotonic()
        self._chip.lift()

    def fault(self, name: str, on: bool) -> None:
        """Begin or end a fault of `FAULTS`. UsageError for another name."""
        if name not in FAULTS:
            raise UsageError(
                f"No reader fault {name!r}: use one of {', '.join(FAULTS)}.",
                f"没有读卡器故障 {name!r}：可用 {'、'.join(FAULTS)}。",
                name=name,
                names=tuple(FAULTS),
            )
        self._do(lambda: self._set_fault(name, on))

    def rewire(self, wire: Wire) -> None:
        """Another wire from the next byte on."""
        self._do(lambda: setattr(self, "_wire", wire))

    def _set_fault(self, name: str, on: bool) -> None:
        (self._faults.add if on else self._faults.discard)(name)
        if name == "reader-unplugged":
            self._unplug() if on else self._plug()

    def _unplug(self) -> None:
        self._line.unplug()

    def _plug(self) -> None:
        if self._line.plugged:
            return
        self._line.plug()
        self._decoder.reset()
        self._chip.restart()
        self._deaf_until_s = time.monotonic() + BOOT_S * self._latency_scale

    def _do(self, call: Callable[[], None]) -> None:
        """Run `call` on the module's thread and wait until it is done."""
        if self._thread is None:
            raise GateBug("The simulated reader is not running: enter it first.")
        if threading.current_thread() is self._thread:
            return call()
        done: Future[None] = Future()
        self._calls.append((call, done))
        os.write(self._wake_in, b"!")
        done.result(_CALL_S)

    # -- on the module's own thread from here ----------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            midway = self._decoder.midway
            watched = [self._wake_out] + ([self._line.fileno()] if self._line.plugged else [])
            ready, _, _ = select.select(watched, [], [], _INCOMPLETE_S if midway else None)
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
                self._obey()
            elif ready:
                self._take()
            elif midway:
                self._decoder.reset()
                if "reader-silent" not in self._faults:
                    self._send(Reply(Status.BAD_LENGTH))

    def _stop(self) -> None:
        self._stopping = True

    def _obey(self) -> None:
        while self._calls:
            call, done = self._calls.popleft()
            try:
                call()
                done.set_result(None)
            except (OSError, UsageError) as e:
                done.set_exception(e)

    def _pause(self, until_s: float) -> None:
        """Let time pass up to `until_s` (monotonic) and obey meanwhile."""
        while (left := until_s - time.monotonic()) > 0 and not self._stopping:
            ready, _, _ = select.select([self._wake_out], [], [], left)
            if ready:
                os.read(self._wake_out, 64)
                self._obey()

    def _byte_s(self) -> float:
        """8N1: ten bits a byte."""
        return 10 / self.baud if self._paced else 0.0

    def _take(self) -> None:
        due_s = time.monotonic()
        data = self._line.read()
        if self._line.speed() != self.baud or due_s < self._deaf_until_s:
            self._decoder.reset()  # at another speed it is no request
            return
        for piece in self._wire.carry(data):
            due_s += piece.after_s + len(piece.data) * self._byte_s()
            self._pause(due_s)
            for item in self._decoder.feed(piece.data):
                self._answer(item)

    def _answer(self, item: Request | SdtError) -> None:
        if "reader-silent" in self._faults:
            return
        if isinstance(item, Request):
            self._serve(item)
            return
        short = item.reason == "length"
        self._send(Reply(Status.BAD_LENGTH if short else Status.BAD_CHECKSUM))

    def _serve(self, request: Request) -> None:
        if self._heard:
            self._heard(request)
        if "reader-hung" in self._faults:
            if request.command is not Command.RESET:
                return
            self._faults.discard("reader-hung")
        latency_s = LATENCY_S.get(request.command, 0.0) if request.command else 0.0
        if self._chip.place is not Place.EMPTY or request.command is Command.FIND:
            self._pause(time.monotonic() + latency_s * self._latency_scale)
        reply = self._chip.answer(request)
        self._send(reply, noisy="read-noise" in self._faults and len(reply.data) > 256)
        if request.command is Command.SET_BAUD and reply.sw3 == Status.DONE:
            self.baud = BAUDS[request.data[0]]
        if request.command is Command.RESET and "reset-slow" in self._faults:
            self._deaf_until_s = time.monotonic() + self._late_s

    def _send(self, reply: Reply, noisy: bool = False) -> None:
        frame = encode_reply(reply)
        if noisy:
            frame = b"".join(p.data for p in spoil(frame, {"line-noise"}))
        due_s = time.monotonic()
        for spoilt in spoil(frame, self._faults, self._late_s):
            due_s += spoilt.after_s
            for piece in self._wire.carry(spoilt.data):
                due_s += piece.after_s + len(piece.data) * self._byte_s()
                self._pause(due_s)
                if not self._line.plugged or self._stopping:  # in the middle of a reply
                    return
                self.last_byte_mono_ns = time.monotonic_ns()
                self._line.write(piece.data)


__all__ = ["FAULTS", "LATENCY_S", "Mode", "SdtModule", "SimulatedCard"]
