"""People who are let in, and corrections of that, in whatever order they come."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from office.board.admissions import Admissions
from office.board.board_counts import BoardCounts, Correction, Seen, correction_of
from tests.examples import examples

BODY = {
    "change": "correction",
    "key": "k",
    "was": "ADMIT",
    "was_at": "t1",
    "outcome": "REFUSE",
}
ENTRIES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(("g1", "g2")), st.sampled_from(("t1", "t2"))),
    max_size=6,
)


@examples(200)
@given(ENTRIES, ENTRIES, st.randoms(use_true_random=False))
def test_the_order_changes_nothing(
    let_in: list[tuple[str, str, str]], back: list[tuple[str, str, str]], shuffled: Random
) -> None:
    steps = [(True, *e) for e in let_in] + [(False, *e) for e in back]
    shuffled.shuffle(steps)
    people = Admissions()
    for is_in, who, gate, at in steps:
        (people.add if is_in else people.take_back)(who, (gate, at))
    assert len(people) == len({who for who, gate, at in set(let_in) - set(back)})


def test_what_a_correction_takes_back_is_no_admission() -> None:
    verdict = Seen("g", "s", "verdict", "e", "p", "ADMIT", "t1", "k")
    case = Seen("g", "s", "case", "e", "p", "REFUSE", "t2", None, correction=correction_of(BODY))
    again = case._replace(at="t3", correction=Correction("k", None, True))
    counts = BoardCounts()
    for events, people in (([verdict], 1), ([case], 0), ([again], 1)):
        counts.cases_moved = False
        counts.add(events)
        assert (counts.admitted_of("e", "p"), counts.cases_moved) == (people, True)


def test_only_a_correction_of_an_entry_takes_one_back() -> None:
    assert correction_of(BODY) == Correction("k", "t1", False)
    assert correction_of(BODY | {"was": "REFUSE", "outcome": "ADMIT"}) == Correction(
        "k", None, True
    )
    for other in ({"change": "machine-path-closed"}, {"at_exit": True}, {"key": 5}):
        assert correction_of(BODY | other) is None
