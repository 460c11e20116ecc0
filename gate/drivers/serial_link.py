"""One serial port and one request at a time: blocking, for the thread that owns the port."""

import errno
import logging
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import serial

from gate.drivers.sdt import Command, Decoder, Remedy, Reply, damaged, encode_request, sam_id
from gate.errors import ReaderMissing, RetryLater, SdtError

log = logging.getLogger(__name__)

_TICK_S = 0.1
"""Longest single wait on the port: how soon closing is noticed."""

PORT_FAULTS = (OSError, termios.error)
"""What an unplugged port raises: pyserial's own exception is an OSError, its flush's is not."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of every wait, in seconds. `first_s`: to the first byte of a reply; `read_first_s`:
    of a card's data; `whole_s`: to the last byte; `gap_s`: between two bytes of a reply."""

    first_s: float = 1.0
    read_first_s: float = 3.0
    whole_s: float = 5.0
    gap_s: float = 0.2


class Silence(RetryLater, TimeoutError):
    """No reply within the bound."""


class LinkClosing(RetryLater):
    """The owner wants the port closed: give up what is being waited for."""


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
            self._port = serial.Serial(
                self._name, self._baud, timeout=tick_s, write_timeout=1.0, exclusive=True
            )
        except (*PORT_FAULTS, ValueError) as e:
            raise _missing(self._name, e) from e
        return self

    def __exit__(self, *_: object) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    def ask(self, command: Command) -> Reply:
        """One request, one reply. Silence; SdtError for damaged bytes; LinkClosing.

        ReaderMissing where the module says that it is itself at fault.
        """
        port = self._open_port()
        self._decoder.reset()
        port.reset_input_buffer()  # a late answer to an earlier request is not this one's
        port.write(encode_request(command))
        reply = self._reply(port, command)
        if reply.remedy is Remedy.READER_FAULT:
            raise ReaderMissing(
                f"The card reader at {self._name} reports a fault of its own ({reply.sw3:02X}): "
                "switch it off and on, or change it.",
                f"读卡器 {self._name} 自检故障（{reply.sw3:02X}）：请断电重启或更换。",
                port=self._name, status=reply.sw3,
            )  # fmt: skip
        return reply

    def ask_twice(self, command: Command) -> Reply:
        """As `ask`, sending again once when the line was noisy; for requests that may be."""
        try:
            reply = self.ask(command)
        except SdtError:
            self.drain()
            return self.ask(command)
        return self.ask(command) if reply.remedy is Remedy.RESEND else reply

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

    def prove_alive(self) -> None:
        """ReaderMissing unless the module answers something within three requests; a module that
        does not know STATUS still answers a find."""
        for command in (Command.STATUS, Command.FIND, Command.STATUS):
            try:
                self.ask(command)
            except Silence:
                continue
            except SdtError:
                self.drain()
                continue
            return
        raise _silent(self._name)

    def _reply(self, port: serial.Serial, command: Command) -> Reply:
        begun_s = time.monotonic()
        reads_card = command is Command.READ
        first_s = self._patience.read_first_s if reads_card else self._patience.first_s
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
            if data:
                deadline_s = min(begun_s + self._patience.whole_s, now_s + self._patience.gap_s)
            elif now_s >= deadline_s:
                if self._decoder.midway:  # bytes were lost, or noise has lengthened the frame
                    raise damaged("incomplete")
                raise Silence(f"No reply to {command.name}.", f"{command.name} 无应答。")
            self._give_way()

    def _give_way(self) -> None:
        if self._closing():
            raise LinkClosing("Closing the card reader.", "正在关闭读卡器。")

    def _open_port(self) -> serial.Serial:
        if self._port is None:
            raise LinkClosing("The card reader is closed.", "读卡器已关闭。")
        return self._port


def probe(port: str, baud: int, patience: Patience | None = None) -> str:
    """Open, ask, close: the module's number, or an empty string where it tells none.

    ReaderMissing with one sentence where the port is absent, busy or silent.
    """
    link = SerialLink(port, baud, patience=patience or Patience(), closing=lambda: False)
    with link:
        try:
            link.prove_alive()
            return sam_id(link.ask_twice(Command.SAM_ID))
        except (SdtError, Silence):
            return ""
        except ReaderMissing:
            raise
        except PORT_FAULTS as e:
            raise _missing(port, e) from e


def lost(port: str, error: Exception) -> ReaderMissing:
    """`error` of an open port as one sentence."""
    if isinstance(error, ReaderMissing):
        return error
    return _silent(port) if isinstance(error, Silence) else _missing(port, error)


def _silent(port: str) -> ReaderMissing:
    return ReaderMissing(
        f"The card reader at {port} does not answer: check its power, its cable and its speed.",
        f"读卡器 {port} 无应答：请检查电源、连接线和波特率。",
        port=port,
    )


def _missing(port: str, error: Exception) -> ReaderMissing:
    code = getattr(error, "errno", None)
    reasons = {
        errno.ENOENT: ("is not there: plug the reader in", "不存在：请插好读卡器"),
        errno.EACCES: ("may not be opened: put the user into the group dialout",
                       "无权打开：请将用户加入 dialout 组"),
        errno.EBUSY: ("is used by another program: end that one", "被其他程序占用：请先关闭"),
        errno.EAGAIN: ("is used by another program: end that one", "被其他程序占用：请先关闭"),
    }  # fmt: skip
    en, zh = reasons.get(
        code if isinstance(code, int) else 0,
        ("went away: plug the reader in again", "已断开：请重新插好读卡器"),
    )
    return ReaderMissing(
        f"The card reader's port {port} {en}.", f"读卡器端口 {port} {zh}。", port=port
    )
