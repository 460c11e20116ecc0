"""A simulated SDT module on a pseudo-terminal: real bytes at the line's real pace, and faults.

One thread owns the pseudo-terminal; everything asked of the module from outside is done by it
between two bytes, as a hand at a real one would.
"""

import contextlib
import os
import pty
import select
import tempfile
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from gate.core.card import IdCard
from gate.drivers.sdt import Command, Reply, Request, RequestDecoder, Status, encode_reply
from gate.drivers.simulated.sdt_cards import SimulatedCard
from gate.drivers.simulated.sdt_chip import FAULTS, Chip, Mode, Place
from gate.errors import GateBug, SdtError, UsageError

LATENCY_S = {Command.FIND: 0.060, Command.SELECT: 0.040, Command.READ: 0.800}
"""How long a module thinks, chosen within what manuals and field programs suggest."""

_CHUNK = 16
_CALL_S = 5.0
_INCOMPLETE_S = 1.0


class SdtModule:
    """The module behind `port`, a symbolic link to the pseudo-terminal that outlives unplugging.

    `latency_scale`: 1 thinks as long as a real one, 0 not at all; `paced`: bytes leave at `baud`.
    `heard` is called on the module's thread with each request, before it is answered.
    """

    def __init__(
        self, link: Path | None = None, *, mode: Mode = Mode.STICKY,
        latency_scale: float = 0.0, paced: bool = True, baud: int = 115200,
        heard: Callable[[Request], None] | None = None,
    ) -> None:  # fmt: skip
        self._folder = tempfile.TemporaryDirectory(prefix="sdt-") if link is None else None
        self._link = link or Path(self._folder.name if self._folder else "") / "reader"
        self._chip = Chip(mode)
        self._latency_scale = latency_scale
        self._heard = heard
        self._byte_s = 10 / baud if paced else 0.0
        self._faults = self._chip.faults
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._wake_out, self._wake_in = -1, -1
        self._master, self._slave = -1, -1
        self._decoder = RequestDecoder()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self.last_byte_mono_ns = 0
        """When the last byte of the newest reply had been handed to the line."""

    @property
    def port(self) -> str:
        return str(self._link)

    def __enter__(self) -> Self:
        """UsageError where the link cannot be made."""
        self._plug()
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
        self._unplug()
        os.close(self._wake_in)
        os.close(self._wake_out)
        if self._folder:
            self._folder.cleanup()

    def lay(self, card: IdCard | SimulatedCard) -> None:
        """Lay a card, in the place of the one that lies there. SdtError for one without a chip."""
        chip = SimulatedCard.of(card) if isinstance(card, IdCard) else card
        self._do(lambda: self._chip.lay(chip))

    def lift(self) -> None:
        self._do(self._chip.lift)

    def fault(self, name: str, on: bool) -> None:
        """Begin or end a fault of `FAULTS`. UsageError for another name."""
        if name not in FAULTS:
            raise UsageError(
                f"No reader fault {name!r}: use one of {', '.join(FAULTS)}.",
                f"没有读卡器故障 {name!r}：可用 {'、'.join(FAULTS)}。",
                name=name, names=FAULTS,
            )  # fmt: skip
        self._do(lambda: self._set_fault(name, on))

    def _set_fault(self, name: str, on: bool) -> None:
        (self._faults.add if on else self._faults.discard)(name)
        if name == "reader-unplugged":
            (self._unplug if on else self._plug)()

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
            watched = [self._wake_out] + ([self._master] if self._master >= 0 else [])
            ready, _, _ = select.select(watched, [], [], _INCOMPLETE_S if midway else None)
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
                self._obey()
            elif ready:
                self._take()
            elif midway:
                self._decoder.reset()
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

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for item in self._decoder.feed(os.read(self._master, 4096)):
                if "reader-silent" in self._faults:
                    continue
                if isinstance(item, SdtError):
                    short = item.reason == "length"
                    self._send(Reply(Status.BAD_LENGTH if short else Status.BAD_CHECKSUM))
                else:
                    self._serve(item)

    def _serve(self, request: Request) -> None:
        if self._heard:
            self._heard(request)
        latency_s = LATENCY_S.get(request.command, 0.0) if request.command else 0.0
        if self._chip.place is not Place.EMPTY or request.command is Command.FIND:
            self._pause(time.monotonic() + latency_s * self._latency_scale)
        reply = self._chip.answer(request)
        self._send(reply, noisy="read-noise" in self._faults and len(reply.data) > 256)

    def _send(self, reply: Reply, noisy: bool = False) -> None:
        frame = bytearray(encode_reply(reply))
        if noisy or "line-noise" in self._faults:
            self._faults.discard("line-noise")
            frame[len(frame) // 2] ^= 0x08
        due_s = time.monotonic()
        for start in range(0, len(frame), _CHUNK):
            chunk = bytes(frame[start : start + _CHUNK])
            due_s += len(chunk) * self._byte_s
            self._pause(due_s)
            if self._master < 0:  # unplugged in the middle of a reply
                return
            # A client that does not read loses bytes, as with a UART.
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, chunk)
        self.last_byte_mono_ns = time.monotonic_ns()

    def _plug(self) -> None:
        if self._master >= 0:
            return
        if self._link.exists() and not self._link.is_symlink():
            raise UsageError(
                f"{self._link} exists and is no link: name another place for the port.",
                f"{self._link} 已存在且不是链接：请换一个路径。",
                port=str(self._link),
            )
        master, slave = pty.openpty()
        tty.setraw(slave)  # kept open, or reads fail once a client closes its end
        os.set_blocking(master, False)
        try:
            self._make_link(os.ttyname(slave))
        except OSError as e:
            os.close(master)
            os.close(slave)
            raise UsageError(
                f"No link can be made at {self._link}: use an existing folder of yours.",
                f"无法在 {self._link} 创建链接：请换一个可写目录中的路径。",
                port=str(self._link),
            ) from e
        self._master, self._slave = master, slave
        self._decoder.reset()
        self._chip.restart()

    def _make_link(self, target: str) -> None:
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self._link)

    def _unplug(self) -> None:
        if self._master < 0:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master, self._slave = -1, -1


__all__ = ["FAULTS", "LATENCY_S", "Mode", "SdtModule", "SimulatedCard"]
