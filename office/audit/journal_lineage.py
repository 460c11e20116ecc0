"""What a new journal says of the one before it, held against what the office has of that one.

A card that was damaged goes on with a new epoch, whose first event tells how far the old journal is
known to have gone. What the office has not of that, and the unit cannot read any more, is lost: it
is named, by range, for good.
"""

from typing import TYPE_CHECKING

from gate.core.records import JournalEvent
from office.audit.findings import JournalFound

if TYPE_CHECKING:
    from office.store.database import OfficeStore


def link(store: "OfficeStore", gate: str, journals: dict[str, JournalFound]) -> None:
    """Adds its neighbours to what was found of each journal of `gate`.

    `previous`: what its first event says of the journal before, or None. That journal gets
    `succeeded_by`, and in `missing` what is lost. Journals that are named but of which nothing is
    stored are added to `journals`.
    """
    for found in journals.values():
        found["previous"] = found["succeeded_by"] = None
    for epoch, begun in beginnings(store, gate).items():
        if epoch in journals:
            journals[epoch]["begun"] = begun
    for epoch in list(journals):
        first = store.event(gate, epoch, 1)
        before = _former(first)
        if first is None or before is None:
            continue
        claimed = _number(first, "last_known")
        former = journals.setdefault(before, _nothing_of())
        former["succeeded_by"] = epoch
        known = max(former["last"], former["claims"])
        if claimed > known:
            former["missing"] = [*former["missing"], [known + 1, claimed]]
        journals[epoch]["previous"] = {
            "epoch": before,
            "receipted": _number(first, "receipted"),
            "last_known": claimed,
            "agrees": _agrees(store, gate, before, first),
            "lost": former["missing"],
        }


def beginnings(store: "OfficeStore", gate: str) -> dict[str, str]:
    """How each journal of `gate` began whose first event is here, the oldest first.

    `first`: the first of its unit. `follows`: it follows one that it names. `enrolled-anew`: signed
    with a key that no journal before it was signed with. `unannounced`: the office knew a journal,
    and this one names none. That is a card that was wiped, or a copy of the unit that was begun
    anew.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    firsts = {e: _former(store.event(gate, e, 1)) for e in store.by_first_arrival(gate)}
    named = set(firsts.values())
    for epoch, former in firsts.items():
        keys = store.proofs.signed_with(gate, epoch)
        if former is not None:
            found[epoch] = "follows"
        elif not found or epoch in named:  # the one before may come later, by stick
            found[epoch] = "first"
        else:
            found[epoch] = "unannounced" if keys & seen or not keys else "enrolled-anew"
        seen |= keys
    return found


def unannounced(store: "OfficeStore", gate: str) -> list[str]:
    """Of `beginnings`: the journals that are an alarm."""
    return [epoch for epoch, how in beginnings(store, gate).items() if how == "unannounced"]


ALARM = (
    "began without naming the one before it: the card was wiped, or the unit copied; what the old "
    "journal held and the office has not is unknown 新日志未说明前一日志：存储卡可能被清空或复制"
)
"""Of an unannounced journal, behind its name."""


def _agrees(store: "OfficeStore", gate: str, before: str, first: JournalEvent) -> bool:
    """Whether the receipt that the unit remembers is of the events that are stored here."""
    receipted = _number(first, "receipted")
    if not receipted:
        return True
    return store.hash_at(gate, before, receipted) == first.get("receipted_head")


def _former(first: JournalEvent | None) -> str | None:
    """The journal that a first event names as the one before."""
    named = first.get("previous_epoch") if first is not None else None
    return named if isinstance(named, str) else None


def _number(event: JournalEvent, name: str) -> int:
    found = event.get(name)
    return found if isinstance(found, int) and found > 0 else 0


def _nothing_of() -> JournalFound:
    return {
        "events": 0,
        "first": 0,
        "high": 0,
        "last": 0,
        "missing": [],
        "head": None,
        "claims": 0,
        "signed": 0,
        "receipted": 0,
        "uncovered": [],
        "faults": [],
        "conflicts": [],
        "forks": [],
        "odd_times": [],
        "chain": "verified",
        "previous": None,
        "succeeded_by": None,
        "begun": None,
    }
