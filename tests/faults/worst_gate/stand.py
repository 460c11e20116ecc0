"""The broker, the office and the two programs of gates, in a folder of their own."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from typing import Any

from demo.processes import CommandFailed, Crew, program, resident_mb, run
from demo.stage import SITE, free_port, listens
from office.home import Home
from office.keys.enrolment import assign
from tests.faults.places import on_disk

EXAM = "hb-zk-2027-04"
HONEST = [f"{SITE}-g{n:02d}" for n in range(1, 21)]
HOSTILE = f"{SITE}-g99"
READY_S = 120.0


class Gates:
    """A program of gates that ends when its stdin does."""

    def __init__(self, module: str, *words: str) -> None:
        command = [sys.executable, "-m", f"tests.faults.worst_gate.{module}", *words]
        self._name = module
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def await_ready(self) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise CommandFailed(f"the {self._name} gates did not get ready")

    def ended(self, timeout_s: float) -> dict[str, Any]:
        """What they saw."""
        said, _ = self._process.communicate(timeout=timeout_s)
        if self._process.returncode:
            raise CommandFailed(f"the {self._name} gates ended with {self._process.returncode}")
        return dict(json.loads(said))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Stand:
    """Close it whatever happens."""

    def __init__(self) -> None:
        self.work = on_disk()
        self.crew = Crew(self.work / "logs")
        self.home = Home(self.work / "office")
        self.port = free_port()
        self.status_file = self.work / "status.json"

    def start(self) -> None:
        """Keys, broker, office. CommandFailed."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # what Debian's unit gives the broker
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
        named = [word for gate in (*HONEST, HOSTILE) for word in ("--gate", gate)]
        office, home = program("exam-office"), str(self.home.root)
        run(office, "keys", "--home", home, *named, "--broker", "127.0.0.1")
        for gate in (*HONEST, HOSTILE):
            assign(self.home, gate, EXAM)
        listen = f"127.0.0.1:{self.port}"
        out = str(self.work / "broker")
        run(office, "broker-config", "--home", home, "--listen", listen, "--out", out)
        mosquitto = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"
        self.crew.start("broker", mosquitto, "-c", f"{out}/mosquitto.conf")
        self.crew.until("broker", lambda: listens(self.port), READY_S)
        where = ("--home", home, "--host", "127.0.0.1", "--port", str(self.port))
        self.crew.start("office", office, "receive", *where, "--status-file", str(self.status_file))
        self.crew.until("office", lambda: bool(self.status().get("connected")), READY_S)

    def status(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.status_file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def log(self, name: str) -> list[str]:
        path = self.work / "logs" / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace").splitlines()

    def memory_mb(self) -> dict[str, float]:
        return {name: resident_mb(self.crew.pid(name)) for name in ("office", "broker")}

    def close(self, *, keep: bool) -> None:
        self.crew.stop_all()
        if not keep:
            shutil.rmtree(self.work, ignore_errors=True)


def until(by_s: float, each: Any) -> None:
    """`each` every half second until then."""
    while (left_s := by_s - time.monotonic()) > 0:
        each()
        time.sleep(min(0.5, left_s))
