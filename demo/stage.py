"""Everything that stands before the first candidate comes: keys, roster, broker, office, gates."""

import csv
import os
import shutil
import socket
import tempfile
from pathlib import Path

from demo import pictures
from demo.board import OPERATOR, PASSWORD
from demo.cast import HERE, Person
from demo.console import PINS
from demo.gate import Gate
from demo.processes import Crew, program, run
from demo.small_disk import Disk

SITE = "wh-hs-01"
GATES = ("wh-hs-01-g1", "wh-hs-01-g2")
"""The gates of the first site. The first one has the small disk, the console and the browser."""
SECOND_SITE = ("wh-hs-02-g1",)
"""The gate of the second site, which is switched on during the morning."""
ELSEWHERE = ("nice", "-n", "10")
"""Another site has a machine of its own: its start must not slow the lane that is watched."""
BOARD_NAME = "localhost"
"""Another name than the console's: browsers tell cookies apart by name, and not by port."""
COLUMNS = ("ticket", "id_number", "name", "site", "paper", "room", "seat", "flags")


class Stage:
    """The work folder and the processes in it. Close it whatever happens."""

    def __init__(
        self,
        work: Path,
        cast: dict[str, Person],
        photos: dict[str, Path],
        *,
        units: tuple[str, ...] = GATES + SECOND_SITE,
        small_disk: bool = True,
        reentry: bool = False,
    ) -> None:
        self.work = work
        self.photos = photos
        self._reentry = reentry
        self._cast = cast
        self.crew = Crew(work / "logs")
        self.disk = Disk(work / "state", small_disk)
        self.home = work / "office"
        self.browser = work / "browser"
        first, *others = units
        self.gates = [
            Gate(first, site_of(first), work, self.disk.folder, self.crew),
            *(Gate(u, site_of(u), work / u, work / u / "state", self.crew) for u in others),
        ]
        for gate in self.gates:
            if gate.site != SITE:
                gate.prefix = ELSEWHERE
        self.disk_fault: str | None = None
        self._port = free_port()
        self._board_port = free_port()

    # -- once --

    def build(self) -> None:
        """Keys, candidates, roster, configuration. CommandFailed."""
        office, home = program("exam-office"), ("--home", str(self.home))
        self.disk_fault = self.disk.mount()
        enrolled = [word for gate in self.gates for word in ("--gate", gate.unit)]
        run(office, "keys", *home, *enrolled, "--broker", "127.0.0.1", "--board", BOARD_NAME)
        self._write_candidates()
        lists = (str(self.work / "candidates.csv"), str(self.work / "photos"))
        rosters = self.work / "rosters"
        built = ("--out", str(rosters), "--staff", str(self._write_staff()))
        run(office, "roster", "build", str(self._write_exam()), *lists, *built, *home)
        for gate in self.gates:
            handed_over = self.home / "gates" / gate.unit
            gate.configure(handed_over, models_folder(), self._port)
            gate.install(rosters)
        listens_at = ("--listen", f"127.0.0.1:{self._port}")
        run(office, "broker-config", *home, *listens_at, "--out", str(self.work / "broker"))

    def _write_exam(self) -> Path:
        """The demo's exam; with re-entry where the same few people come many times."""
        exam, text = self.work / "exam.toml", (HERE / "exam.toml").read_text(encoding="utf-8")
        if self._reentry:
            text = text.replace("[defaults]", "[defaults]\nreentry = true", 1)
        exam.write_text(text, encoding="utf-8")
        return exam

    def _write_staff(self) -> Path:
        """Who signs at the gate, each with a PIN."""
        file = self.work / "staff.toml"
        for who, pin in PINS.items():
            role = "chief" if who == "chief" else "invigilator"
            person = ("--id", who, "--name", f"演示{who}", "--role", role, "--site", SITE)
            run(program("exam-office"), "staff", "add", str(file), *person, typed=f"{pin}\n{pin}\n")
        return file

    def _write_candidates(self) -> None:
        tickets = self.work / "photos"
        tickets.mkdir()
        enrolled = [p for p in self._cast.values() if p.ticket]
        with (self.work / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for p in enrolled:
                table.writerow(
                    (p.ticket, p.number, p.name, p.site, p.paper, p.room, p.seat, p.flags)
                )
        for p in enrolled:
            shutil.copy(self.photos[str(p.ticket_photo)], tickets / f"{p.ticket}.jpg")

    # -- processes --

    def start_broker(self) -> None:
        """Until it listens."""
        mosquitto = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"
        self.crew.start("broker", mosquitto, "-c", str(self.work / "broker" / "mosquitto.conf"))
        self.crew.until("broker", lambda: listens(self._port), 10)

    def start_office(self) -> None:
        """The office's receiver."""
        self.crew.start(
            "office",
            program("exam-office"),
            "receive",
            "--home",
            str(self.home),
            "--host",
            "127.0.0.1",
            "--port",
            str(self._port),
        )

    def launch_board(self) -> None:
        """The office's board with one operator; `board` waits for it. CommandFailed."""
        home = ("--home", str(self.home))
        add = ("board", "user", "add", OPERATOR, "--role", "operator", *home)
        run(program("exam-office"), *add, typed=f"{PASSWORD}\n{PASSWORD}\n")
        listens_at = f"127.0.0.1:{self._board_port}"
        self.crew.start("board", program("exam-office"), "board", *home, "--listen", listens_at)

    def board(self) -> str:
        """The address of the board, once it is served. CommandFailed."""
        self.crew.until("board", lambda: listens(self._board_port), 60)
        return f"https://{BOARD_NAME}:{self._board_port}"

    def start_gates(self) -> None:
        """Until every one of the first site is in service."""
        here = [gate for gate in self.gates if gate.site == SITE]
        for gate in here:
            gate.launch()
        for gate in here:
            gate.await_service()

    def start_console(self) -> str:
        """The address of the invigilators' pages at the first gate, once they are served."""
        port = free_port()
        self.crew.start(
            "console",
            program("exam-gate"),
            "console",
            "--config",
            str(self.gates[0].config),
            "--listen",
            f"127.0.0.1:{port}",
        )
        self.crew.until("console", lambda: listens(port), 30)
        return f"https://127.0.0.1:{port}"

    def close(self, keep: bool) -> None:
        """Ends every process; the work folder goes unless it is kept."""
        for gate in self.gates:
            gate.close()
        self.crew.stop_all()
        if not keep:
            self.disk.unmount()
            shutil.rmtree(self.work, ignore_errors=True)


def new_stage(
    cast: dict[str, Person],
    *,
    units: tuple[str, ...] = GATES + SECOND_SITE,
    small_disk: bool = True,
    reentry: bool = False,
) -> Stage:
    """In a fresh folder. PictureFault."""
    photos = pictures.fetch(pictures.cache_folder())
    work = Path(tempfile.mkdtemp(prefix="exam-gate-demo-"))
    return Stage(work, cast, photos, units=units, small_disk=small_disk, reentry=reentry)


def site_of(unit: str) -> str:
    """The site of a gate: its id up to the last hyphen."""
    return unit.rpartition("-")[0]


def models_folder() -> Path:
    """Where `exam-gate models build` puts the networks by default."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "exam-gate" / "models"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
