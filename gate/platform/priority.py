"""What priority the system allows, so that a busy machine delays neither lamps nor decisions."""

import os
import threading
from enum import StrEnum

RR_PRIORITY = 1
"""The lowest of real time: above every ordinary thread, below those of the kernel."""
NICE = -10
"""Needs `LimitNICE=-10` or a smaller number (systemd/exam-gate.service)."""
PROGRAM_NICE = -8
"""Of everything else in the gate: a person waits for it. The lamps stay above that."""


class Granted(StrEnum):
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


def raise_program() -> bool:
    """Raises the calling thread and all that it starts from now on: called before any other thread
    begins. Whether the system allows it; without, the same work is done later."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PROGRAM_NICE)
        return True
    except OSError:
        return False
