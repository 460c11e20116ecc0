"""What a new journal says of the one before it, held against what the office has of that one.

A card that was damaged goes on with a new epoch, whose first event tells how far the old journal is
known to have gone. What the office has not of that, and the unit cannot read any more, is lost: it
is named, by range, for good.
"""

from typing import TYPE_CHECKING, Any

from gate.core.decision import Event

if TYPE_CHECKING:
    from office.store import OfficeStore

Found = dict[str, Any]
"""What `office.audit.audit` found of one journal."""


def link(store: "OfficeStore", gate: str, journals: dict[str, Found]) -> None:
    """Adds to what was found of each journal of `gate`: `previous`, what its first event says of
    the journal before, or None; and to that one `succeeded_by`, and in `missing` what is lost.
    Journals of which nothing is stored but that are spoken of join `journals`."""
    for found in journals.values():
        found["previous"] = found["succeeded_by"] = None
    for epoch in list(journals):
        first = store.event(gate, epoch, 1)
        if first is None or not isinstance(first.get("previous_epoch"), str):
            continue
        before = str(first["previous_epoch"])
        claimed = _number(first, "last_known")
        former = journals.setdefault(before, _nothing_of())
        former["succeeded_by"] = epoch
        known = max(former["last"], former["claims"])
        if claimed > known:
            former["missing"] = [*former["missing"], [known + 1, claimed]]
        journals[epoch]["previous"] = {
            "epoch": before, "receipted": _number(first, "receipted"), "last_known": claimed,
            "agrees": _agrees(store, gate, before, first), "lost": former["missing"],
        }  # fmt: skip


def _agrees(store: "OfficeStore", gate: str, before: str, first: Event) -> bool:
    """Whether the receipt that the unit remembers is of the events that are stored here."""
    receipted = _number(first, "receipted")
    if not receipted:
        return True
    return store.hash_at(gate, before, receipted) == first.get("receipted_head")


def _number(event: Event, name: str) -> int:
    found = event.get(name)
    return found if isinstance(found, int) and found > 0 else 0


def _nothing_of() -> Found:
    return {
        "events": 0, "high": 0, "last": 0, "missing": [], "head": None, "claims": 0, "signed": 0,
        "receipted": 0, "uncovered": [], "faults": [], "conflicts": [], "forks": [],
        "odd_times": [], "chain": "verified", "previous": None, "succeeded_by": None,
    }  # fmt: skip
