"""A row with a script: the clock of a running gate jumps past the end of its roster, and back."""

from pathlib import Path

from demo.sockets import told
from tests.faults.processes.copied import books_agree, some_come
from tests.faults.processes.crowd import Witness
from tests.faults.processes.site import READY_S, Site, Unit
from tests.faults.row import Finding, Say

PAST_THE_END = ("2027-05-10T17:00:00+08:00", "2031-01-01T00:00:00Z", "2099-12-31T23:00:00Z")
"""The first instant after retention, some years later, and the last year of a clock in service."""
BEFORE_IT_ALL = ("2020-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
LOOKED_AT_S = 3
"""The roster's keeper looks once a second; a clock that jumped was destroyed by within half."""


def clock_jumps(site: Site, found: Finding, say: Say) -> None:
    """There and back, five times, once with a kill in between; people come before and after."""
    (unit,) = site.units
    witness = Witness(site.work / "seen")
    some_come(site, unit, witness, 1)
    before = rosters(unit)
    for n, at in enumerate((*PAST_THE_END, *BEFORE_IT_ALL)):
        say(f"the clock says {at}")
        told(unit.simulator, {"do": "clock", "at": at, "run": True, "trusted": True})
        found.hits["jumps"] += 1
        if at in PAST_THE_END:
            site.wait("out of use", lambda: _is_over(unit) or rosters(unit) != before, READY_S)
        site.wait("looked at", lambda: _looked_at(unit), READY_S)
        if rosters(unit) != before:
            found.lose(f"the roster was destroyed or changed by a clock that jumped to {at}")
            return
        if n == 1:
            site.crew.kill(unit.name)
            unit.start()
            site.crew.until(unit.name, unit.in_service, READY_S)
        unit.set_clock()
        site.wait("in service", unit.in_service, READY_S)
    some_come(site, unit, witness, 2)
    books_agree(site, unit, witness, found)
    if rosters(unit) != before:
        found.lose("the roster is not what it was")


def rosters(unit: Unit) -> dict[str, bytes]:
    """Every file of every roster on the unit's card."""
    installed: Path = unit.state / "roster" / "installed"
    return {f"{f.relative_to(installed)}": f.read_bytes() for f in installed.glob("*/*")}


def _is_over(unit: Unit) -> bool:
    said = unit.asked({"ask": "status"})
    return bool(said.get("retention", {}).get("over")) and not unit.in_service()


def _looked_at(unit: Unit) -> bool:
    """By the gate's own monotonic count since the jump; an untrusted clock counts none."""
    clock = unit.asked({"ask": "status"}).get("clock", {})
    return clock.get("trusted") is False or clock.get("steady_s", 0) >= LOOKED_AT_S
