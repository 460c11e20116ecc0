"""The status of a running gate, as staff and programs see it: a snapshot that names nobody."""

from collections import Counter
from collections.abc import Mapping

from gate.core.count_figures import summary
from gate.core.daily_counts import day_of
from gate.core.entry_windows import entry_windows
from gate.core.exam import Exam, liveness_asked
from gate.core.health_report import REQUIREMENTS
from gate.core.liveness import FittedLayers
from gate.core.local_time import in_fixed_offset
from gate.core.state import State
from gate.ports import DeskStatus
from gate.ports.status import FormerJournal, LayerStatus
from gate.service.case_signing import open_case, open_corrections
from gate.service.lane import Lane
from gate.service.staff_pins import StaffPins
from gate.service.supervisors import Supervisors


def desk_status(lane: Lane, supervisors: Supervisors, pins: StaffPins) -> DeskStatus:
    """A snapshot for people and programs; names nobody."""
    state, now = lane.state, lane.adapters.clock.now()
    layers = dict(lane.adapters.matcher.layers)
    at = in_fixed_offset(now.at, lane.zone)
    return {
        "gate": lane.adapters.id,
        "site": lane.adapters.site,
        "phase": state.phase.value,
        "faults": sorted(f.value for f in state.faults),
        "clock": {
            "at": at.isoformat(timespec="milliseconds"),
            "trusted": now.trusted,
            "timezone": str(lane.zone or ""),
            **supervisors.clock.status,
        },
        "exam": lane.exam_id,
        "roster": lane.roster.version if lane.roster else None,
        "retention": supervisors.rosters.retention,
        "papers": list(lane.papers_now()) if now.trusted else None,
        "model": lane.adapters.matcher.model,
        "liveness": {
            "asked": liveness_asked(state.exam),
            "judged": _judged(layers),
            "layers": layers,
            "action": lane.adapters.matcher.action,
        },
        "showing": lane.showing,
        "attempt": state.visit.attempt if state.visit else None,
        "inside": len(state.entered) - len(state.left),
        "left": len(state.left),
        "staff": len(pins.staff),
        "windows": entry_windows(state.exam, now),
        "requires": _required(state.exam),
        "unsettled": [open_case(state, u, now) for u in state.unsettled],
        "corrections": open_corrections(state),
        "counts": summary(lane.recorder.counts.of_day(day_of(now, lane.zone))),
        "scanners": {s.name: s.status.copy() for s in lane.adapters.scanners},
        "exits": {name: exit_.copy() for name, exit_ in lane.exits.items()},
        "rooms": {"now": list(state.rooms), "configured": list(state.unit_rooms)},
        "warnings": [
            *supervisors.clock.warnings,
            *_liveness_lacking(lane),
            *(f"scanner {s.name}" for s in lane.adapters.scanners if not s.status["connected"]),
            *_doubles(lane.state),
            *(f"exit {name}" for name, e in lane.exits.items() if not e["connected"]),
            *(f"{s['file']} {s['detail']}, saved" for s in lane.adapters.journal.saves),
            *lane.adapters.journal.warnings.values(),
            *pins.warnings,
            *_roster_fault(lane),
        ],
        "messages": list(supervisors.commands.messages.unread.values()),
        "uplink": lane.adapters.uplink.status.copy(),
        "journal": {
            "disk": supervisors.disk.status,
            "follows": _before(lane),
            "saved": [save.copy() for save in lane.adapters.journal.saves],
        },
    }


def _required(exam: Exam | None) -> list[str]:
    papers = exam.papers if exam else ()
    return [r for r in REQUIREMENTS if any(r in paper.requires for paper in papers)]


def _liveness_lacking(lane: Lane) -> list[str]:
    """What the exam asks for and this unit cannot judge is told before the first candidate."""
    asked, matcher = liveness_asked(lane.state.exam), lane.adapters.matcher
    if not matcher.fitted.lacks(asked):
        return []
    why = ", ".join(n for n, s in matcher.layers.items() if not s["judges"])
    return [f"liveness {asked} is asked for and not judged; off: {why} 活体检测缺失"]


def _roster_fault(lane: Lane) -> list[str]:
    """Why no roster comes from the office, while it does not."""
    fetch = lane.adapters.roster_fetch
    return [f"roster: {fetch.fault}"] if fetch is not None and fetch.fault else []


def _doubles(state: State) -> list[str]:
    """Who entered here and at another gate of the site, by gate."""
    found = Counter(gate for _, _, gate in state.doubles)
    return [
        f"double: {n} entered here and at {gate}, see the journal 两处入场"
        for gate, n in sorted(found.items())
    ]


def _before(lane: Lane) -> FormerJournal | None:
    """What became of the journal before this one; None where nothing was lost."""
    begun = lane.adapters.journal.begun
    if begun is None:
        return None
    return {
        "detail": begun["detail"],
        "previous_epoch": begun["previous_epoch"],
        "receipted": begun["receipted"],
        "salvaged": begun["salvaged"],
        "last_known": begun["last_known"],
        "missing": begun["missing"],
        "set_aside": begun["set_aside"],
    }


def _judged(layers: Mapping[str, LayerStatus]) -> str:
    """The most liveness that these layers judge now."""
    return FittedLayers(frozenset(n for n, s in layers.items() if s["judges"])).judged
