"""After the last candidate: what a gate uses while idle, and whether gates and office agree."""

import json
import statistics
import time
from dataclasses import dataclass, field

from demo.cast import Person
from demo.judge import Seen
from demo.privacy import in_the_clear
from demo.processes import cpu_s, program, resident_mb, run
from demo.sockets import JsonObject, Message
from demo.stage import Stage

IDLE_S = 6.0
RECEIPTS_S = 30.0
PARTS = ("total", "roster", "match", "rules", "disk")


@dataclass(slots=True)
class Ending:
    """`wrong`: each difference in words; empty: gate and office hold the same, chains whole."""

    gate_events: int = 0
    office_events: int = 0
    missing: int = 0
    gate_chains: dict[str, str] = field(default_factory=dict)
    office_chains: dict[str, str] = field(default_factory=dict)
    stopped_with: int | None = None
    rss_mb: float = 0.0
    idle_cpu_percent: float = 0.0
    interrupted: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def chain(self) -> str:
        """`verified` where that holds of every gate's journal, there and at the office."""
        found = {*self.gate_chains.values(), *self.office_chains.values()}
        whole = found == {"verified"} and self.gate_chains.keys() == self.office_chains.keys()
        return "verified" if whole else f"NOT verified ({self.gate_chains}, {self.office_chains})"


def audit(stage: Stage, cast: dict[str, Person], asked: list[str], ending: Ending) -> None:
    """Everything receipted, gates idle, gates stopped in order; all logs verified and compared.

    `asked`: the addresses that the browser asked for.
    """
    for gate in stage.gates:
        gate.until("all-receipted", gate.all_receipted, RECEIPTS_S)
    exported, office = _while_idle(stage, ending)
    for gate in stage.gates:
        ending.stopped_with = gate.stop()
        if ending.stopped_with != 0:
            ending.wrong.append(f"SIGTERM ended {gate.unit} with {ending.stopped_with}, expected 0")
        verify = ("journal", "verify", "--config", str(gate.config), "--json")
        verdict = json.loads(run(program("exam-gate"), *verify, ok=(0, 1)))
        ending.gate_chains[gate.unit] = str(verdict["chain"])
    for unit, text in exported.items():
        events = [json.loads(line) for line in text.splitlines()]
        _compare(unit, events, office["gates"].get(unit, {}), ending)
    if ending.chain != "verified":
        ending.wrong.append(f"chain {ending.chain}")
    stage.crew.stop("broker")  # it writes down what it retains
    ending.wrong += in_the_clear(stage, cast, exported, asked)


def _while_idle(stage: Stage, ending: Ending) -> tuple[dict[str, str], Message]:
    """The first gate's processor use over IDLE_S with nobody there and the camera watching, and
    its memory after the morning. Exports by unit and the office's check are made meanwhile."""
    gate = stage.gates[0]
    began_s, before_s = time.monotonic(), cpu_s(gate.pid)
    export = ("journal", "export", "--config")
    exported = {g.unit: run(program("exam-gate"), *export, str(g.config)) for g in stage.gates}
    verify = ("verify", "--home", str(stage.home), "--json")
    office = json.loads(run(program("exam-office"), *verify, ok=(0, 1)))
    gate.pause(began_s + IDLE_S - time.monotonic())
    took_s = time.monotonic() - began_s
    ending.idle_cpu_percent = round((cpu_s(gate.pid) - before_s) / took_s * 100, 1)
    ending.rss_mb = round(resident_mb(gate.pid), 1)
    return exported, office


def _compare(unit: str, events: list[Message], office: Message, ending: Ending) -> None:
    """The office's chain is verified and its head is the gate's hash at that place.

    Then every event before it is the same, byte for byte.
    """
    last = events[-1]
    there = office.get(last["epoch"], {})
    ending.gate_events += len(events)
    ending.office_events += int(there.get("events", 0))
    ending.office_chains[unit] = str(there.get("chain", "nothing received"))
    high = int(there.get("high", 0))
    same = 0 < high <= len(events) and events[high - 1]["hash"] == there.get("head")
    missing = len(events) - (high if same else 0)
    ending.missing += missing
    if missing:
        ending.wrong.append(f"{missing} events of {unit} are not the office's")
    if int(there.get("events", 0)) != len(events) or there.get("conflicts"):
        ending.wrong.append(f"the office's journal of {unit} is {there}")


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
