"""An exam site of real processes in a folder of its own: broker, office, and one gate or more."""

import csv
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from demo import cast, pictures
from demo.processes import BIN, CommandFailed, Crew, program, run
from demo.sockets import Message, NotAnswered, ask, told
from demo.stage import COLUMNS, SITE, free_port, listens, models_folder
from tests.faults.places import on_disk
from tests.faults.processes.books import Book, office_rows

PLAYERS = ("first", "second", "third", "robbed")
MORNING = "2027-04-10T08:45:00+08:00"
READY_S = 90.0
"""Two cores that are shared with others: a start may take long and is then no fault."""


def missing() -> str | None:
    """Why no site can be built here; None where it can."""
    if not (BIN / "exam-gate").exists():
        return "no environment: run scripts/faults, which makes it"
    where = f"{os.environ['PATH']}:/usr/sbin"
    return None if shutil.which("mosquitto", path=where) else "mosquitto is not installed"


class Unit:
    """One gate: its folder, its sockets, its process. `state`: the folder of its card."""

    def __init__(self, site: "Site", name: str) -> None:
        self.name = name
        self.folder = site.work / name
        self.state = self.folder / "state"
        self.journal = self.state / "journal.sqlite"
        self.config = self.folder / "unit" / "gate.toml"
        self.simulator = self.folder / "run" / "simulator.sock"
        self.staff = self.folder / "run" / "staff.sock"
        self._crew = site.crew

    def start(self) -> None:
        self._crew.start(
            self.name, program("exam-gate"), "run", "--config", str(self.config), "--simulate"
        )

    def in_service(self) -> bool:
        """It answers, and says that it is in service."""
        return self.asked({"ask": "status"}).get("phase", "out-of-service") != "out-of-service"

    def asked(self, request: Message) -> Message:
        """The staff socket's answer; an error in words where there is none."""
        try:
            return ask(self.staff, request, 5.0)
        except NotAnswered as e:
            return {"error": str(e)}

    def set_clock(self) -> None:
        told(self.simulator, {"do": "clock", "at": MORNING, "run": True})

    def receipted(self) -> bool:
        """It says that everything in its journal has the office's receipt."""
        return self.asked({"ask": "status"}).get("uplink", {}).get("unsent") == 0


class Site:
    """Close it whatever happens."""

    def __init__(self, gates: int = 1) -> None:
        self.work = on_disk()
        self.crew = Crew(self.work / "logs")
        self.home = self.work / "office"
        self.broker_data = self.work / "broker-data"
        self.port = free_port()
        self.units = [Unit(self, f"{SITE}-g{n}") for n in range(1, gates + 1)]
        everybody = cast.people()
        self.people = [everybody[key] for key in PLAYERS]
        self._never = threading.Event()
        self.photos = pictures.fetch(pictures.cache_folder())

    def build(self) -> None:
        """Keys, roster, configurations. CommandFailed."""
        gate = program("exam-gate")
        self.keys([unit.name for unit in self.units])
        rosters = self.work / "rosters"
        run(
            program("exam-office"),
            "roster",
            "build",
            str(self._exam()),
            str(self._candidates()),
            str(self.work / "photos"),
            "--out",
            str(rosters),
            "--home",
            str(self.home),
        )
        for unit in self.units:
            shutil.copytree(self.home / "gates" / unit.name, unit.config.parent)
            unit.config.write_text(self._config(unit), encoding="utf-8")
            run(gate, "roster", "install", str(rosters), "--config", str(unit.config))
        self.broker_config()

    def keys(self, gates: list[str]) -> None:
        named = [word for gate in gates for word in ("--gate", gate)]
        run(
            program("exam-office"),
            "keys",
            "--home",
            str(self.home),
            *named,
            "--broker",
            "127.0.0.1",
        )

    def broker_config(self) -> None:
        run(
            program("exam-office"),
            "broker-config",
            "--home",
            str(self.home),
            "--listen",
            f"127.0.0.1:{self.port}",
            "--out",
            str(self.work / "broker"),
        )

    def _exam(self) -> Path:
        """The demo's exam with re-entry: the same few people come many times."""
        exam = self.work / "exam.toml"
        text = (cast.HERE / "exam.toml").read_text(encoding="utf-8")
        exam.write_text(text.replace("[defaults]", "[defaults]\nreentry = true", 1))
        return exam

    def _candidates(self) -> Path:
        table, photos = self.work / "candidates.csv", self.work / "photos"
        photos.mkdir()
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for p in self.people:
                rows.writerow((p.ticket, p.number, p.name, p.site, p.paper, p.room, p.seat))
                shutil.copy(self.photos[str(p.ticket_photo)], photos / f"{p.ticket}.jpg")
        return table

    def _config(self, unit: Unit) -> str:
        return (
            f'[unit]\nid = "{unit.name}"\nsite = "{SITE}"\n'
            f'[paths]\nstate = "{unit.state}"\nruntime = "{unit.simulator.parent}"\n'
            f'models = "{models_folder()}"\n'
            '[reader]\nport = "simulated"\n[camera]\nkind = "pictures"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {self.port}\n'
        )

    # -- processes --

    def start_broker(self) -> None:
        mosquitto = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"
        self.crew.start("broker", mosquitto, "-c", str(self.work / "broker" / "mosquitto.conf"))
        self.crew.until("broker", lambda: listens(self.port), READY_S)

    def start_office(self) -> None:
        self.crew.start(
            "office",
            program("exam-office"),
            "receive",
            "--home",
            str(self.home),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        )

    def start_gates(self) -> None:
        for unit in self.units:
            unit.start()
        for unit in self.units:
            self.crew.until(unit.name, unit.in_service, READY_S)
            unit.set_clock()

    def forget_broker(self) -> int:
        """Wipe what the broker, which is dead, has kept; how many files that was."""
        config = (self.work / "broker" / "mosquitto.conf").read_text(encoding="utf-8")
        places = [
            line.split()[1]
            for line in config.splitlines()
            if line.startswith("persistence_location")
        ]
        kept = [file for place in places for file in Path(place).glob("*.db*")]
        for file in kept:
            file.unlink()
        return len(kept)

    def settled(self, unit: Unit) -> bool:
        """The office holds all of its journal, and it has the receipt. Its word alone would not do:
        after a restored backup it is right until it hears of it."""
        own = Book.of(unit.name, unit.journal).rows
        return own == office_rows(self.database, unit.name) and unit.receipted()

    @property
    def database(self) -> Path:
        return self.home / "office.sqlite"

    def wait(self, what: str, holds: Callable[[], bool], timeout_s: float) -> None:
        """CommandFailed where it does not come to hold in time."""
        if not self.holds(holds, timeout_s):
            raise CommandFailed(f"not {what} within {timeout_s:g} s")

    def holds(self, what: Callable[[], bool], timeout_s: float) -> bool:
        """Whether it comes to hold in time."""
        by_s = time.monotonic() + timeout_s
        while not what():
            if time.monotonic() > by_s:
                return False
            self._never.wait(0.2)
        return True

    def close(self) -> None:
        self.crew.stop_all()
        shutil.rmtree(self.work, ignore_errors=True)
