"""A site with 3,000 rooms through every command that meets it: seconds and memory of each.

    python -m tests.soak.large_site FOLDER [ROOMS] [SEATS]

FOLDER is new or empty. No candidate has a photo: building is then reading, checking and sealing.
Writes one JSON object to standard output.
"""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from demo.stage import free_port, listens
from gate.core.card import check_character
from gate.models.network_files import default_folder
from gate.platform.json_lines import ask
from tests.fuzz.https_client import Visitor
from tests.waiting import soon

GATE, SITE = "wh-hs-01-g1", "wh-hs-01"
ZONE = timezone(timedelta(hours=8))
BOUND_S = 600.0
PAGES = ("/", "/rooms", "/rooms?page=15", "/rooms/ROOM", "/sheets", "/unit")


def main() -> None:
    """Every step in order; the first that fails ends it."""
    root = Path(sys.argv[1])
    rooms, seats = (int(given) for given in [*sys.argv[2:], "3000", "30"][:2])
    site = LargeSite(root, rooms, seats)
    site.write()
    site.office()
    asyncio.run(site.day())
    print(json.dumps({"rooms": rooms, "candidates": rooms * seats, "steps": site.steps}, indent=1))


class LargeSite:
    """One site of `rooms` rooms with `seats` candidates each, in one paper of tomorrow."""

    def __init__(self, root: Path, rooms: int, seats: int) -> None:
        self.root, self.rooms, self.seats = root, rooms, seats
        self.steps: dict[str, dict[str, float]] = {}
        self.config = root / "office" / "gates" / GATE / "gate.toml"
        self.run = root / "run"
        self.room = f"{rooms // 2:04d}"

    def write(self) -> None:
        """exam.toml and candidates.csv, and a folder without photos."""
        (self.root / "photos").mkdir(parents=True)
        start = datetime.now(ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
        start += timedelta(days=1)
        (self.root / "exam.toml").write_text(
            'exam = "large"\nname = "三千考场"\ntimezone = "Asia/Shanghai"\nretention_days = 30\n'
            f'[[site]]\nid = "{SITE}"\nname = "第一考点"\n[[paper]]\nid = "00015-am"\n'
            f'subject = "英语（二）"\nstart = {start.isoformat()}\n'
            f"end = {(start + timedelta(hours=2)).isoformat()}\n",
            encoding="utf-8",
        )
        with (self.root / "c.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("ticket", "id_number", "name", "site", "paper", "room", "seat"))
            for n in range(self.rooms * self.seats):
                room, seat = divmod(n, self.seats)
                place = (f"{room + 1:04d}", f"{seat + 1:02d}")
                table.writerow((_ticket(n), _citizen(n), f"考生{n}号", SITE, "00015-am", *place))

    def office(self) -> None:
        """Check, build, draw sheets."""
        root, home = self.root, ("--home", self.root / "office")
        self._command("keys", "office", "keys", *home, "--gate", GATE)
        listed = (root / "exam.toml", root / "c.csv")
        self._command("exam check", "office", "exam", "check", listed[0])
        checked = ("office", "candidates", "check", listed[1])
        self._command("candidates check", *checked, allowed=(0, 1))
        built = (*listed, root / "photos", "--out", root / "rosters", *home)
        self._command("roster build", "office", "roster", "build", *built, allowed=(0, 1))
        self.config.write_text(
            f'[unit]\nid = "{GATE}"\nsite = "{SITE}"\n[paths]\nstate = "{root / "state"}"\n'
            f'runtime = "{self.run}"\nmodels = "{default_folder()}"\n'
            '[reader]\nport = "simulated"\n[camera]\nkind = "pictures"\n'
            '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
        )
        config = ("--config", self.config)
        self._command("roster install", "gate", "roster", "install", root / "rosters", *config)

    async def day(self) -> None:
        """The gate's start, what staff ask, and the console's pages."""
        begun, port = time.monotonic(), free_port()
        gate = self._started("gate", "run", "--config", str(self.config), "--simulate")
        console = None
        try:
            await self._ready(gate)
            self._note("gate ready", begun, gate.pid)
            for name, request in self._asked():
                begun = time.monotonic()
                answer = await ask(self.run / "staff.sock", request, BOUND_S)
                assert "error" not in answer, (name, answer)
                self._note(name, begun, gate.pid, len(json.dumps(answer)))
            console = self._started(
                *("gate", "console", "--config", str(self.config)),
                *("--listen", f"127.0.0.1:{port}"),
            )
            await soon(lambda: listens(port), 60)
            visitor = Visitor(port)
            await visitor.sign_in()
            for path in (page.replace("ROOM", self.room) for page in PAGES):
                begun = time.monotonic()
                page = await visitor.get(path)
                assert page.status == 200, (path, page.status)
                self._note(f"console {path}", begun, console.pid, len(page.body))
            begun = time.monotonic()
            pdf = await visitor.get(f"/sheets/00015-am/{self.room}.pdf")
            self._note("console sheet of one room", begun, console.pid, len(pdf.body))
        finally:
            for process in (console, gate):
                if process is not None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(60)

    def _asked(self) -> list[tuple[str, dict[str, Any]]]:
        place = {"paper": "00015-am", "room": self.room}
        return [
            ("rooms, first time", {"ask": "rooms"}),
            ("rooms", {"ask": "rooms"}),
            ("absent of one room", {"ask": "rooms", **place}),
            ("find by ticket", {"ask": "find", "ticket": _ticket(45_000 % self._count)}),
            ("find by seat", {"ask": "find", "seat": f"{self.room}-07"}),
            ("sheet of one room", {"ask": "sheet", **place}),
            ("site's report", {"ask": "report", "paper": "00015-am"}),
            ("status", {"ask": "status"}),
        ]

    @property
    def _count(self) -> int:
        return self.rooms * self.seats

    async def _ready(self, gate: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(BOUND_S):
            while True:
                assert gate.poll() is None, (self.root / "log").read_text(encoding="utf-8")
                if (self.run / "staff.sock").exists():
                    status = await ask(self.run / "staff.sock", {"ask": "status"})
                    if status.get("phase") == "idle":
                        return
                await asyncio.sleep(0.05)

    def _started(self, *command: str) -> subprocess.Popen[bytes]:
        log = (self.root / "log").open("ab")
        return subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)

    def _command(self, name: str, *command: object, allowed: tuple[int, ...] = (0,)) -> None:
        begun = time.monotonic()
        log = (self.root / "log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, command)], stdout=log, stderr=log
        )
        _, status, used = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in allowed, (self.root / "log").read_text(encoding="utf-8")[-2000:]
        took = {"s": round(time.monotonic() - begun, 2), "MB": round(used.ru_maxrss / 1024)}
        self.steps[name] = took
        print(name, took, file=sys.stderr, flush=True)

    def _note(self, name: str, begun: float, pid: int, answer: int | None = None) -> None:
        took = {"s": round(time.monotonic() - begun, 3), "MB": round(_resident_kb(pid) / 1024)}
        self.steps[name] = took if answer is None else {**took, "kB": round(answer / 1000)}
        print(name, self.steps[name], file=sys.stderr, flush=True)


def _resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def _ticket(n: int) -> str:
    return f"4201{n:08d}"


def _citizen(n: int) -> str:
    first_17 = f"42{n // 27_000 + 1:02d}11{19700101 + n % 27}{n // 27 % 1000:03d}"
    return first_17 + check_character(first_17)


if __name__ == "__main__":
    main()
