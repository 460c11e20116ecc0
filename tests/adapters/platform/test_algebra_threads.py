"""A gate's linear algebra takes one thread: with more they wait for each other."""

import os
import subprocess
import sys

import pytest

from gate.platform.algebra_threads import VARIABLE

PROGRAM = """
import os, sys
from gate.commands import run
assert "numpy" not in sys.modules, "too late: numpy has its threads"
if sys.argv[1] == "one":
    from gate.platform.algebra_threads import one_algebra_thread
    one_algebra_thread()
import numpy
numpy.ones((600, 600)) @ numpy.ones((600, 600))
print(len(os.listdir("/proc/self/task")))
"""


def threads_of(how: str, **more: str) -> int:
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE} | more
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return int(done.stdout)


def test_one_thread_unless_the_environment_says_otherwise() -> None:
    if threads_of("as it is") == 1:
        pytest.skip("one processor, or another library than OpenBLAS")
    assert threads_of("one") == 1
    assert threads_of("one", **{VARIABLE: "2"}) == 2
