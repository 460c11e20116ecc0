"""A simulated scanner on a pseudo-terminal: what modules send, at the line's pace, and faults.

It only sends, as scanners do; what a client writes to it (a module's setup commands) is dropped.
"""

import contextlib
import os
import pty
import tempfile
import threading
import time
import tty
from pathlib import Path
from typing import Self

from gate.drivers.rfid import encode_tag
from gate.errors import UsageError

FAULTS = ("unplugged", "line-noise", "cut-short")
KINDS = ("qr", "line", "rfid", "mrz")
REPEAT_S = 0.1
"""An RDM6300 sends a tag that lies there about ten times a second."""


def encode(kind: str, text: str, end: str = "\r\n") -> bytes:
    """The bytes that a module of `kind` sends for `text`: a payload; ten hexadecimal digits of a
    tag; the lines of a zone with `/` between them. UsageError."""
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
        self, link: Path | None = None, *, kind: str = "qr", end: str = "\r\n", baud: int = 9600,
        paced: bool = True,
    ) -> None:  # fmt: skip
        self._folder = tempfile.TemporaryDirectory(prefix="line-") if link is None else None
        self._link = link or Path(self._folder.name if self._folder else "") / "scanner"
        self._kind, self._end = kind, end
        self._byte_s = 10 / baud if paced else 0.0
        self._faults: set[str] = set()
        self._lock = threading.Lock()
        self._master, self._slave = -1, -1
        self._lying = threading.Event()

    @property
    def port(self) -> str:
        return str(self._link)

    def __enter__(self) -> Self:
        """UsageError where the link cannot be made."""
        self._plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.take_away()
        with self._lock:
            self._unplug()
        if self._folder:
            self._folder.cleanup()

    def scan(self, text: str) -> None:
        """Send it once. UsageError for what the module could not have read."""
        self.send(encode(self._kind, text, self._end))

    def lay(self, text: str) -> None:
        """A tag that stays: sent again and again until `take_away`."""
        self.take_away()
        frame = encode(self._kind, text, self._end)
        self._lying = lying = threading.Event()

        def repeat() -> None:
            while not lying.wait(REPEAT_S):
                self.send(frame)

        self.send(frame)
        threading.Thread(target=repeat, name="tag", daemon=True).start()

    def take_away(self) -> None:
        self._lying.set()

    def send(self, data: bytes) -> None:
        """Any bytes, with the faults that are on."""
        with self._lock:
            for byte in self._hurt(data):
                if self._master < 0:
                    return
                with contextlib.suppress(BlockingIOError):  # nobody reads: lost, as on a UART
                    os.write(self._master, bytes([byte]))
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
                (self._unplug if on else self._plug)()

    def _hurt(self, data: bytes) -> bytes:
        """`line-noise` and `cut-short` spoil what is sent next and are over."""
        hurt = bytearray(data)
        if "line-noise" in self._faults:
            hurt[len(hurt) // 2] ^= 0x80
        if "cut-short" in self._faults:
            del hurt[len(hurt) // 2 :]
        self._faults -= {"line-noise", "cut-short"}
        return bytes(hurt)

    def _plug(self) -> None:
        if self._master >= 0:
            return
        if self._link.exists() and not self._link.is_symlink():
            raise self._no_link("exists and is no link")
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        try:
            fresh = self._link.with_name(self._link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(slave))
            fresh.replace(self._link)
        except OSError as e:
            os.close(master)
            os.close(slave)
            raise self._no_link("cannot be made") from e
        self._master, self._slave = master, slave

    def _no_link(self, why: str) -> UsageError:
        return UsageError(
            f"The link {self._link} {why}: name another place, in a folder of yours.",
            f"链接 {self._link} 无法建立：请换一个可写目录中的路径。",
            port=str(self._link),
        )

    def _unplug(self) -> None:
        if self._master < 0:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master, self._slave = -1, -1
