"""The camera in a process of its own, so that what ends libcamera does not end the gate.

libcamera ends its process by an assertion when a camera vanishes while it streams. Its stop() may
block for ever (picamera2#1264), and reopening leaks memory and descriptors (picamera2#1102). Here
each opening is a new process, and each closing ends it.
"""

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Self

import numpy as np

from gate.core.backoff import backoff_s
from gate.drivers.camera import RESTART_S
from gate.drivers.camera_wire import (
    ANSWER,
    BYTES_MAX,
    QUESTION,
    Ask,
    CameraSetup,
    Said,
    said_error,
)
from gate.errors import CameraMissing
from gate.ports import Frame

OPEN_S, OPEN_MOST_S = 15.0, 60.0
"""Python, picamera2 and the camera's start. Doubled after each start that took longer: on the
virtual board, 30 times as slow as a Pi, one takes 25 s."""
ANSWER_S = RESTART_S + 2.0
"""Longer than it was asked to wait, and than its own restart takes: it hangs."""
END_S = RESTART_S + 1.0
KILLED_S = 2.0
RETRY_FIRST_S, RETRY_MOST_S = 1.0, 10.0
"""Between two processes that find no camera: a start costs a second of processor time."""


class CameraProcess:
    """The Camera port: RGB frames of the camera that `setup` names. One thread opens, captures and
    closes. One picture is shared; a frame given out is a copy of its own.

    A process that ends, hangs or finds no camera is CameraMissing. Whoever enters again starts
    another one; after a failed start not before its time, and is told the same until then.
    """

    def __init__(
        self, setup: CameraSetup, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._setup = setup
        self._monotonic = monotonic
        self._child: subprocess.Popen[bytes] | None = None
        self._given = contextlib.ExitStack()
        self._before = self._number = 0
        self._failures = self._slow_starts = 0
        self._refusal: tuple[float, CameraMissing] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it is open."""
        return None if self._child is None else self._child.pid

    def __enter__(self) -> Self:
        if self._refusal is not None and self._monotonic() < self._refusal[0]:
            raise self._refusal[1]
        self._start()
        try:
            self._answer(backoff_s(self._slow_starts, OPEN_S, OPEN_MOST_S))
        except CameraMissing as e:
            self._slow_starts += isinstance(e, _Silent)
            self._end()
            wait_s = backoff_s(self._failures, RETRY_FIRST_S, RETRY_MOST_S)
            self._failures += 1
            self._refusal = self._monotonic() + wait_s, e
            raise
        self._before = self._number
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def capture(self, timeout_s: float) -> Frame:
        """The next frame. FrameTimeout after `timeout_s` seconds; CameraMissing."""
        mono_ns, number = self._ask(Ask.CAPTURE, timeout_s)
        self._failures, self._refusal = 0, None
        self._number = self._before + number
        height, width = self._setup.height, self._setup.width
        shared = np.frombuffer(self._memory, np.uint8).reshape(height, width, 3)
        return Frame(shared.copy(), mono_ns, self._number)

    def set_exposure_value(self, stops: float) -> None:
        """Shifts the automatic exposure by so many stops. CameraMissing."""
        self._ask(Ask.EXPOSE, stops)

    def _start(self) -> None:
        """CameraMissing where no process can be started."""
        with contextlib.ExitStack() as given:
            memory = os.memfd_create("exam-gate-camera", os.MFD_CLOEXEC)
            given.callback(os.close, memory)
            os.ftruncate(memory, self._setup.bytes)
            self._memory = given.enter_context(mmap.mmap(memory, self._setup.bytes))
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._link = given.enter_context(ours)
            with theirs:
                # -P: nothing is imported from the working folder.
                command = [sys.executable, "-P", "-m", "gate.drivers.camera_child"]
                try:
                    self._child = subprocess.Popen(
                        [*command, str(theirs.fileno()), str(memory), *self._setup.words()],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        pass_fds=(theirs.fileno(), memory),
                    )
                except OSError as e:
                    raise CameraMissing(
                        f"The camera's process cannot be started ({e.strerror}): free memory, "
                        "then restart the gate.",
                        f"无法启动摄像头进程（{e.strerror}）：请释放内存后重启闸机程序。",
                        cause=str(e),
                    ) from e
            self._given = given.pop_all()

    def _ask(self, ask: Ask, value: float) -> tuple[int, int]:
        """CameraMissing, FrameTimeout."""
        if self._child is None:
            raise _ended("closed")
        try:
            self._link.send(QUESTION.pack(ask, value))
        except OSError:
            raise _ended(self._how_it_ended()) from None
        return self._answer(ANSWER_S + (value if ask is Ask.CAPTURE else 0.0))

    def _answer(self, wait_s: float) -> tuple[int, int]:
        """The two numbers of an answer. CameraMissing, FrameTimeout."""
        self._link.settimeout(wait_s)
        try:
            answer = self._link.recv(BYTES_MAX)
        except TimeoutError:
            self._kill()
            raise _ended(f"no answer for {wait_s:g} s", _Silent) from None
        except OSError:
            answer = b""
        if not answer:
            raise _ended(self._how_it_ended())
        kind, first, second = ANSWER.unpack_from(answer)
        if kind in (Said.TIMEOUT, Said.MISSING):
            raise said_error(Said(kind), answer[ANSWER.size :])
        return first, second

    def _how_it_ended(self) -> str:
        child = self._child
        if child is None:
            return "closed"
        try:
            code = child.wait(KILLED_S)
        except subprocess.TimeoutExpired:
            self._kill()
            return "it closed its socket"
        return signal.Signals(-code).name if code < 0 else f"exit {code}"

    def _end(self) -> None:
        """Closes the camera and ends its process, by force where it does not come back."""
        self._given.close()
        child, self._child = self._child, None
        if child is None:
            return
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(KILLED_S)

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()


class _Silent(CameraMissing):
    """The process gave no answer in time."""


def _ended(how: str, kind: type[CameraMissing] = CameraMissing) -> CameraMissing:
    return kind(
        f"The camera's process ended ({how}) and is started again: if this goes on, check the "
        "ribbon cable and the gate's log.",
        f"摄像头进程已结束（{how}），将自动重启：如反复出现，请检查排线和日志。",
        how=how,
    )
