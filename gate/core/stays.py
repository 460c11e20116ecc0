"""Who is inside and who has left, by this gate's own words and those of the site's other gates.

Each gate's newest word counts for that gate. An admission that is taken back leaves what another
gate says of the same person.
"""

from dataclasses import replace

from gate.core.records import JournalEvent
from gate.core.site_entries import NOT_IN, NOT_OUT, OUT, SiteEntry, is_later
from gate.core.state import State

OwnPerson = tuple[str, str]
"""Paper id and candidate key."""


class Stays:
    """The part of the fold that moves people, in constant time for each event."""

    def __init__(self, state: State) -> None:
        self._entered = dict(state.entered)
        self._left = dict(state.left)
        self._gates = dict(state.gates)
        self._elsewhere = dict(state.elsewhere)
        self._doubles = state.doubles

    def into(self, state: State) -> State:
        """`state` with everybody where they are now."""
        return replace(
            state,
            entered=self._entered,
            left=self._left,
            gates=self._gates,
            elsewhere=self._elsewhere,
            doubles=self._doubles,
        )

    # -- this gate's own words -------------------------------------------------------------------

    def admit(self, person: OwnPerson, at: str) -> None:
        """Let in here at the time `at`, RFC 3339."""
        if person in self._gates:
            self._note_elsewhere(person, self._gates.pop(person), self._entered[person])
        self._entered[person] = at
        self._left.pop(person, None)

    def leave(self, person: OwnPerson, at: str) -> None:
        """Who has left has been there, whatever is known of it. The first time counts."""
        self._entered.setdefault(person, "")
        self._left.setdefault(person, at)

    def take_back(self, person: OwnPerson, at: str, *, at_exit: bool) -> None:
        """An own admission, or an own leaving, of the time `at` was corrected. What another word
        did stands."""
        if at_exit:
            self._drop_leaving(person, at)
        elif self._entered.get(person) == at and person not in self._gates:
            self._doubles = frozenset(d for d in self._doubles if d[:2] != person)
            self._another_gates_word(person)

    def found_double(self, event: JournalEvent) -> None:
        """A `double` entry."""
        paper, key = event.get("paper"), event.get("key")
        if paper and key:
            self._doubles |= {(paper, key, event["other_gate"])}

    # -- the words of the others -----------------------------------------------------------------

    def hear(self, gate: str, entry: SiteEntry) -> None:
        """What another gate told. An entry of our own stands; a leaving is undone only by an
        entry that is later."""
        person = entry.paper, entry.key
        if entry.way == OUT:
            if person not in self._left and not is_later(self._entered.get(person, ""), entry.at):
                self.leave(person, entry.at)
        elif entry.way == NOT_OUT:
            self._drop_leaving(person, entry.at)
        elif entry.way == NOT_IN:
            self._not_in(gate, person, entry.at)
        else:
            self._in(gate, person, entry.at)

    def _in(self, gate: str, person: OwnPerson, at: str) -> None:
        if person in self._left:
            if not is_later(at, self._left[person]):
                return
            del self._left[person]
        elif self._entered.get(person) and self._gates.get(person) != gate:
            self._note_elsewhere(person, gate, at)
            return
        self._entered[person] = at
        self._gates[person] = gate

    def _not_in(self, gate: str, person: OwnPerson, at: str) -> None:
        if (gate, at) in self._elsewhere.get(person, ()):
            self._forget_elsewhere(person, gate)
            self._doubles -= {(*person, gate)}
        elif self._gates.get(person) == gate and self._entered.get(person) == at:
            self._another_gates_word(person)

    def _another_gates_word(self, person: OwnPerson) -> None:
        """What counted is taken back: the next gate that let the person in counts, or nobody."""
        self._entered.pop(person, None)
        self._gates.pop(person, None)
        if person in self._elsewhere:
            gate, at = self._elsewhere[person][0]
            self._entered[person], self._gates[person] = at, gate
            self._forget_elsewhere(person, gate)

    def _drop_leaving(self, person: OwnPerson, at: str) -> None:
        if self._left.get(person) == at:
            del self._left[person]

    def _note_elsewhere(self, person: OwnPerson, gate: str, at: str) -> None:
        others = tuple(w for w in self._elsewhere.get(person, ()) if w[0] != gate)
        self._elsewhere[person] = (*others, (gate, at))

    def _forget_elsewhere(self, person: OwnPerson, gate: str) -> None:
        others = tuple(w for w in self._elsewhere[person] if w[0] != gate)
        if others:
            self._elsewhere[person] = others
        else:
            del self._elsewhere[person]
