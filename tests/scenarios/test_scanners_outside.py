"""A gate as a process with scanners of its own and an emulated one of somebody else's: gate.toml,
sockets and commands only."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.models.network_files import default_folder
from tests.roster_making import citizen
from tests.scenarios.test_as_an_outsider import Follower, Unit, ask, program
from tests.unit.gate.drivers.scanners.test_lines import TD3
from tests.waiting import until

pytestmark = [pytest.mark.system, pytest.mark.models]

SOURCES = """
[[source]]
name = "notices"
kind = "qr"
port = "simulated"
prefix = "https://ks.example/t/"
[[source]]
name = "passports"
kind = "mrz"
port = "{port}"
"""


class Emulator:
    """exam-gate simulate line, as somebody else's program runs it."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gate", "simulate", "line", "--port", port, "--kind", "mrz"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.hear("quit")

    def hear(self, word: str) -> None:
        assert self._process.stdout is not None
        while not self._process.stdout.readline().startswith(word):
            assert self._process.poll() is None

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        self.hear("ok")

    def end(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(10)


@pytest.fixture(scope="module")
def passports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("ports") / "passports")
    yield emulator
    assert emulator.end() == 0


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, passports: Emulator) -> Iterator[Unit]:
    if not default_folder().is_dir():
        pytest.skip("the networks are not built: exam-gate models build")
    it = Unit(tmp_path_factory.mktemp("scanners"))
    with it.config.open("a", encoding="utf-8") as file:
        file.write(SOURCES.format(port=passports.port))
    it.start()
    yield it
    assert it.end() == 0


def scan(unit: Unit, text: str) -> None:
    told = ask(unit.simulator, {"do": "scan", "source": "notices", "text": text})
    assert told == {"ok": True}


def test_a_notice_then_the_card(unit: Unit) -> None:
    unit.clock("08:45:00.000")
    scan(unit, "https://ks.example/t/770000")
    until(lambda: unit.phase() == "asking")
    assert ask(unit.staff, {"ask": "status"})["showing"]["zh"] == "请放置身份证"
    decided = unit.lay(citizen(0))
    assert (decided["reason"], decided["source"]) == ("NO_REFERENCE", "card")


def test_a_passport_of_nobody_on_the_roster(unit: Unit, passports: Emulator) -> None:
    with Follower(unit.staff) as follower:
        passports.say(f"scan {'/'.join(TD3)}")
        decided = follower.decision()
    assert (decided["reason"], decided["source"]) == ("NOT_ON_ROSTER", "scan")
    assert (decided["scanner"], decided["document"]) == ("passports", "travel-document")


def test_a_lost_scanner_warns_and_what_names_nobody_is_counted(
    unit: Unit, passports: Emulator
) -> None:
    passports.say("fault unplugged on")
    until(lambda: "scanner passports" in ask(unit.staff, {"ask": "status"})["warnings"])
    assert ask(unit.staff, {"ask": "status"})["faults"] == []
    passports.say("fault unplugged off")
    until(lambda: "scanner passports" not in ask(unit.staff, {"ask": "status"})["warnings"])
    scan(unit, "770000")
    until(lambda: ask(unit.staff, {"ask": "status"})["scanners"]["notices"]["refused"])
    scanners = ask(unit.staff, {"ask": "status"})["scanners"]
    assert scanners["notices"]["refused"] == {"prefix": 1}


def test_staff_type_from_a_command(unit: Unit) -> None:
    done = program(
        "gate",
        "staff",
        "type",
        "--id-tail",
        citizen(1)[-6:],
        "--document",
        "temporary",
        "--valid-to",
        "2027-05-01",
        "--by",
        "李",
        "--config",
        unit.config,
    )
    assert (done.returncode, done.stdout.split()[:3]) == (1, ["REFER", "NO_REFERENCE", "770001"])
    event = next(e for e in unit.exported() if e.get("ticket") == "770001")
    assert (event["source"], event["by"], event["document"]) == ("typed", "李", "temporary")
    status = program("gate", "staff", "status", "--config", unit.config)
    assert f"open: {event['id']} NO_REFERENCE 770001" in status.stdout
