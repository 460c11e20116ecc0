"""The demo's data agree with each other, and its eyes tell rhythms apart."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import cast, ending, judge, lamps, load, pictures, privacy, processes
from demo.judge import Seen
from demo.lamps import Change
from demo.schedule import RHYTHMS, STALL_S, TONES, Schedule
from demo.watch import Shown
from gate.core.card import number_fault
from gate.core.reasons import MEANING, Reason
from tests.examples import examples

PEOPLE = cast.people()
ROWS = cast.rows(PEOPLE)
AT_GATES = [row for row in ROWS if not row.is_at_board]
PINNED = {pin.name for package in pictures.packages() for pin in package.pins}
TONE_NAMES = {
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


@pytest.mark.parametrize("row", AT_GATES, ids=lambda r: f"{r.number}-{r.expect.reason}")
def test_expectations_follow_the_table_of_reasons(row: cast.Row) -> None:
    for expect in filter(None, (row.expect, row.expect.then)):
        meaning = MEANING[Reason(expect.reason)]
        assert expect.outcome == (meaning.outcome.value if meaning.outcome else None)
        assert expect.lamps == str(meaning.pattern)
        assert expect.buzzer == TONE_NAMES[meaning.pattern.tone]
        assert expect.barrier == (expect.outcome == "ADMIT")


def test_the_script_shows_what_a_morning_must() -> None:
    shown = {row.expect.reason for row in AT_GATES} | {
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
        "WRONG_ROOM",
        "LEFT_ALREADY",
        "TOO_EARLY_TO_LEAVE",
        "PAPERS_CHECK",
        "FACE_DECLINED",
    }
    assert len(ROWS) >= 40
    assert {row.at for row in AT_GATES} == {1, 2, 3}, "two gates of one site, one of another"
    assert [row.entered_at for row in ROWS if row.entered_at], "entered at the other gate"


def test_the_board_shows_what_an_office_asks() -> None:
    """Each state of the second site, an alert that is taken, a green light. In this order."""
    steps = [step for row in ROWS if row.is_at_board for step in row.steps]
    seen = [place for step in steps for place in step.more.get("shows", {})]
    assert [p for p in seen if p.startswith("site-wh-hs-02 ")] == [
        f"site-wh-hs-02 {state}" for state in ("never", "late", "ready")
    ]
    assert [step.argument for step in steps if step.verb == "take"] == ["second-admission"]
    assert steps[-1].more["shows"]["completeness"] == "light=green"
    for step in steps:
        assert step.verb in ("board", "take", "gate", "await"), "nobody is at a gate"


def test_expected_on_the_board_is_what_the_cast_has() -> None:
    for step in (step for row in ROWS for step in row.steps if step.verb == "board"):
        site = step.argument.removeprefix("/sites/")
        for place, text in step.more["shows"].items():
            if place.startswith("paper-") and place.endswith(" expected"):
                paper = place.removeprefix("paper-").split()[0]
                here = [p for p in PEOPLE.values() if p.site == site and p.paper == paper]
                assert text == str(len(here))


@pytest.mark.parametrize(
    "written",
    [
        "演示甲".encode(),
        "演示甲".encode("utf-16-le"),
        "演示甲".encode("gb18030"),
        b"%E6%BC%94%E7%A4%BA%E7%94%B2",
        rb"\u6f14\u793a\u7532",
    ],
)
def test_a_name_is_found_however_it_is_written(written: bytes) -> None:
    places = [("a log", b"before " + written + b" after"), ("another", b"nothing here")]
    assert list(privacy.found(places, ["演示甲"])) == [("a log", "演示甲")]


def of(output: str, *spans: tuple[float, float]) -> list[Change]:
    """An output that is on from the first to the second moment of each span."""
    return [Change(at, output, on) for a, b in spans for at, on in ((a, True), (b, False))]


def blink(lit: float, dark: list[float], until: float = 3.0) -> list[Change]:
    """A red lamp that is lit for `lit` and dark for each of `dark` in turn."""
    changes, at, turn = [], 0.0, 0
    while at < until:
        changes += of("red", (at, at + lit))
        at += lit + dark[turn % len(dark)]
        turn += 1
    return changes


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ([Change(0.0, "red", True)], "red:steady"),
        (of("red", (0.0, 3.0)), "red:steady"),
        (blink(0.5, [0.5]), "red:slow"),
        (blink(0.125, [0.125]), "red:fast"),
        (blink(0.125, [0.125, 0.625]), "red:double"),
        (blink(0.25, [0.25]), "red:odd"),
        (blink(0.125, [0.125, 0.125, 0.625]), "red:odd"),
        ([], ""),
    ],
)
def test_rhythms_are_told_from_level_changes(changes: list[Change], label: str) -> None:
    assert lamps.shown([c for c in changes if c.at_s < 3.0], 0.0, 3.0).lamps == label
    if changes:
        assert lamps.shown([c for c in changes if c.at_s <= 3.0], 0.0, 9.0).lamps == label, "over"


def test_a_rhythm_is_not_guessed_before_it_can_be_told() -> None:
    assert lamps.shown([Change(0.0, "red", True)], 0.0, 0.7).lamps is None
    assert lamps.shown(blink(0.125, [0.125], until=0.3), 0.0, 0.5).lamps is None
    assert lamps.shown(of("red", (0.0, 0.5)), 0.0, 0.6).lamps is None, "one flash is no rhythm"


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([], "none"),
        ([(0, 0.15)], "one short"),
        ([(0, 0.15), (0.35, 0.5)], "two short"),
        ([(0, 0.6)], "one long"),
        ([(0, 0.6), (0.8, 1.4)], "two long"),
        ([(0, 0.6), (0.8, 1.4), (1.6, 2.2), (6.0, 6.6)], "three long"),
        ([(0, 0.15), (0.35, 0.95)], "odd"),
        ([(0, 0.15), (0.35, 0.5), (0.7, 0.85)], "odd"),
        ([(-0.1, 0.02), (0.1, 0.7)], "one long"),
    ],
)
def test_tones_are_told_by_their_schedule(spans: list[tuple[float, float]], said: str) -> None:
    assert lamps.shown(of("buzzer", *spans), 0.0, 9.0).buzzer == said


def test_more_tones_may_still_come() -> None:
    assert lamps.shown(of("buzzer", (0, 0.6)), 0.0, 0.9).buzzer is None
    assert lamps.shown([Change(0.0, "buzzer", True)], 0.0, 0.5).buzzer is None


# -- a busy machine ------------------------------------------------------------------------------


def recorded(schedule: Schedule, output: str, late: list[float], until: float) -> list[Change]:
    """What the gate's thread does by an absolute schedule, if its n-th waking is late by `late[n]`.

    It puts up what is due by then, so that a span it slept through is missing.
    """
    due = schedule.edges(until)
    changes: list[Change] = []
    on, n, at = False, 0, 0.0
    while n < len(due):
        at = max(at, due[n][0]) + late[n % len(late)]
        passed = [edge for edge in due if edge[0] <= at]
        if at <= until and passed[-1][1] is not on:
            on = passed[-1][1]
            changes.append(Change(at, output, on))
        n = len(passed)
    return changes


LATE = st.lists(st.floats(0.0, 0.12), min_size=1, max_size=40)
"""An edge after another, so late that none is left out."""


@st.composite
def stalls(draw: st.DrawFn) -> list[float]:
    """Wakings that are late by 60 ms at most, and one of 40 by up to the longest stall. Not the
    first: `show` itself puts up the first step."""
    late = draw(st.lists(st.floats(0.0, 0.06), min_size=40, max_size=40))
    late[draw(st.integers(1, 20))] = draw(st.floats(0.0, STALL_S))
    return late


@given(st.sampled_from(RHYTHMS), LATE, st.floats(0.0, 0.3), st.floats(0.0, 3.2))
@examples(300)
def test_late_edges_of_a_rhythm_are_never_told_as_another(
    rhythm: Schedule, late: list[float], begins: float, looked: float
) -> None:
    """At whatever moment somebody looks."""
    changes = [
        Change(round(c.at_s + begins, 3), "red", c.on) for c in recorded(rhythm, "red", late, 3.2)
    ]
    told = lamps.shown([c for c in changes if c.at_s <= looked], 0.0, looked).lamps
    assert told in (None, "", f"red:{rhythm.name}")
    if looked >= 2.0:
        assert told == f"red:{rhythm.name}"


@given(st.sampled_from(RHYTHMS), stalls(), st.floats(0.0, 5.0))
@examples(300)
def test_a_stall_now_and_then_is_never_told_as_another(
    rhythm: Schedule, late: list[float], looked: float
) -> None:
    changes = [c for c in recorded(rhythm, "red", late, 5.0) if c.at_s <= looked]
    assert lamps.shown(changes, 0.0, looked).lamps in (
        None,
        "",
        "red:odd",
        f"red:{rhythm.name}",
    )


@given(st.sampled_from(TONES[1:]), LATE, st.floats(0.0, 5.0))
@examples(300)
def test_late_edges_of_a_tone_are_never_told_as_another(
    tone: Schedule, late: list[float], looked: float
) -> None:
    changes = [c for c in recorded(tone, "buzzer", late, 5.0) if c.at_s <= looked]
    assert lamps.shown(changes, 0.0, looked).buzzer in (None, "odd", tone.name)


@given(st.sampled_from(RHYTHMS[1:]), LATE)
@examples(100)
def test_lateness_is_measured_against_the_schedule(rhythm: Schedule, late: list[float]) -> None:
    """The first edge is where the schedule is taken to begin."""
    late = [0.0, *late]
    changes = recorded(rhythm, "red", late, 3.0)
    told = lamps.shown(changes, 0.0, 3.0)
    due = [at for at, _ in rhythm.edges(3.0)]
    assert told.late_s == pytest.approx(
        [c.at_s - at for c, at in zip(changes, due, strict=False)], abs=1e-6
    )


def test_a_flash_that_is_missing_is_counted() -> None:
    """Asleep from 0.25 to 0.45 s: one flash of a fast rhythm never was."""
    changes = [c for c in blink(0.125, [0.125]) if not 0.2 < c.at_s < 0.4]
    told = lamps.shown(changes, 0.0, 2.9)
    assert (told.lamps, told.skipped) == ("red:fast", 1)


def test_what_was_shown_before_may_go_on_until_the_pattern_changes() -> None:
    """The verdict's record takes a while on a busy disk; the yellow lamp blinks on meanwhile."""
    yellow = [Change(round(n * 0.125 - 2.0, 3), "yellow", n % 2 == 0) for n in range(21)]
    yellow.append(Change(0.55, "yellow", False))
    red = [Change(c.at_s + 0.55, "red", c.on) for c in blink(0.5, [0.5], until=2.0)]
    changes = [*yellow, *red, *of("buzzer", (0.55, 1.15))]
    told = lamps.shown(sorted(changes, key=lambda c: c.at_s), 0.0, 2.5)
    assert (told.lamps, told.buzzer) == ("red:slow", "one long")


def test_what_was_dark_before_must_begin_right() -> None:
    """A flash too much before the pattern is no left-over of another."""
    red = [Change(c.at_s + 0.6, "red", c.on) for c in blink(0.5, [0.5], until=2.0)]
    assert lamps.shown([*of("red", (0.1, 0.3)), *red], 0.0, 2.5).lamps == "red:odd"


def test_a_lamp_that_was_lit_already_is_told_from_where_the_tone_begins() -> None:
    yellow = [
        Change(-1.0, "yellow", True),
        *[Change(0.3 + n * 0.125, "yellow", n % 2 == 0) for n in range(1, 20)],
    ]
    changes = sorted([*yellow, *of("buzzer", (0.3, 0.9), (1.1, 1.7))], key=lambda c: c.at_s)
    told = lamps.shown(changes, 0.0, 2.6)
    assert (told.lamps, told.buzzer) == ("yellow:fast", "two long")


def test_asking_again_is_a_short_tone_under_a_yellow_lamp() -> None:
    yellow = [Change(0.0, "yellow", True), Change(5.0, "yellow", False)]
    asked = [*of("buzzer", (0.0, 0.15), (1.5, 1.65), (6.0, 6.15)), *yellow]
    assert lamps.asked(asked, -0.01, 9.0) == 2
    assert lamps.asked(of("buzzer", (0.0, 0.15)), -0.01, 9.0) == 0


def test_the_barrier_counts_only_since_the_cut() -> None:
    moved = [Change(0.0, "barrier", True), Change(5.0, "barrier", False)]
    assert lamps.opened(moved, 0.0)
    assert not lamps.opened(moved, 4.0)


def test_what_was_lit_before_the_cut_is_no_rhythm_of_its_own() -> None:
    before = [Change(-1.0, "yellow", True), Change(0.02, "yellow", False)]
    assert lamps.shown([*before, Change(0.02, "green", True)], 0.0, 1.0).lamps == "green:steady"
    assert lamps.shown(before, 0.0, 1.0).lamps == ""


def test_lateness_is_a_figure_of_its_own() -> None:
    shown = Shown("red:fast", "one long", False, (0.0, 0.004, 0.05), 1)
    seen = Seen(ROWS[0], shown=shown, then_shown=Shown("red:slow", "one long", False, (0.002,)))
    assert ending.lateness([seen, Seen(ROWS[1])]) == {
        "edges": 4,
        "median_ms": 3.0,
        "worst_ms": 50.0,
        "missing_flashes": 1,
    }
    assert ending.lateness([])["worst_ms"] is None


def test_a_late_row_is_as_expected() -> None:
    """Lateness is told, and is no difference."""
    row = ROWS[0]
    shown = Shown(row.expect.lamps, row.expect.buzzer, row.expect.barrier, (0.2,), 1)
    assert shown.is_as(row.expect)
    assert not replace(shown, lamps="red:odd").is_as(row.expect)


@pytest.mark.system
def test_the_load_turns_and_writes_until_it_is_left(tmp_path: Path) -> None:
    with load.under_load(tmp_path / "load") as crew:
        pids = [crew.pid(f"loop-{n}") for n in range(load.LOOPS)]
        pids += [crew.pid(f"writer-{n}") for n in range(load.WRITERS)]
        crew.until("writer-0", (tmp_path / "load" / "0.bin").exists, 60)
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize(
    ("attempt", "asked", "or_later", "right"),
    [(2, 1, True, True), (3, 2, True, True), (3, 1, True, False), (1, 0, True, False),
     (2, 1, False, True), (3, 2, False, False)],
)  # fmt: skip
def test_a_further_attempt_will_do_where_the_row_says_so(
    attempt: int, asked: int, or_later: bool, right: bool
) -> None:
    row = next(row for row in ROWS if row.expect.or_later)
    row = replace(row, expect=replace(row.expect, or_later=or_later))
    seen = Seen(row, decision={"attempt": attempt}, asked=asked)
    judge.judge(seen, PEOPLE[row.card], Path("none"), ("g1", "g2"))
    assert right is not any(w.startswith(("attempt", "asked again")) for w in seen.wrong)


def test_a_command_that_hangs_has_failed() -> None:
    """In words, and the demo goes on to its end: logs are kept, disks and processes are not."""
    with pytest.raises(processes.CommandFailed, match=r"did not end within 0\.1 s"):
        processes.run(sys.executable, "-c", "import time; time.sleep(60)", timeout_s=0.1)
