"""The gate and the office as strangers meet them: commands, files and sockets of the contract only.

Nobody here has a face: the ticket photos are plain pictures, so whoever may enter is NO_REFERENCE.
"""

import csv
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gate.models.network_files import default_folder
from tests.roster_making import EXAM_TOML, GATE, SITE, citizen

pytestmark = [pytest.mark.system, pytest.mark.models]

Message = dict[str, Any]
NAMES = {n: f"受测者{'甲乙丙丁戊'[n]}" for n in range(5)}
FIELDS = {
    "id",
    "gate",
    "epoch",
    "seq",
    "at",
    "mono_ms",
    "boot",
    "clock",
    "ticket",
    "paper",
    "source",
    "document",
    "outcome",
    "reason",
    "score",
    "normalised",
    "threshold",
    "fmr",
    "frames",
    "liveness",
    "quality",
    "attempt",
    "model",
    "roster",
    "ms",
    "signals",
    "prev",
    "hash",
}
OF_A_FACE = ("score", "normalised", "threshold", "fmr", "frames", "liveness", "quality", "attempt")


def program(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", name, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def works(name: str, *arguments: object) -> str:
    done = program(name, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Unit:
    """One gate, its office and its folders."""

    def __init__(self, root: Path) -> None:
        self.root, self.config = root, root / "office" / "gates" / GATE / "gate.toml"
        self.staff, self.simulator = root / "run" / "staff.sock", root / "run" / "simulator.sock"
        self.process: subprocess.Popen[bytes] | None = None
        works("office", "keys", "--home", root / "office", "--gate", GATE)
        self._write()
        built = program(
            "office",
            "roster",
            "build",
            root / "exam.toml",
            root / "c.csv",
            root / "photos",
            "--out",
            root / "rosters",
            "--home",
            root / "office",
        )
        assert built.returncode == 1, built.stderr  # no picture of a person: no reference at all
        works("gate", "roster", "install", root / "rosters", "--config", self.config)

    def _write(self) -> None:
        (self.root / "photos").mkdir()
        (self.root / "exam.toml").write_text(EXAM_TOML, encoding="utf-8")
        with (self.root / "c.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("ticket", "id_number", "name", "site", "paper", "room", "seat"))
            for n, name in NAMES.items():
                site = "wh-wc-02" if n == 4 else SITE
                table.writerow((f"77000{n}", citizen(n), name, site, "00015-am", "01", f"0{n}"))
                Image.new("RGB", (300, 400)).save(self.root / "photos" / f"77000{n}.png")
        self.config.write_text(
            f'[unit]\nid = "{GATE}"\nsite = "{SITE}"\n[paths]\nstate = "{self.root / "state"}"\n'
            f'runtime = "{self.root / "run"}"\nmodels = "{default_folder()}"\n'
            '[reader]\nport = "simulated"\n[camera]\nkind = "pictures"\n'
            '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
        )

    def start(self, bound_s: float = 30) -> None:
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gate", "run", "--config", self.config, "--simulate"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + bound_s
        while self.phase() in (None, "out-of-service"):
            assert self.process.poll() is None, (self.root / "log").read_text()
            assert time.monotonic() < end, "the gate did not come up"
            time.sleep(0.05)

    def phase(self) -> str | None:
        try:
            return str(ask(self.staff, {"ask": "status"})["phase"])
        except OSError:
            return None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def lay(self, number: str, **card: str) -> Message:
        """Lay a card; the decision on it."""
        with Follower(self.staff) as follower:
            ask(self.simulator, {"do": "card", "number": number, "name": "某人", **card})
            decided = follower.decision()
            ask(self.simulator, {"do": "lift"})
        return decided

    def clock(self, at: str) -> None:
        ask(self.simulator, {"do": "clock", "at": f"2027-04-10T{at}+08:00", "run": False})

    def exported(self) -> list[Message]:
        said = works("gate", "journal", "export", "--config", self.config)
        return [json.loads(line) for line in said.splitlines()]


def ask(path: Path, request: Message | bytes) -> Message:
    line = request if isinstance(request, bytes) else json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(line + b"\n")
        return dict(json.loads(link.makefile("rb").readline()))


class Follower:
    """Closes its writing side after the request, as `printf … | socat - UNIX-CONNECT:` does."""

    def __init__(self, path: Path) -> None:
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(15)
        self._link.connect(str(path))
        self._link.sendall(b'{"ask": "follow"}\n')
        self._link.shutdown(socket.SHUT_WR)
        self._lines = self._link.makefile("rb")
        assert "status" in json.loads(self._lines.readline())

    def decision(self) -> Message:
        while "outcome" not in (line := json.loads(self._lines.readline())):
            pass
        return dict(line)

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._link.close()


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    if not default_folder().is_dir():
        pytest.skip("the networks are not built: exam-gate models build")
    it = Unit(tmp_path_factory.mktemp("outside"))
    it.start()
    yield it
    if it.process is not None and it.process.poll() is None:
        it.process.kill()
        it.process.wait()


@pytest.mark.parametrize(
    ("at", "number", "reason", "outcome", "lamps"),
    [
        ("08:29:59.999", citizen(0), "TOO_EARLY", "REFUSE", ["red:slow"]),
        ("08:30:00.000", citizen(0), "NO_REFERENCE", "REFER", ["yellow:slow"]),
        ("09:09:59.999", citizen(1), "NO_REFERENCE", "REFER", ["yellow:slow"]),
        ("09:10:00.000", citizen(1), "TOO_LATE", "REFUSE", ["red:slow"]),
        ("08:45:00.000", citizen(4), "WRONG_SITE", "REFUSE", ["red:double"]),
        ("08:45:00.000", citizen(9), "NOT_ON_ROSTER", "REFUSE", ["red:fast"]),
    ],
)
def test_the_window_to_the_millisecond_and_who_is_refused(
    unit: Unit, at: str, number: str, reason: str, outcome: str, lamps: list[str]
) -> None:
    unit.clock(at)
    decided = unit.lay(number)
    assert (decided["reason"], decided["outcome"], decided["signals"]) == (reason, outcome, lamps)
    assert not any(on for _, on in ask(unit.simulator, {"ask": "signals"})["barrier"])


LONG = "9" * 50_000


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b"[]",
        b"3",
        b"\xff",
        b'{"do": null}',
        b'{"ask": NaN}',
        b"[" * 60_000,
        b"x" * 70_000,
        b'{"do": "acknowledge", "by": "\\ud800"}',
        b'{"do": "type", "ticket": "\\ud800", "by": "a"}',
        b'{"do": "settle", "decision": "\\udc00", "verdict": "deny", "by": "a"}',
        b'{"do": "type", "ticket": "770002", "by": "%s"}' % LONG.encode(),
        b'{"do": "acknowledge", "by": "%s"}' % LONG.encode(),
        b'{"do": "type", "ticket": "%s", "by": "a"}' % LONG.encode(),
    ],
)
def test_no_request_ends_the_gate(unit: Unit, line: bytes) -> None:
    assert "error" in ask(unit.staff, line)
    assert unit.phase() is not None


def test_the_record_has_its_form_and_the_chain_can_be_walked_by_anybody(unit: Unit) -> None:
    unit.clock("08:45:00.000")
    told = unit.lay(citizen(2), valid_to="长期")
    assert set(told) >= FIELDS
    assert [told[k] for k in OF_A_FACE] == [None] * len(OF_A_FACE)
    assert re.fullmatch(r"[0-9a-f]{16}", told["epoch"])
    assert told["at"] == "2027-04-10T08:45:00.000+08:00"
    assert set(told["ms"]) == {"roster", "match", "rules", "disk", "total"}
    events = unit.exported()
    (written,) = [e for e in events if e["id"] == told["id"]]
    assert set(written) == set(told)
    assert {**written, "ms": told["ms"]} == told  # the newest timing is kept with the next event
    before = "0" * 64
    for event in events:
        assert event["prev"] == before
        body = {k: v for k, v in event.items() if k not in ("prev", "hash", "ms")}
        raw = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        before = hashlib.sha256(bytes.fromhex(before) + raw).hexdigest()
        assert event["hash"] == before
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))


def test_killed_and_started_again_it_has_lost_nothing_and_names_nobody(unit: Unit) -> None:
    unit.clock("08:45:00.000")
    last = unit.lay(citizen(3), valid_to="长期")
    unit.end(signal.SIGKILL)
    unit.start()
    assert last["id"] in [u["decision"] for u in ask(unit.staff, {"ask": "status"})["unsettled"]]
    works("gate", "journal", "verify", "--config", unit.config)
    assert unit.end() == 0
    assert os.listdir(unit.root / "run") == []
    personal = [*NAMES.values(), *(citizen(n) for n in NAMES), *(citizen(n)[-6:] for n in NAMES)]
    for file in [unit.root / "log", *(unit.root / "state").rglob("*")]:
        held = file.read_bytes() if file.is_file() else b""
        assert not [p for p in personal if p.encode() in held], file
