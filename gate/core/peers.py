"""What another gate of the site has told. Wired up in admission.TABLE.

It is journaled and then remembered like all that is recorded beside a visit. A restart knows it
without asking anybody. Somebody whom both gates let in to one paper is a double: each gate that
finds one journals it once. An admission that its gate has taken back is none.
"""

from collections.abc import Iterable

from gate.core.effects import Effect, RecordBeside
from gate.core.events import Fault, PeersHeard
from gate.core.site_entries import IN, NOT_IN, SiteEntry
from gate.core.state import State, Step


def heard(state: State, event: PeersHeard) -> Step:
    """While the journal refuses nothing is taken: the other gate tells it again."""
    if Fault.JOURNAL in state.faults or state.exam is None or state.exam.id != event.exam:
        return state, ()
    body = {
        "exam": event.exam,
        "from_gate": event.gate,
        "from_epoch": event.epoch,
        "to": event.to,
        "entries": [[e.paper, e.key, e.at, e.way] for e in event.entries],
    }
    effects: list[Effect] = [RecordBeside("heard", body)]
    found = [e for e in _standing(event.entries) if _is_double(state, event.gate, e)]
    effects += [_double(state, event.gate, entry) for entry in found]
    return state, tuple(effects)


def _standing(entries: Iterable[SiteEntry]) -> Iterable[SiteEntry]:
    """The newest admission of each person that is not taken back among `entries`."""
    found: dict[tuple[str, str], SiteEntry] = {}
    for entry in entries:
        person = entry.paper, entry.key
        if entry.way == IN:
            found[person] = entry
        elif entry.way == NOT_IN and person in found and found[person].at == entry.at:
            del found[person]
    return found.values()


def _is_double(state: State, gate: str, entry: SiteEntry) -> bool:
    person = entry.paper, entry.key
    papers = state.exam.papers if state.exam else ()
    once = any(p.id == entry.paper and not p.reentry for p in papers)
    own = bool(state.entered.get(person)) and person not in state.gates
    return once and own and (*person, gate) not in state.doubles


def _double(state: State, gate: str, entry: SiteEntry) -> RecordBeside:
    body = {
        "paper": entry.paper,
        "key": entry.key,
        "entered": state.entered[entry.paper, entry.key],
        "other_gate": gate,
        "other_at": entry.at,
    }
    return RecordBeside("double", body)
