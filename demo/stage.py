"""Everything that stands before the first candidate comes: keys, roster, broker, office, gate."""

import csv
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from demo import pictures
from demo.cast import HERE, Person
from demo.console import PINS
from demo.lamps import LAMPS, Change
from demo.processes import Crew, allocator_settings, program, run
from demo.sockets import Follower, Message, NotAnswered, ask, told

SITE, GATE = "wh-hs-01", "wh-hs-01-g1"
DISK_MB = 16
SCANNED = "https://notice.example/t/"
"""What stands before the ticket number in the code on an exam notice."""
EXIT = "exit"
"""The card reader at which candidates leave."""
COLUMNS = ("ticket", "id_number", "name", "site", "paper", "room", "seat", "flags")


class Disk:
    """The folder of the gate's journal, on a small file system of its own that can be filled."""

    def __init__(self, folder: Path, small: bool) -> None:
        self.folder = folder
        self._small = small
        self._mounted = False

    def mount(self) -> str | None:
        """None, or why the full disk cannot be shown here."""
        self.folder.mkdir(parents=True)
        if not self._small:
            return "the gate's state is on the disk of the work folder"
        options = f"size={DISK_MB}m,mode=0700,uid={os.getuid()},gid={os.getgid()}"
        command = ["mount", "-t", "tmpfs", "-o", options, "exam-gate-demo", str(self.folder)]
        if os.getuid() != 0:
            command = ["sudo", "-n", *command]
            if shutil.which("sudo") is None:
                return "mounting a small disk needs root, sudo or user namespaces"
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self._mounted = done.returncode == 0
        return None if self._mounted else f"no small disk could be mounted: {done.stderr.strip()}"

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (1 << 16, 1 << 12, 512, 1):
                try:
                    while ballast.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def unmount(self) -> None:
        if self._mounted:
            command = ["umount", str(self.folder)]
            if os.getuid() != 0:
                command = ["sudo", "-n", *command]
            subprocess.run(command, capture_output=True, check=False)
            self._mounted = False


class Stage:
    """The work folder and the processes in it. Close it whatever happens."""

    def __init__(
        self,
        work: Path,
        cast: dict[str, Person],
        photos: dict[str, Path],
        *,
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
        self.config = work / "unit" / "gate.toml"
        self.simulator = work / "run" / "simulator.sock"
        self.staff = work / "run" / "staff.sock"
        self.disk_fault: str | None = None
        self.follower: Follower | None = None
        self._port = free_port()

    # -- once --

    def build(self) -> None:
        """Keys, candidates, roster, configuration. CommandFailed."""
        office, gate = program("exam-office"), program("exam-gate")
        self.disk_fault = self.disk.mount()
        run(office, "keys", "--home", str(self.home), "--gate", GATE, "--broker", "127.0.0.1")
        self._write_candidates()
        self._write_config()
        exam = self._write_exam()
        rosters = self.work / "rosters"
        run(
            office,
            "roster",
            "build",
            str(exam),
            str(self.work / "candidates.csv"),
            str(self.work / "photos"),
            "--out",
            str(rosters),
            "--home",
            str(self.home),
            "--staff",
            str(self._write_staff()),
        )
        run(gate, "roster", "install", str(rosters), "--config", str(self.config))
        run(
            office,
            "broker-config",
            "--home",
            str(self.home),
            "--listen",
            f"127.0.0.1:{self._port}",
            "--out",
            str(self.work / "broker"),
        )

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

    def _write_config(self) -> None:
        unit = self.config.parent
        shutil.copytree(self.home / "gates" / GATE, unit)
        self.config.write_text(
            f"""[unit]
id = "{GATE}"
site = "{SITE}"
[paths]
state = "{self.disk.folder}"
runtime = "{self.simulator.parent}"
models = "{models_folder()}"
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
port = {self._port}
""",
            encoding="utf-8",
        )

    # -- processes --

    def start_broker(self) -> None:
        mosquitto = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or "mosquitto"
        self.crew.start("broker", mosquitto, "-c", str(self.work / "broker" / "mosquitto.conf"))
        self.crew.until("broker", lambda: listens(self._port), 10)

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
            str(self._port),
        )

    def start_gate(self) -> None:
        """Until it answers on its sockets and says that it is in service."""
        self.crew.start(
            "gate",
            program("exam-gate"),
            "run",
            "--config",
            str(self.config),
            "--simulate",
            environment=allocator_settings(),
        )
        self.crew.until("gate", self._answers, 60)
        self.follower = Follower(self.staff)

    def start_console(self) -> str:
        """The address of the invigilators' pages, once they are served."""
        port = free_port()
        self.crew.start(
            "console",
            program("exam-gate"),
            "console",
            "--config",
            str(self.config),
            "--listen",
            f"127.0.0.1:{port}",
        )
        self.crew.until("console", lambda: listens(port), 30)
        return f"https://127.0.0.1:{port}"

    def kill_gate(self) -> None:
        self.crew.kill("gate")
        if self.follower:
            self.follower.close()

    def _answers(self) -> bool:
        if not (self.simulator.exists() and self.staff.exists()):
            return False
        try:
            told(self.simulator, {"ask": "signals"}, 2.0)
        except NotAnswered:
            return False
        phase: str = self.status().get("phase", "out-of-service")
        return phase != "out-of-service"

    def status(self) -> Message:
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

    def connected(self) -> bool:
        return bool(self._uplink()["connected"])

    def _uplink(self) -> Message:
        return dict(told(self.staff, {"ask": "status"})["uplink"])

    def inside(self) -> int:
        """How many have entered and not left."""
        return int(told(self.staff, {"ask": "status"})["inside"])

    def out_of_service(self) -> bool:
        return bool(told(self.staff, {"ask": "status"})["phase"] == "out-of-service")

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

    def close(self, keep: bool) -> None:
        if self.follower:
            self.follower.close()
        self.crew.stop_all()
        if not keep:
            self.disk.unmount()
            shutil.rmtree(self.work, ignore_errors=True)


def new_stage(cast: dict[str, Person], *, small_disk: bool = True, reentry: bool = False) -> Stage:
    """In a fresh folder. PictureFault."""
    photos = pictures.fetch(pictures.cache_folder())
    work = Path(tempfile.mkdtemp(prefix="exam-gate-demo-"))
    return Stage(work, cast, photos, small_disk=small_disk, reentry=reentry)


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
