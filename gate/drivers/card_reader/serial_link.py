"""One serial port and one request at a time: blocking, for the thread that owns the port."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import serial

from gate.drivers.card_reader.sdt import (
    BAUDS,
    Command,
    Decoder,
    Reply,
    Status,
    StatusRemedy,
    damaged,
    encode_request,
    sam_id,
    set_baud,
)
from gate.drivers.card_reader.serial_faults import (
    LinkClosing,
    Silence,
    Stuck,
    faulty,
    lost,
    missing,
    silent,
)
from gate.drivers.serial_port import PORT_FAULTS, opened
from gate.errors import ReaderMissing, SdtError

__all__ = [
    "PORT_FAULTS",
    "LinkClosing",
    "Patience",
    "SerialLink",
    "Silence",
    "Stuck",
    "lost",
    "probe",
]

log = logging.getLogger(__name__)

_TICK_S = 0.1
"""Longest single wait on the port: how soon closing is noticed."""

BOOT_TRIES = 3
"""A module may be deaf for 2 s after power came or after a reset. A status waits 0.5 s for its
answer, and late bytes are drained for 0.2 s."""

_SPEED_CHANGE_S = 0.02
"""After the reply to SET_BAUD; manuals ask for 5 ms."""

_CARD_READS = (Command.READ, Command.READ_WITH_FINGERPRINTS)


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of every wait, in seconds.

    `first_s`: to the first byte of a reply. `read_first_s`: to the first byte of a card's data.
    `whole_s`: to the last byte. `gap_s`: between two bytes of a reply. `status_s`: to the first
    byte of a status, which needs no time in the module.
    """

    first_s: float = 1.0
    read_first_s: float = 2.0
    whole_s: float = 4.0
    gap_s: float = 0.2
    status_s: float = 0.5


class SerialLink:
    """An open port with its decoder. A port that goes away raises one of `PORT_FAULTS`."""

    def __init__(
        self, port: str, baud: int, *, patience: Patience, closing: Callable[[], bool]
    ) -> None:
        self._name, self._baud = port, baud
        self._patience = patience
        self._closing = closing
        self._decoder = Decoder()
        self._port: serial.Serial | None = None

    def __enter__(self) -> Self:
        """Open for nobody else. ReaderMissing with what to do about it."""
        tick_s = min(_TICK_S, self._patience.gap_s)
        try:
            self._port = opened(self._name, self._baud, timeout=tick_s, write_timeout=1.0)
        except PORT_FAULTS as e:
            raise missing(self._name, e) from e
        return self

    def __exit__(self, *_: object) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    @property
    def baud(self) -> int:
        """The speed in use."""
        return self._baud

    def ask(self, command: Command) -> Reply:
        """One request, one reply. Silence; SdtError for damaged bytes; LinkClosing.

        ReaderMissing where the module says that it is itself at fault.
        """
        return self._exchange(command, encode_request(command))

    def ask_twice(self, command: Command) -> Reply:
        """As `ask`, sending again once when the line was noisy; for requests that may be."""
        try:
            reply = self.ask(command)
        except SdtError:
            self.drain()
            return self.ask(command)
        return self.ask(command) if reply.remedy is StatusRemedy.RESEND else reply

    def drain(self) -> None:
        """Drop what comes until the line has been quiet for one gap."""
        port = self._open_port()
        deadline_s = time.monotonic() + self._patience.whole_s
        quiet_s = time.monotonic() + self._patience.gap_s
        while time.monotonic() < min(deadline_s, quiet_s):
            if port.in_waiting:
                port.reset_input_buffer()
                quiet_s = time.monotonic() + self._patience.gap_s
            self._give_way()
            time.sleep(min(0.01, self._patience.gap_s))
        self._decoder.reset()

    # -- the ladder --------------------------------------------------------------------------------

    def revive(self) -> None:
        """After a silence: drop what comes late, then a status, then a reset. Stuck."""
        self.drain()
        if self._answers(Command.STATUS):
            return
        self.drain()
        if not self._answers(Command.RESET):
            raise silent(self._name)
        self.prove_alive(BOOT_TRIES)

    def reset(self) -> None:
        """The module forgets the card it holds and finds it anew. Stuck."""
        try:
            self.ask_twice(Command.RESET)
        except SdtError:
            self.drain()
        except Silence:
            self.revive()
            return
        self.prove_alive(BOOT_TRIES)

    def prove_alive(self, tries: int = 1) -> None:
        """Stuck unless the module answers a status within `tries`; ReaderMissing."""
        for _ in range(tries):
            if self._answers(Command.STATUS):
                return
            self.drain()
        raise silent(self._name)

    def search_speed(self) -> int:
        """The speed at which the module answers, from now on this link's; at its present one it
        may hang until it is reset. Stuck."""
        wanted, status_s = self._baud, self._patience.status_s
        if self._answers(Command.STATUS) or self._answers(Command.RESET, status_s):
            return wanted
        for baud in (b for b in BAUDS if b != wanted):
            self._change_speed(baud)
            if self._answers(Command.STATUS, status_s / 2):
                return baud
        self._change_speed(wanted)
        raise silent(self._name)

    def bring_to(self, baud: int) -> bool:
        """Set the module to `baud`, and this link with it; False where it stays as it was.

        Stuck where it answers at neither speed afterwards.
        """
        old = self._baud
        try:
            reply = self._exchange(Command.SET_BAUD, set_baud(baud))
        except (SdtError, Silence):
            self.drain()
            return self.search_speed() == baud
        if reply.sw3 != Status.DONE:
            return False
        time.sleep(_SPEED_CHANGE_S)
        self._change_speed(baud)
        if self._answers(Command.STATUS):
            return True
        self._change_speed(old)
        self.prove_alive()
        return False

    def _change_speed(self, baud: int) -> None:
        self._open_port().baudrate = self._baud = baud

    def _answers(self, command: Command, first_s: float | None = None) -> bool:
        try:
            self._exchange(command, encode_request(command), first_s)
        except (Silence, SdtError):
            return False
        return True

    # -- one exchange ------------------------------------------------------------------------------

    def _exchange(self, command: Command, request: bytes, first_s: float | None = None) -> Reply:
        port = self._open_port()
        self._decoder.reset()
        port.reset_input_buffer()  # a late answer to an earlier request is not this one's
        port.write(request)
        reply = self._reply(port, command, first_s or self._first_s(command))
        if reply.remedy is StatusRemedy.READER_FAULT:
            raise faulty(self._name, reply.sw3)
        return reply

    def _reply(self, port: serial.Serial, command: Command, first_s: float) -> Reply:
        begun_s = time.monotonic()
        last_s = begun_s + self._patience.whole_s
        deadline_s = begun_s + first_s
        while True:
            data = port.read(self._decoder.wanted)
            for item in self._decoder.feed(data):
                if isinstance(item, SdtError):
                    raise item
                if item.fits(command):
                    return item
                log.debug("late reply dropped: %r", item)
            now_s = time.monotonic()
            if data and self._decoder.midway:
                deadline_s = now_s + self._patience.gap_s
            if now_s >= min(deadline_s, last_s):
                if self._decoder.midway:  # bytes were lost, or noise has lengthened the frame
                    raise damaged("incomplete")
                raise Silence(f"No reply to {command.name}.", f"{command.name} 无应答。")
            self._give_way()

    def _first_s(self, command: Command) -> float:
        if command is Command.STATUS:
            return self._patience.status_s
        card = command in _CARD_READS
        return self._patience.read_first_s if card else self._patience.first_s

    def _give_way(self) -> None:
        if self._closing():
            raise LinkClosing("Closing the card reader.", "正在关闭读卡器。")

    def _open_port(self) -> serial.Serial:
        if self._port is None:
            raise LinkClosing("The card reader is closed.", "读卡器已关闭。")
        return self._port


def probe(port: str, baud: int, patience: Patience | None = None) -> str:
    """Open, find the speed, ask, close: the module's number, or an empty string where it tells
    none. ReaderMissing with one sentence where the port is absent, busy or silent."""
    link = SerialLink(port, baud, patience=patience or Patience(), closing=lambda: False)
    with link:
        try:
            link.search_speed()
            return sam_id(link.ask_twice(Command.SAM_ID))
        except (SdtError, Silence):
            return ""
        except ReaderMissing:
            raise
        except PORT_FAULTS as e:
            raise missing(port, e) from e
