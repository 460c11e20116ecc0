"""A correction is told to the gates of the site: who is taken back is inside at none of them."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gate.core.effects import RecordBeside
from gate.core.events import PeersHeard
from gate.core.peers import heard
from gate.core.replay import remember_event, replay
from gate.core.site_entries import IN, NOT_IN, NOT_OUT, OUT, SiteEntry, entry_of
from gate.core.state import State
from tests.examples import examples
from tests.unit.gate.core.test_case_signatures import admitted_by_two, commit_all, correct, sign
from tests.unit.gate.core.test_peers import entry, hear, lay
from tests.unit.gate.core.world import ANNA, BEN, EXAM, Gate, at

HER = ("am", ANNA.key)
GATES = ("s-g1", "s-g2", "s-g3")


def told(gate: Gate) -> list[SiteEntry]:
    return [e for event in gate.journal if (e := entry_of(event))]


def test_a_correction_is_told_with_the_time_that_it_takes_back() -> None:
    gate, case = admitted_by_two()
    (admitted,) = told(gate)
    gate.feed(correct(case, "i-1"))
    commit_all(gate)
    gate.feed(sign(case, "i-2"))
    commit_all(gate)
    assert told(gate) == [admitted, SiteEntry("am", ANNA.key, admitted.at, NOT_IN)]


def test_who_is_taken_back_at_another_gate_is_not_inside() -> None:
    gate = Gate()
    hear(gate, entry())
    assert HER in gate.state.inside
    hear(gate, entry(way=NOT_IN), to=2)
    assert HER not in gate.state.inside
    assert lay(gate) == "face"


def test_a_double_that_is_taken_back_is_none_any_more() -> None:
    gate = Gate().admit()
    assert hear(gate, entry()) == ["heard", "double"]
    assert hear(gate, entry(way=NOT_IN), to=2) == ["heard"]
    assert not gate.state.doubles
    assert HER in gate.state.inside


def test_what_came_and_went_before_it_was_told_is_no_double() -> None:
    gate = Gate().admit()
    assert hear(gate, entry(), entry(way=NOT_IN)) == ["heard"]
    assert hear(gate, entry("08:50"), entry("08:51"), to=4) == ["heard", "double"]


def test_a_leaving_that_is_taken_back_is_none() -> None:
    gate = Gate().admit()
    hear(gate, entry("11:05", OUT))
    assert HER in gate.state.left
    hear(gate, entry("11:05", NOT_OUT), to=2)
    assert HER not in gate.state.left
    assert HER in gate.state.inside


# -- any site --------------------------------------------------------------------------------------


class SiteGate:
    """A gate's memory and journal, without lane and card: what its journal says, and what it has
    heard."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State(exam=EXAM, faults=frozenset())
        self.journal: list[Any] = []
        self.told: list[SiteEntry] = []
        self.heard = dict.fromkeys(GATES, 0)
        self.standing: dict[str, tuple[str, str]] = {}

    def write(self, kind: str, minute: int, **body: Any) -> str:
        seq = len(self.journal) + 1
        event: Any = {
            "id": f"{self.name}-{seq}", "kind": kind, "epoch": "e", "clock": "trusted",
            "mono_ms": 1, "at": at(f"{8 + minute // 60:02d}:{minute % 60:02d}").isoformat(), **body,
        }  # fmt: skip
        self.journal.append(event)
        self.state = remember_event(self.state, event)
        if (entry := entry_of(event)) is not None:
            self.told.append(entry)
        return str(event["id"])

    def admit(self, key: str, minute: int) -> None:
        facts = {"paper": "am", "key": key, "doubtful": True, "by": "i-1", "second": "i-2"}
        case = f"case-{len(self.journal)}"
        self.write(
            "verdict", minute, decision=case, outcome="ADMIT", reason="STAFF_ADMIT",
            referred="FACE_MISMATCH", **facts,
        )  # fmt: skip
        self.standing[key] = case, str(self.journal[-1]["at"])

    def take_back(self, key: str, minute: int) -> None:
        if key not in self.standing:
            return
        case, was_at = self.standing.pop(key)
        self.write(
            "case", minute, case=case, change="correction", paper="am", key=key, was="ADMIT",
            was_at=was_at, outcome="REFUSE", doubtful=True, by="i-1", second="i-2",
        )  # fmt: skip

    def listen(self, other: "SiteGate", most: int, minute: int) -> None:
        first = self.heard[other.name]
        fresh = tuple(other.told[first : first + most])
        if not fresh:
            return
        self.heard[other.name] += len(fresh)
        event = PeersHeard(EXAM.id, other.name, "e", self.heard[other.name], fresh)
        for effect in heard(self.state, event)[1]:
            assert isinstance(effect, RecordBeside)
            self.write(effect.kind, minute, **dict(effect.body))


def _run(steps: list[tuple[str, int, int, int]]) -> dict[str, SiteGate]:
    """Each step: what, the gate, the other gate or the person, and how many entries are heard."""
    site = {name: SiteGate(name) for name in GATES}
    keys = [ANNA.key, BEN.key]
    for minute, (what, one, two, most) in enumerate(steps):
        gate = site[GATES[one]]
        if what == "admit":
            gate.admit(keys[two % 2], minute)
        elif what == "back":
            gate.take_back(keys[two % 2], minute)
        elif one != two:
            gate.listen(site[GATES[two]], most, minute)
    for gate in site.values():
        for other in site.values():
            if gate is not other:
                gate.listen(other, 10_000, len(steps))
    return site


_steps = st.lists(
    st.tuples(
        st.sampled_from(["admit", "back", "hear"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(1, 3),
    ),
    max_size=40,
)


@given(_steps)
@examples(200)
def test_all_gates_agree_on_who_is_inside_and_name_doubles_that_stand(
    steps: list[tuple[str, int, int, int]],
) -> None:
    site = _run(steps)
    for gate in site.values():
        for key in (ANNA.key, BEN.key):
            anywhere = {name for name, g in site.items() if key in g.standing}
            assert (("am", key) in gate.state.entered) is bool(anywhere), gate.name
            if gate.name in anywhere:
                assert ("am", key) not in gate.state.gates
            elif anywhere:
                assert gate.state.gates["am", key] in anywhere
            named = {g for _, k, g in gate.state.doubles if k == key}
            assert named <= (anywhere - {gate.name} if gate.name in anywhere else set())


@given(_steps)
@examples(100)
def test_a_restart_of_any_gate_knows_the_same(steps: list[tuple[str, int, int, int]]) -> None:
    compared: list[Callable[[State], object]] = [
        lambda s: s.entered, lambda s: s.gates, lambda s: s.elsewhere, lambda s: s.doubles,
    ]  # fmt: skip
    for gate in _run(steps).values():
        again = replay(State(), gate.journal)
        for what in compared:
            assert what(again) == what(gate.state)


def test_two_gates_that_let_in_one_person_both_name_the_double() -> None:
    site = _run([("admit", 0, 0, 1), ("admit", 1, 0, 1)])
    assert site["s-g1"].state.doubles == {("am", ANNA.key, "s-g2")}
    assert site["s-g2"].state.doubles == {("am", ANNA.key, "s-g1")}
    assert ("am", ANNA.key, "s-g1") not in site["s-g3"].state.doubles


def test_the_other_gate_still_counts_when_the_own_admission_is_taken_back() -> None:
    site = _run([("admit", 0, 0, 1), ("admit", 1, 0, 1), ("hear", 0, 1, 9), ("back", 0, 0, 1)])
    one = site["s-g1"].state
    assert one.gates == {HER: "s-g2"}
    assert not one.doubles
    assert site["s-g3"].state.gates == {HER: "s-g2"}
    assert IN not in {e.way for e in site["s-g1"].told[1:]}
