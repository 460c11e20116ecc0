"""The unit's own clock, and whether its wall time may be relied on.

Trusted means: the kernel says its time is synchronised. In adjtimex(2) the state is not TIME_ERROR
and STA_UNSYNC is clear. Time services clear it: timesyncd does, and chrony with `rtcsync`.

The kernel itself ends the trust when its error bound has grown past 16 s. That is about 9 h after
the last contact with a time source. At a crystal's 50 ppm it is 1.6 s of real error. So a morning
without network stays trusted.
"""

import ctypes
import time
from datetime import datetime
from pathlib import Path

from gate.core.clock_trust import BUILT
from gate.core.events import Instant

TIME_ERROR = 5
STA_UNSYNC = 0x40
CACHE_NS = 1_000_000_000

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")


class SystemClock:
    """The Clock port. `trusted` is asked of the kernel at most once a second."""

    def __init__(self) -> None:
        self._boot = boot_id()
        self._trusted = False
        self._asked_ns: int | None = None

    @property
    def boot(self) -> str:
        """The kernel's name for this boot."""
        return self._boot

    def now(self) -> Instant:
        """This moment; the trust is asked of the kernel once in `CACHE_NS`."""
        mono_ns = time.monotonic_ns()
        if self._asked_ns is None or mono_ns - self._asked_ns >= CACHE_NS:
            self._asked_ns = mono_ns
            self._trusted = is_synchronised()
        at = datetime.now().astimezone()
        return Instant(at, mono_ns, self._trusted and at >= BUILT)


def boot_id() -> str:
    """The kernel's name for this boot; monotonic times of different boots do not compare."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


def is_synchronised() -> bool:
    """Whether the kernel's time is disciplined. Takes microseconds; needs no privilege.

    Under systemd's ProtectClock the call is forbidden; then timesyncd's mark is all there is.
    """
    kernel = ask_kernel()
    if kernel is None:
        return _TIMESYNCD_MARK.exists()
    return is_disciplined(*kernel)


def is_disciplined(state: int, status: int) -> bool:
    """What adjtimex(2) returned, and `timex.status`."""
    return state != TIME_ERROR and not status & STA_UNSYNC


def ask_kernel() -> tuple[int, int] | None:
    """Clock state and status bits of adjtimex(2) with modes 0; None where it is not allowed."""
    timex = _Timex()
    state = _libc().adjtimex(ctypes.byref(timex))
    return None if state < 0 else (state, timex.status)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h> as far as `status`; the rest is room for the kernel."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )
