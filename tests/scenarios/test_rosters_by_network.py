"""Office and gate as processes: rosters and commands over the network, and who has what."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.models.network_files import default_folder
from office.home import Home
from tests.mqtt_making import broker_at, free_port
from tests.roster_making import GATE, SITE
from tests.scenarios.test_as_an_outsider import Unit, ask, program, works

pytestmark = [pytest.mark.system, pytest.mark.models, pytest.mark.long, pytest.mark.timeout(240)]

BOUND_S = 90.0


class Networked(Unit):
    """The unit of the outsiders' tests, on a network, and without a roster of its own."""

    def __init__(self, root: Path, broker: int, server: int) -> None:
        self.root, self.config = root, root / "office" / "gates" / GATE / "gate.toml"
        self.staff, self.simulator = root / "run" / "staff.sock", root / "run" / "simulator.sock"
        self.process = None
        self._write()
        text = self.config.read_text().replace("port = 1\n", f"port = {broker}\n")
        self.config.write_text(text + f'[office]\nurl = "https://127.0.0.1:{server}"\n')

    def build(self) -> None:
        home, out = self.root / "office", self.root / "rosters"
        sources = [self.root / name for name in ("exam.toml", "c.csv", "photos")]
        program("office", "roster", "build", *sources, "--out", out, "--home", home)
        works("office", "roster", "publish", out, "--home", home, "--spread-min", "0")


@contextlib.contextmanager
def running(root: Path, name: str, *arguments: object) -> Iterator[None]:
    with (root / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "office", *map(str, arguments), "--home", root / "office"],
            stderr=log,
            stdout=log,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def waited(met: Callable[[], object]) -> None:
    end = time.monotonic() + BOUND_S
    while not met():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def test_a_fresh_gate_gets_roster_and_commands_by_itself(tmp_path: Path) -> None:
    if not default_folder().is_dir():
        pytest.skip("the networks are not built: exam-gate models build")
    home, server = tmp_path / "office", free_port()
    works("office", "keys", "--home", home, "--gate", GATE, "--broker", "127.0.0.1")
    with broker_at(Home(home), tmp_path / "broker") as broker, contextlib.ExitStack() as stack:
        unit = Networked(tmp_path, broker.port, server)
        address = ("--host", "127.0.0.1", "--port", broker.port)
        stack.enter_context(running(tmp_path, "receive", "receive", *address))
        listen = ("--listen", f"127.0.0.1:{server}")
        stack.enter_context(running(tmp_path, "serve", "roster", "serve", *listen))
        unit.build()

        def rollout() -> dict[str, object]:
            said = program("office", "rollout", "--json", "--home", home)
            return dict(json.loads(said.stdout))

        assert rollout()["complete"] is False
        unit.start()
        stack.callback(unit.end)
        waited(lambda: rollout()["complete"])
        gate = rollout()["gates"][GATE]  # type: ignore[index]
        assert (gate["has"], gate["candidates"]) == (f"hb-zk-2027-04/{SITE}/v1", 4)
        unit.build()  # a late change
        waited(lambda: rollout()["gates"][GATE]["has"].endswith("/v2"))  # type: ignore[index]
        said = program(
            *("office", "command", GATE, "message", "请看时钟", "--wait", "30"),
            *("--home", home, "--json"),
        )
        assert json.loads(said.stdout)["results"][GATE]["result"] == "done", said
        (message,) = ask(unit.staff, {"ask": "status"})["messages"]
        assert message["zh"] == "请看时钟"
        ask(unit.staff, {"do": "read", "message": message["id"], "by": "监考甲"})
        assert ask(unit.staff, {"ask": "status"})["messages"] == []
        journal = unit.exported()
        kinds = [event["kind"] for event in journal]
        assert sum(e["kind"] == "roster" and "note" in e for e in journal) == 2
        assert {"command", "command_done", "message_read"} <= set(kinds)
