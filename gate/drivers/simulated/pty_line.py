"""The pseudo-terminal a simulated module sits behind, and the link that names it."""

import contextlib
import os
import pty
import termios
import tty
from pathlib import Path

from gate.drivers.card_reader.sdt import BAUDS
from gate.errors import UsageError

_SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in BAUDS}


class PtyLine:
    """Owned by one thread. `link`: a symbolic link to the slave, there while it is plugged in."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master, self._slave = -1, -1

    @property
    def plugged(self) -> bool:
        """Whether the port exists."""
        return self._master >= 0

    def fileno(self) -> int:
        """The module's end."""
        return self._master

    def speed(self) -> int | None:
        """What the client has set its end to; None for a speed no module has."""
        return _SPEEDS.get(termios.tcgetattr(self._slave)[5])

    def read(self) -> bytes:
        """What has come, maybe nothing."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._master, 4096)
        return b""

    def write(self, data: bytes) -> None:
        """As with a UART, a client that does not read loses bytes."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def plug(self) -> None:
        """UsageError where the link cannot be made. Nothing while it is plugged in."""
        if self.plugged:
            return
        if self._link.exists() and not self._link.is_symlink():
            raise self._no_link("exists and is no link")
        master, slave = pty.openpty()
        tty.setraw(slave)  # kept open, or reads fail once a client closes its end
        os.set_blocking(master, False)
        try:
            self._make_link(os.ttyname(slave))
        except OSError as e:
            os.close(master)
            os.close(slave)
            raise self._no_link("cannot be made") from e
        self._master, self._slave = master, slave

    def _make_link(self, target: str) -> None:
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self._link)

    def _no_link(self, why: str) -> UsageError:
        return UsageError(
            f"The link {self._link} {why}: name another place, in a folder of yours.",
            f"链接 {self._link} 无法建立：请换一个可写目录中的路径。",
            port=str(self._link),
        )

    def unplug(self) -> None:
        """Idempotent."""
        if not self.plugged:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master, self._slave = -1, -1
