"""The processes of the morning: started, watched, ended by their own id, never by name."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = CHECKOUT / ".venv" / "bin"
UNIT = CHECKOUT / "systemd" / "exam-gate.service"

HANGS_S = 600.0
"""A roster of the demo takes ten seconds to build, and over two minutes beside ten busy jobs."""


class CommandFailed(Exception):
    """A command ended otherwise than it should, or did not get ready in time."""


class Crew:
    """Every process that the demo started. `logs`: one file each."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, *command: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C reaches the runner alone, which ends the rest in
        order. `environment`: what is set beside the runner's own."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | (environment or {}),
            )
        self._running[name] = process
        return process

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def until(self, name: str, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready`; CommandFailed with the end of its log where it dies or is late."""
        process, until = self._running[name], time.monotonic() + timeout_s
        while not ready():
            try:
                code = process.wait(0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < until:
                    continue
                raise CommandFailed(
                    f"{name} was not ready within {timeout_s:g} s:\n{self.tail(name)}"
                ) from None
            raise CommandFailed(f"{name} ended with {code}:\n{self.tail(name)}")

    def kill(self, name: str) -> None:
        """SIGKILL: what a power cut is to a process."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str, timeout_s: float = 15.0) -> int | None:
        """SIGTERM and its exit code; None where it was not running or had to be killed."""
        process = self._running.pop(name, None)
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def stop_all(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name, 5.0)

    def tail(self, name: str, lines: int = 15) -> str:
        log = self.logs / f"{name}.log"
        said = (
            log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        )
        return "\n".join(f"    {line}" for line in said[-lines:])


def program(name: str) -> str:
    """Path of exam-gate or exam-office in the checkout's own environment."""
    return str(BIN / name)


def allocator_settings() -> dict[str, str]:
    """What the unit file sets for glibc's allocator: the demo's gate is as large as a unit's."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    pairs = [
        word.partition("=")
        for line in lines
        if line.startswith("Environment=MALLOC_")
        for word in line.removeprefix("Environment=").split()
    ]
    return {name: value for name, _, value in pairs}


def run(
    *command: str, ok: tuple[int, ...] = (0,), timeout_s: float = HANGS_S, typed: str = ""
) -> str:
    """What a command printed; `typed` is its standard input. CommandFailed where it ends otherwise
    than `ok`."""
    try:
        done = subprocess.run(
            command,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "160"},
        )
    except subprocess.TimeoutExpired as e:
        raise CommandFailed(f"{' '.join(command)} did not end within {timeout_s:g} s") from e
    if done.returncode not in ok:
        said = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-20:])
        raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return done.stdout


def resident_mb(pid: int) -> float:
    """Memory in RAM, MB of 10^6 bytes (VmRSS of /proc/PID/status)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(kb) * 1024 / 1e6


def proportional_mb(pid: int) -> float:
    """Memory that would be free without this process, MB of 10^6 bytes (Pss of smaps_rollup)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    kb = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(kb) * 1024 / 1e6


def cpu_s(pid: int) -> float:
    """Processor seconds used so far by all threads (utime + stime of /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
