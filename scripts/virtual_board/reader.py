"""The ID-card module at the machine's USB port: the product's own simulated module on a pty.

qemu's USB serial adapter (0403:6001) is plugged in while somebody is connected to its socket.
"""

import os
import select
import socket
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.processes import program


class CardReader:
    """`socket_path`: where qemu listens; `folder`: for the pseudo-terminal's link."""

    def __init__(self, socket_path: Path, folder: Path) -> None:
        self._socket_path = socket_path
        self._link = folder / "reader.tty"
        self._module: subprocess.Popen[str] | None = None
        self._bridge: threading.Thread | None = None
        self._unplugged = threading.Event()

    def __enter__(self) -> Self:
        self._link.unlink(missing_ok=True)
        self._module = subprocess.Popen(
            [program("exam-gate"), "simulate", "reader", "--port", str(self._link)],
            stdin=subprocess.PIPE,
            stdout=(self._link.parent / "reader.log").open("ab"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        while not self._link.exists():
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.unplug()
        if self._module is not None:
            self._module.terminate()
            self._module.wait()

    def plug(self) -> None:
        """The adapter appears at the machine."""
        self._unplugged.clear()
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(self._socket_path))
        self._bridge = threading.Thread(target=self._carry, args=(link,), daemon=True)
        self._bridge.start()

    def unplug(self) -> None:
        """It is gone."""
        self._unplugged.set()
        if self._bridge is not None:
            self._bridge.join()
            self._bridge = None

    def say(self, line: str) -> None:
        """A line of `exam-gate simulate reader`: lay ..., lift, fault ... ."""
        if self._module is None or self._module.stdin is None:
            raise RuntimeError("the card reader is not there")
        self._module.stdin.write(line + "\n")
        self._module.stdin.flush()

    def _carry(self, link: socket.socket) -> None:
        terminal = os.open(self._link, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(terminal)
            settings = termios.tcgetattr(terminal)
            settings[4] = settings[5] = termios.B115200
            termios.tcsetattr(terminal, termios.TCSANOW, settings)
            while not self._unplugged.is_set():
                ready, _, _ = select.select([link, terminal], [], [], 0.1)
                if link in ready:
                    got = link.recv(4096)
                    if not got:
                        return
                    os.write(terminal, got)
                if terminal in ready:
                    link.sendall(os.read(terminal, 4096))
        except OSError:
            return  # the machine was cut
        finally:
            os.close(terminal)
            link.close()
