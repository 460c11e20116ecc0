"""One gate of the site, from outside: its files, its process and its two control sockets."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from demo.lamps import LAMPS, Change
from demo.processes import Crew, allocator_settings, program, run
from demo.sockets import Follower, Message, NotAnswered, ask, told

READY_S = 60.0
SCANNED = "https://notice.example/t/"
"""What stands before the ticket number in the code on an exam notice."""
EXIT = "exit"
"""The card reader at which candidates leave."""


class Gate:
    """The gate `unit` with its files in `folder`; `state`: where its journal lies."""

    def __init__(self, unit: str, site: str, folder: Path, state: Path, crew: Crew) -> None:
        self.unit = unit
        self.state = state
        self.config = folder / "unit" / "gate.toml"
        self.simulator = folder / "run" / "simulator.sock"
        self.staff = folder / "run" / "staff.sock"
        self.prefix: tuple[str, ...] = ()
        """What stands before the program, such as `nice`."""
        self.follower: Follower | None = None
        self.site = site
        self._crew = crew

    # -- once --

    def configure(self, hand_over: Path, models: Path, broker_port: int) -> None:
        """gate.toml beside what the office hands over to this unit."""
        shutil.copytree(hand_over, self.config.parent)
        self.config.write_text(
            f"""[unit]
id = "{self.unit}"
site = "{self.site}"
[paths]
state = "{self.state}"
runtime = "{self.simulator.parent}"
models = "{models}"
[reader]
port = "simulated"
[[source]]
name = "notices"
kind = "qr"
port = "simulated"
prefix = "{SCANNED}"
[[source]]
name = "{EXIT}"
kind = "sdt"
role = "exit"
port = "simulated"
[camera]
kind = "pictures"
[signals]
open_s = 1.0
[mqtt]
host = "127.0.0.1"
port = {broker_port}
""",
            encoding="utf-8",
        )

    def install(self, rosters: Path) -> None:
        """The roster that the office has built. CommandFailed."""
        gate = program("exam-gate")
        run(gate, "roster", "install", str(rosters), "--config", str(self.config))

    # -- process --

    def launch(self) -> None:
        """Begins; `await_service` waits for it."""
        self._crew.start(
            self.unit,
            *self.prefix,
            program("exam-gate"),
            "run",
            "--config",
            str(self.config),
            "--simulate",
            environment=allocator_settings(),
        )

    def await_service(self) -> None:
        """Until it answers on its sockets and says that it is in service. CommandFailed."""
        self._crew.until(self.unit, self._answers, READY_S)
        self.follower = Follower(self.staff)

    def start(self) -> None:
        """Until it is in service. CommandFailed."""
        self.launch()
        self.await_service()

    def kill(self) -> None:
        """A power cut to the process."""
        self._crew.kill(self.unit)
        self.close()

    def stop(self) -> int | None:
        """SIGTERM and the exit code."""
        return self._crew.stop(self.unit)

    def close(self) -> None:
        """No more lines are read."""
        if self.follower:
            self.follower.close()
        self.follower = None

    @property
    def is_open(self) -> bool:
        """Whether it was in service, and was not killed since."""
        return self.follower is not None

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._crew.pid(self.unit)

    def _answers(self) -> bool:
        if not (self.simulator.exists() and self.staff.exists()):
            return False
        try:
            told(self.simulator, {"ask": "signals"}, 2.0)
        except NotAnswered:
            return False
        phase: str = self.status().get("phase", "out-of-service")
        return phase != "out-of-service"

    # -- what it says --

    def status(self) -> Message:
        """The status, or why there is none."""
        try:
            return ask(self.staff, {"ask": "status"}, 2.0)
        except NotAnswered as e:
            return {"error": str(e)}

    def unsent(self) -> int:
        """Events without the office's receipt. NotAnswered where the gate does not say."""
        unsent = self._uplink()["unsent"]
        if unsent is None:
            raise NotAnswered("the gate does not know what is unsent: its journal is not open")
        return int(unsent)

    def all_receipted(self) -> bool:
        """Whether the office has receipted every event. NotAnswered."""
        return self.unsent() == 0

    def connected(self) -> bool:
        """Whether the broker is reached."""
        return bool(self._uplink()["connected"])

    def _uplink(self) -> Message:
        return dict(told(self.staff, {"ask": "status"})["uplink"])

    def inside(self) -> int:
        """How many have entered and not left."""
        return int(told(self.staff, {"ask": "status"})["inside"])

    def out_of_service(self) -> bool:
        """Whether the gate decides nothing."""
        return bool(told(self.staff, {"ask": "status"})["phase"] == "out-of-service")

    def doubles(self) -> list[str]:
        """The warnings about people who entered here and at another gate."""
        warnings = told(self.staff, {"ask": "status"})["warnings"]
        return [str(w) for w in warnings if str(w).startswith("double")]

    def history(self) -> tuple[list[Change], float]:
        """Every change of every output, in order, and up to which moment there are no others."""
        history = told(self.simulator, {"ask": "signals"})
        found = [
            Change(ms / 1000, output, bool(on))
            for output in (*LAMPS, "buzzer", "barrier")
            for ms, on in history[output]
        ]
        return sorted(found, key=lambda c: c.at_s), history["mono_ms"] / 1000

    def until(self, what: str, holds: Callable[[], bool], timeout_s: float) -> None:
        """NotAnswered where it does not come to hold in time."""
        by_s = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > by_s:
                raise NotAnswered(f"not {what} within {timeout_s:g} s")
            self.pause(0.1)

    def pause(self, seconds: float) -> None:
        """Let the gate go on for a moment; what it says meanwhile is kept."""
        if self.follower is None:
            raise NotAnswered("the gate is not running")
        self.follower.pause(seconds)
