"""A simulated scanner on a pseudo-terminal: what modules send, at the line's pace, and faults.

It only sends, as scanners do; what a client writes to it (a module's setup commands) is dropped.
"""

import tempfile
import threading
import time
from pathlib import Path
from typing import Self

from gate.drivers.scanners.rfid import encode_tag
from gate.drivers.simulated.pty_line import PtyLine
from gate.errors import UsageError

FAULTS = ("unplugged", "line-noise", "cut-short")
KINDS = ("qr", "line", "rfid", "mrz")
REPEAT_S = 0.1
"""An RDM6300 sends a tag that lies there about ten times a second."""


def encode(kind: str, text: str, end: str = "\r\n") -> bytes:
    """The bytes that a module of `kind` sends for `text`. UsageError.

    `text` is a payload, ten hexadecimal digits of a tag, or the lines of a zone with `/` between
    them.
    """
    if kind == "rfid":
        try:
            tag = bytes.fromhex(text)
        except ValueError:
            tag = b""
        if len(tag) != 5:
            raise UsageError(
                "A tag is ten hexadecimal digits, such as 0A00112233.", "标签为十位十六进制数。"
            )
        return encode_tag(tag)
    lines = text.split("/") if kind == "mrz" else [text]
    return "".join(line + end for line in lines).encode()


class LineModule:
    """The scanner behind `port`, a symbolic link that outlives unplugging. `paced`: bytes leave at
    `baud`. Every call may come from any thread and returns when the bytes are on the line."""

    def __init__(
        self,
        link: Path | None = None,
        *,
        kind: str = "qr",
        end: str = "\r\n",
        baud: int = 9600,
        paced: bool = True,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="line-") if link is None else None
        self._link = link or Path(self._folder.name if self._folder else "") / "scanner"
        self._line = PtyLine(self._link)
        self._kind, self._end = kind, end
        self._byte_s = 10 / baud if paced else 0.0
        self._faults: set[str] = set()
        self._lock = threading.Lock()
        self._taken_away = threading.Event()

    @property
    def port(self) -> str:
        """The path of the port to open."""
        return str(self._link)

    def __enter__(self) -> Self:
        """UsageError where the link cannot be made."""
        self._line.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.take_away()
        with self._lock:
            self._line.unplug()
        if self._folder:
            self._folder.cleanup()

    def scan(self, text: str) -> None:
        """Send it once. UsageError for what the module could not have read."""
        self.send(encode(self._kind, text, self._end))

    def lay(self, text: str) -> None:
        """A tag that stays: sent again and again until `take_away`."""
        self.take_away()
        frame = encode(self._kind, text, self._end)
        self._taken_away = taken_away = threading.Event()

        def repeat() -> None:
            while not taken_away.wait(REPEAT_S):
                self.send(frame)

        self.send(frame)
        threading.Thread(target=repeat, name="tag", daemon=True).start()

    def take_away(self) -> None:
        """The tag or notice leaves: repeats end."""
        self._taken_away.set()

    def send(self, data: bytes) -> None:
        """Any bytes, with the faults that are on."""
        with self._lock:
            for byte in self._hurt(data):
                if not self._line.plugged:
                    return
                self._line.write(bytes([byte]))
                if self._byte_s:
                    time.sleep(self._byte_s)

    def fault(self, name: str, on: bool) -> None:
        """Begin or end one of `FAULTS`. UsageError for another name."""
        if name not in FAULTS:
            raise UsageError(
                f"No scanner fault {name!r}: use one of {', '.join(FAULTS)}.",
                f"没有扫码器故障 {name!r}：可用 {'、'.join(FAULTS)}。",
                names=FAULTS,
            )
        with self._lock:
            (self._faults.add if on else self._faults.discard)(name)
            if name == "unplugged":
                (self._line.unplug if on else self._line.plug)()

    def _hurt(self, data: bytes) -> bytes:
        """`line-noise` and `cut-short` spoil what is sent next and are over."""
        hurt = bytearray(data)
        if "line-noise" in self._faults and hurt:
            hurt[len(hurt) // 2] ^= 0x80
        if "cut-short" in self._faults:
            del hurt[len(hurt) // 2 :]
        self._faults -= {"line-noise", "cut-short"}
        return bytes(hurt)
