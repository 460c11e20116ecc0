"""Rows with a script: the journal's file is taken from a running gate, which is killed later.

A deleted or replaced file goes on working through the gate's open descriptors. So a gate that does
not look at the name admits people into a journal that no restart finds.
"""

import json
from collections import Counter

from tests.faults.processes.books import Book, compare, office_rows
from tests.faults.processes.copied import SETTLED_S
from tests.faults.processes.crowd import Crowd, Witness
from tests.faults.processes.site import READY_S, Site, Unit
from tests.faults.row import Finding, Say
from tests.journal_losing import LOSSES

TOLD_S = 20.0
"""The gate looks twice a second and before each write; the rest is for a busy machine."""


def loses_its_journal(loss: str, site: Site, found: Finding, say: Say) -> None:
    """`loss`: a key of LOSSES. People come before, meanwhile, and after SIGKILL and restart."""
    (unit,) = site.units
    witness = Witness(site.work / "seen")
    crowd = Crowd(unit, site.people, site.photos, witness, 1)
    crowd.start()
    somebody_is_admitted(site, witness)
    LOSSES[loss](unit.journal)
    say(f"the journal is lost: {loss}")
    found.hits["journals lost"] += 1
    told = _is_told(site, unit, found)
    somebody_is_admitted(site, witness)
    crowd.end()
    site.crew.kill(unit.name)
    say("killed" if told else "killed; it has told nobody")
    if not unit.journal.exists():
        found.lose("no journal lies there for the restart")
        return
    unit.start()
    site.crew.until(unit.name, unit.in_service, READY_S)
    crowd = Crowd(unit, site.people, site.photos, witness, 2)
    crowd.start()
    somebody_is_admitted(site, witness)
    crowd.end()
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.stop(unit.name, READY_S)
    site.crew.stop("office", READY_S)
    _judge(site, unit, witness, found)


def somebody_is_admitted(site: Site, witness: Witness) -> None:
    """Once more than until now. CommandFailed where nobody is within `SETTLED_S`."""
    before = _admissions(witness)
    site.wait("somebody admitted", lambda: _admissions(witness) > before, SETTLED_S)


def _admissions(witness: Witness) -> int:
    return sum(w[0] == "decision" and w[-1] == "ADMIT" for w in witness.lines())


def _is_told(site: Site, unit: Unit, found: Finding) -> bool:
    """By the status: a warning, and what was saved."""

    def told() -> bool:
        status = unit.asked({"ask": "status"})
        saved = status.get("journal", {}).get("saved")
        return bool(saved) and any("journal.sqlite" in w for w in status["warnings"])

    if site.holds(told, TOLD_S):
        return True
    found.miss(f"{unit.name}: its journal was lost and its status does not say so")
    return False


def _judge(site: Site, unit: Unit, witness: Witness, found: Finding) -> None:
    book = Book.of(unit.name, unit.journal)
    compare(book, site.database, witness.lines(), found)
    there = [json.loads(row[4]) for row in office_rows(site.database, unit.name)]
    if not any(event["kind"] == "journal_saved" for event in there):
        found.miss(f"{unit.name}: the office does not hear that the journal was lost")
    for decision, times in Counter(e["id"] for e in there if e["kind"] == "decision").items():
        if times > 1:
            found.twice(f"{unit.name}: decision {decision} is recorded {times} times")
