"""What priority the thread of the lamps gets: what the system allows, quietly less otherwise."""

import os
import subprocess
import sys
import threading

import pytest

from gate.platform import priority
from gate.platform.priority import NICE, RR_PRIORITY, Granted, raise_priority
from tests.checkout import ROOT

REPORTING = """
import os, resource, sys, threading
from gate.platform.priority import raise_priority
for name, limit in zip(("RLIMIT_RTPRIO", "RLIMIT_NICE"), sys.argv[1:]):
    try:
        resource.setrlimit(getattr(resource, name), (int(limit), int(limit)))
    except ValueError:
        sys.exit(77)  # no CAP_SYS_RESOURCE here
os.setuid(65534)
def play():
    print(raise_priority(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
thread = threading.Thread(target=play)
thread.start()
thread.join()
print(os.getpriority(os.PRIO_PROCESS, os.getpid()), os.sched_getscheduler(os.getpid()))
"""


def in_a_thread() -> tuple[Granted, int, int]:
    """What was granted, then what the thread's scheduler and nice value really are."""
    found: list[tuple[Granted, int, int]] = []

    def play() -> None:
        granted = raise_priority()
        nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        found.append((granted, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, nice))

    thread = threading.Thread(target=play)
    thread.start()
    thread.join()
    return found[0]


def test_it_is_what_the_system_says_it_is() -> None:
    own = os.getpriority(os.PRIO_PROCESS, os.getpid())
    granted, scheduler, nice = in_a_thread()
    expected = {
        Granted.REAL_TIME: (os.SCHED_RR, own),
        Granted.NICE: (os.SCHED_OTHER, NICE),
        Granted.NONE: (os.SCHED_OTHER, own),
    }
    assert (scheduler, nice) == expected[granted]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "the thread alone"


def test_a_system_that_allows_nothing_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    monkeypatch.setattr(priority.os, "setpriority", refused)
    assert in_a_thread()[0] is Granted.NONE


def test_without_real_time_it_is_nice(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under RestrictRealtime=yes; a second time is no error either."""

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    granted, scheduler, nice = in_a_thread()
    assert scheduler == os.SCHED_OTHER
    assert granted is (Granted.NICE if nice == NICE else Granted.NONE)


@pytest.mark.system
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user with other limits")
@pytest.mark.parametrize(
    ("real_time", "nice", "granted"),
    [
        (RR_PRIORITY, 0, "SCHED_RR"),
        (0, 20 - NICE, "nice"),
        (0, 0, "none"),
    ],
)
def test_a_plain_user_gets_what_the_limits_of_the_unit_allow(
    real_time: int, nice: int, granted: str
) -> None:
    """`LimitNICE=-10` is an RLIMIT_NICE of 30. The tests themselves may run under `nice`."""
    own = os.nice(0)
    expected = NICE if granted == "nice" else own
    done = subprocess.run(
        [sys.executable, "-c", REPORTING, str(real_time), str(nice)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode == 77:
        pytest.skip("this root may not raise limits")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{granted} {expected}", f"{own} 0"]
