"""After the last candidate: what the gate uses while idle, and whether gate and office agree."""

import json
import statistics
import time
from dataclasses import dataclass, field

from demo.cast import Person
from demo.judge import Seen
from demo.processes import cpu_s, program, resident_mb, run
from demo.sockets import JsonObject, Message
from demo.stage import GATE, Stage

IDLE_S = 6.0
RECEIPTS_S = 30.0
PARTS = ("total", "roster", "match", "rules", "disk")


@dataclass(slots=True)
class Ending:
    """`wrong`: each difference in words; empty: gate and office hold the same, chains whole."""

    gate_events: int = 0
    office_events: int = 0
    missing: int = 0
    gate_chain: str = "not verified"
    office_chain: str = "not verified"
    stopped_with: int | None = None
    rss_mb: float = 0.0
    idle_cpu_percent: float = 0.0
    interrupted: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def chain(self) -> str:
        both = (self.gate_chain, self.office_chain)
        return "verified" if both == ("verified", "verified") else f"NOT verified ({both})"


def audit(stage: Stage, cast: dict[str, Person], ending: Ending) -> None:
    """Everything receipted, gate idle, gate stopped in order; both logs verified and compared."""
    stage.until("all-receipted", lambda: stage.unsent() == 0, RECEIPTS_S)
    exported, office = _while_idle(stage, ending)
    ending.stopped_with = stage.crew.stop("gate")
    if ending.stopped_with != 0:
        ending.wrong.append(f"SIGTERM ended the gate with {ending.stopped_with}, expected 0")
    verify = ("journal", "verify", "--config", str(stage.config), "--json")
    verdict = json.loads(run(program("exam-gate"), *verify, ok=(0, 1)))
    ending.gate_chain = str(verdict["chain"])
    _compare([json.loads(line) for line in exported.splitlines()], office, ending)
    _private(stage, cast, exported, ending)


def _while_idle(stage: Stage, ending: Ending) -> tuple[str, Message]:
    """The gate's own processor use over IDLE_S with nobody there and the camera watching, and its
    memory after the morning. Export and the office's check run beside it meanwhile."""
    pid, began_s = stage.crew.pid("gate"), time.monotonic()
    before_s = cpu_s(pid)
    exported = run(program("exam-gate"), "journal", "export", "--config", str(stage.config))
    verify = ("verify", "--home", str(stage.home), "--json")
    office = json.loads(run(program("exam-office"), *verify, ok=(0, 1)))
    stage.pause(began_s + IDLE_S - time.monotonic())
    took_s = time.monotonic() - began_s
    ending.idle_cpu_percent = round((cpu_s(pid) - before_s) / took_s * 100, 1)
    ending.rss_mb = round(resident_mb(pid), 1)
    return exported, office


def _compare(events: list[Message], office: Message, ending: Ending) -> None:
    """The office's chain is verified and its head is the gate's hash at that place.

    Then every event before it is the same, byte for byte.
    """
    last = events[-1]
    there = office["gates"].get(GATE, {}).get(last["epoch"], {})
    ending.gate_events = len(events)
    ending.office_events = int(there.get("events", 0))
    ending.office_chain = str(there.get("chain", "nothing received"))
    high = int(there.get("high", 0))
    same = 0 < high <= len(events) and events[high - 1]["hash"] == there.get("head")
    ending.missing = len(events) - (high if same else 0)
    if ending.missing:
        ending.wrong.append(f"{ending.missing} events of the gate are not the office's")
    if ending.office_events != ending.gate_events or there.get("conflicts"):
        ending.wrong.append(f"the office's journal of this gate is {there}")
    if ending.chain != "verified":
        ending.wrong.append(f"chain {ending.chain}")


def _private(stage: Stage, cast: dict[str, Person], exported: str, ending: Ending) -> None:
    """No name and no ID number lies in the clear in the gate's state, its export, the office's
    database or the broker's."""
    words = [w.encode() for p in cast.values() for w in (p.name, p.number) if w]
    files = [
        p
        for folder in (stage.disk.folder, stage.work / "broker", stage.home)
        for p in folder.rglob("*")
        if p.is_file()
    ]
    for name, data in [
        ("the export", exported.encode()),
        *((str(p), p.read_bytes()) for p in files),
    ]:
        if any(w in data for w in words):
            ending.wrong.append(f"a candidate's name or ID number lies in the clear in {name}")


def timings(morning: list[Seen]) -> JsonObject:
    """Median and 95th percentile in ms of the decisions whose first attempt found a face that was
    already seen; each part of `ms` apart."""
    taken = [
        s.decision["ms"]
        for s in morning
        if s.decision
        and s.decision.get("ms")
        and s.decision.get("attempt") == 1
        and s.asked == 0
        and s.row.source == "card"
        and s.decision.get("score") is not None
    ]
    table: JsonObject = {"decisions": len(taken)}
    for part in PARTS:
        values = sorted(t[part] for t in taken if t.get(part) is not None)
        if values:
            p95 = values[min(len(values) - 1, round(0.95 * len(values) + 0.5) - 1)]
            table[part] = {"median": round(statistics.median(values), 2), "p95": round(p95, 2)}
    return table


def lateness(morning: list[Seen]) -> JsonObject:
    """How late the lamps' edges were by the schedule of their pattern, in ms.

    Beside it how many flashes are missing because the thread slept through them.
    """
    told = [shown for seen in morning for shown in (seen.shown, seen.then_shown) if shown]
    late_ms = [late_s * 1000 for shown in told for late_s in shown.late_s]
    return {
        "edges": len(late_ms),
        "median_ms": round(statistics.median(late_ms), 1) if late_ms else None,
        "worst_ms": round(max(late_ms), 1) if late_ms else None,
        "missing_flashes": sum(shown.skipped for shown in told),
    }
