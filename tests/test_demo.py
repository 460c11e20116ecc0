"""The demo's data agree with each other, and its eyes tell rhythms apart."""

import re

import pytest

from demo import cast, lamps, pictures
from demo.lamps import Change
from gate.core.card import number_fault
from gate.core.reasons import MEANING, Reason

PEOPLE = cast.people()
ROWS = cast.rows(PEOPLE)
PINNED = {pin.name for package in pictures.packages() for pin in package.pins}
TONES = {
    "one-short": "one short",
    "two-short": "two short",
    "one-long": "one long",
    "two-long": "two long",
    "three-long": "three long",
}


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
def test_everybody_has_pinned_pictures_and_a_number_that_reads(person: cast.Person) -> None:
    assert set(person.live) <= PINNED
    assert person.number == "" or number_fault(person.number) is None
    if person.ticket:
        assert person.ticket_photo in PINNED
        assert person.ticket_photo not in person.live, "ticket and live picture must differ"


def test_tickets_numbers_and_seats_are_unique() -> None:
    enrolled = [p for p in PEOPLE.values() if p.ticket]
    for facts in (
        [p.ticket for p in enrolled],
        [p.number for p in enrolled],
        [(p.site, p.paper, p.room, p.seat) for p in enrolled],
    ):
        assert len(set(facts)) == len(facts)


def test_pictures_are_pinned_by_whole_hashes() -> None:
    for package in pictures.packages():
        assert "==" in package.requirement
        assert all(re.fullmatch(r"[0-9a-f]{64}", pin.sha256) for pin in package.pins)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.number}-{r.expect.reason}")
def test_expectations_follow_the_table_of_reasons(row: cast.Row) -> None:
    for expect in filter(None, (row.expect, row.expect.then)):
        meaning = MEANING[Reason(expect.reason)]
        assert expect.outcome == (meaning.outcome.value if meaning.outcome else None)
        assert expect.lamps == str(meaning.pattern)
        assert expect.buzzer == TONES[meaning.pattern.tone]
        assert expect.barrier == (expect.outcome == "ADMIT")


def test_the_script_shows_what_a_morning_must() -> None:
    shown = {row.expect.reason for row in ROWS} | {
        row.expect.then.reason for row in ROWS if row.expect.then
    }
    assert shown >= {
        "OK",
        "TOO_EARLY",
        "TOO_LATE",
        "WRONG_PAPER",
        "WRONG_SITE",
        "NOT_ON_ROSTER",
        "ALREADY_ADMITTED",
        "DOCUMENT_EXPIRED",
        "NO_FACE",
        "SEVERAL_FACES",
        "FACE_MISMATCH",
        "CLOCK_UNTRUSTED",
        "STAFF_ADMIT",
        "STAFF_DENY",
        "OUT_OF_SERVICE",
    }
    assert len(ROWS) >= 18


def blink(lit: float, dark: list[float], start: float = 0.0, until: float = 3.0) -> list[Change]:
    """A red lamp that is lit for `lit` and dark for each of `dark` in turn."""
    changes, at, turn = [], start, 0
    while at < until:
        changes += [Change(at, "red", True), Change(at + lit, "red", False)]
        at += lit + dark[turn % len(dark)]
        turn += 1
    return changes


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ([Change(0.0, "red", True)], "red:steady"),
        ([Change(0.0, "red", True), Change(3.0, "red", False)], "red:steady"),
        (blink(0.5, [0.5]), "red:slow"),
        (blink(0.125, [0.125]), "red:fast"),
        (blink(0.125, [0.125, 0.625]), "red:double"),
        (blink(0.125, [0.125, 0.625], start=-0.05), "red:double"),
        (blink(0.25, [0.25]), "red:odd"),
        (blink(0.125, [0.125, 0.125, 0.625]), "red:odd"),
        ([], ""),
    ],
)
def test_rhythms_are_told_from_level_changes(changes: list[Change], label: str) -> None:
    assert lamps.shown([c for c in changes if c.at_s < 3.0], 0.0, 3.0) == label


def test_a_rhythm_is_not_guessed_before_it_can_be_told() -> None:
    assert lamps.shown([Change(0.0, "red", True)], 0.0, 0.4) is None
    assert lamps.shown(blink(0.125, [0.125], until=0.3), 0.0, 0.5) is None


def beeps(*spans: tuple[float, float]) -> list[Change]:
    return [Change(at, "buzzer", on) for a, b in spans for at, on in ((a, True), (b, False))]


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([], "none"),
        ([(0, 0.15)], "one short"),
        ([(0, 0.15), (0.35, 0.5)], "two short"),
        ([(0, 0.6)], "one long"),
        ([(0, 0.6), (0.8, 1.4)], "two long"),
        ([(0, 0.6), (0.8, 1.4), (1.6, 2.2), (6.0, 6.6)], "three long"),
        ([(0, 0.15), (0.35, 0.95)], "two mixed"),
        ([(-0.1, 0.02), (0.1, 0.7)], "one long"),
    ],
)
def test_tones_are_counted_by_group(spans: list[tuple[float, float]], said: str) -> None:
    assert lamps.tones(beeps(*spans), 0.0, 9.0) == said


def test_a_group_of_tones_may_still_go_on() -> None:
    assert lamps.tones(beeps((0, 0.6)), 0.0, 0.9) is None
    assert lamps.tones([Change(0.0, "buzzer", True)], 0.0, 1.0) is None


def test_asking_again_is_a_short_tone_under_a_yellow_lamp() -> None:
    yellow = [Change(0.0, "yellow", True), Change(5.0, "yellow", False)]
    asked = [*beeps((0.0, 0.15), (1.5, 1.65), (6.0, 6.15)), *yellow]
    assert lamps.asked(asked, -0.01, 9.0) == 2
    assert lamps.asked(beeps((0.0, 0.15)), -0.01, 9.0) == 0


def test_the_barrier_counts_only_since_the_cut() -> None:
    moved = [Change(0.0, "barrier", True), Change(5.0, "barrier", False)]
    assert lamps.opened(moved, 0.0)
    assert not lamps.opened(moved, 4.0)


def test_what_was_lit_before_the_cut_is_no_rhythm_of_its_own() -> None:
    before = [Change(-1.0, "yellow", True), Change(0.02, "yellow", False)]
    assert lamps.shown([*before, Change(0.02, "green", True)], 0.0, 1.0) == "green:steady"
    assert lamps.shown(before, 0.0, 1.0) == ""
