"""The camera's own process: what ends it costs pictures, never the gate."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.drivers import camera_process
from gate.drivers.camera_process import CameraProcess
from gate.drivers.camera_wire import CameraSetup, Said, error_answer, said_error
from gate.errors import CameraMissing, FrameTimeout
from tests.waiting import until

STAND_IN = Path(__file__).parent / "stand_in"
SETUP = CameraSetup(320, 240, 10.0)


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """picamera2 for the process; call it to say what is wrong."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    return lambda what: monkeypatch.setenv("CAMERA_DOES", what)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def is_there(pid: int) -> bool:
    """Whether it runs: neither gone nor waiting to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_frames_come_through_and_stay_as_they_were() -> None:
    with CameraProcess(SETUP) as camera:
        frames = [camera.capture(2.0) for _ in range(3)]
        camera.set_exposure_value(2)
        bright = camera.capture(2.0)
    assert [f.number for f in frames] == [1, 2, 3]
    assert {f.pixels.shape for f in frames} == {(240, 320, 3)}
    assert [f.pixels[100, 100].tolist() for f in frames] == [[101 + n, 0, 0] for n in range(3)]
    assert bright.pixels[0, 0, 0] == 203
    assert frames[0].mono_ns < frames[1].mono_ns < frames[2].mono_ns


@pytest.mark.parametrize("how", [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL])
def test_an_abort_of_the_library_is_a_camera_that_comes_back(how: signal.Signals) -> None:
    camera = CameraProcess(SETUP)
    before = descriptors()
    for _ in range(3):
        with camera:
            first = camera.capture(2.0)
            assert camera.pid is not None
            os.kill(camera.pid, how)
            with pytest.raises(CameraMissing, match=how.name):
                camera.capture(2.0)
    with camera:
        assert camera.capture(2.0).number > first.number
    assert descriptors() == before
    assert camera.pid is None


def test_closing_ends_the_process() -> None:
    camera = CameraProcess(SETUP)
    with camera:
        pid = camera.pid
    assert pid is not None
    assert not is_there(pid)
    camera.__exit__(None, None, None)
    with pytest.raises(CameraMissing):
        camera.capture(1.0)


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP stands for a library that holds the interpreter for ever."""
    for name in ("ANSWER_S", "END_S"):
        monkeypatch.setattr(camera_process, name, 0.2)
    camera = CameraProcess(SETUP)
    with camera:
        assert camera.pid is not None
        pid = camera.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(CameraMissing, match="no answer"):
            camera.capture(0.1)
    assert not is_there(pid)
    with camera:
        assert camera.capture(2.0).number == 1


def test_a_machine_too_slow_for_the_start_is_waited_for_longer_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The virtual board: each start was killed before it was done, until the gate gave up."""
    monkeypatch.setattr(camera_process, "OPEN_S", 0.01)
    later = itertools.count(0, 1000)
    camera = CameraProcess(SETUP, monotonic=lambda: float(next(later)))
    failed = 0
    for _ in range(14):
        try:
            with camera:
                assert camera.capture(2.0).number == 1
                break
        except CameraMissing:
            failed += 1
    else:
        pytest.fail("it never had the time to start")
    assert failed > 1


def test_a_camera_that_gives_nothing_in_time_is_told(library: Callable[[str], None]) -> None:
    library("silent")
    with CameraProcess(SETUP) as camera:
        for _ in range(2):
            with pytest.raises(FrameTimeout, match=r"0\.01 s"):
                camera.capture(0.01)


def test_a_fault_of_the_library_itself_ends_the_process_alone(
    library: Callable[[str], None],
) -> None:
    library("end")
    with CameraProcess(SETUP) as camera, pytest.raises(CameraMissing, match="exit 3"):
        camera.capture(1.0)


def test_a_camera_that_is_not_there_is_not_asked_for_without_a_pause(
    library: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start costs a second of processor time, and the watcher tries again each second."""
    started: list[object] = []
    popen = subprocess.Popen

    def counted(*args: object, **options: object) -> "subprocess.Popen[bytes]":
        started.append(args)
        return popen(*args, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", counted)
    library("missing")
    now = 1000.0
    camera = CameraProcess(SETUP, monotonic=lambda: now)
    before = descriptors()
    counts = []
    for at in (1000.0, 1000.9, 1001.1, 1002.0, 1003.2, 1003.3):  # waits 1, 2, 4 s
        now = at
        with pytest.raises(CameraMissing, match="IndexError"), camera:
            pass
        counts.append(len(started))
    assert counts == [1, 1, 2, 2, 3, 3]
    assert descriptors() == before
    library("")
    now = 1010.0
    with camera:
        assert camera.capture(2.0).number == 1


def test_the_process_ends_with_a_gate_that_was_killed() -> None:
    """Else it would keep the camera from the next gate."""
    gate = (
        "import sys\n"
        "from gate.drivers.camera_process import CameraProcess\n"
        "from gate.drivers.camera_wire import CameraSetup\n"
        "with CameraProcess(CameraSetup(320, 240, 10.0)) as camera:\n"
        "    print(camera.capture(5.0).number, camera.pid, flush=True)\n"
        "    for line in sys.stdin:\n"
        "        print(camera.capture(5.0).number, flush=True)\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", gate], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        number, pid = map(int, process.stdout.readline().split())
        assert number == 1
        os.kill(pid, signal.SIGTERM)  # systemd sends it to all; only the gate obeys
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"2\n"
        process.kill()
    until(lambda: not is_there(pid))


@pytest.mark.parametrize("device", [0, 7, "/base/soc/i2c0mux/i2c@0/imx708@1a"])
@pytest.mark.parametrize("upside_down", [True, False])
def test_a_setup_goes_over_as_words(device: int | str, upside_down: bool) -> None:
    setup = CameraSetup(640, 480, 7.5, device, upside_down)
    assert CameraSetup.of(setup.words()) == setup


@pytest.mark.parametrize("error", [CameraMissing("no camera", "无"), FrameTimeout("late", "迟")])
def test_an_error_goes_over_with_its_sentences(error: CameraMissing | FrameTimeout) -> None:
    answer = error_answer(error)
    said = said_error(Said(answer[0]), answer[17:])
    assert (type(said), said.en, said.zh) == (type(error), error.en, error.zh)
