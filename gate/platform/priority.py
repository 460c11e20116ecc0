"""What priority the system allows the calling thread, so that a busy machine does not delay it."""

import os
import threading
from enum import StrEnum

RR_PRIORITY = 1
"""The lowest of real time: above every ordinary thread, below those of the kernel."""
NICE = -10
"""Needs `LimitNICE=-10` or a smaller number (systemd/exam-gate.service)."""


class Granted(StrEnum):
    """The priority that the system has granted to a thread."""

    REAL_TIME = "SCHED_RR"
    NICE = "nice"
    NONE = "none"


def raise_priority() -> Granted:
    """Raises the calling thread alone and says what was granted. Never fails: a thread without
    priority does the same work, later. Threads and processes that it starts do not inherit it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(RR_PRIORITY))
        return Granted.REAL_TIME
    except OSError:
        pass  # without CAP_SYS_NICE, LimitRTPRIO= or a real-time budget; RestrictRealtime=yes
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        return Granted.NICE
    except OSError:
        return Granted.NONE
