"""What the board counts and says, from rows to sentences."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from office.board.board_counts import BoardCounts, Correction, Seen
from office.board.completeness import light_of
from office.board.curve import Curve, curve_shape
from office.board.gate_state import gate_state
from office.board.metrics import METRICS, metrics_text
from office.board.overview import curve_of, gates_of, overview, papers_of, rooms_of
from office.board.shown_time import shown_time
from tests.checkout import ROOT

NOW = datetime(2027, 4, 10, 1, 0, tzinfo=UTC)
MINUTE = int(NOW.timestamp()) // 60 - 15
AT = "2027-04-10T08:45:10.000+08:00"
ADMIT = Seen("g1", "s1", "decision", "e", "p", "ADMIT", AT, "k1", MINUTE)


@pytest.mark.parametrize(
    ("quiet_s", "state"),
    [(0, "ready"), (90, "ready"), (91, "late"), (300, "late"), (301, "silent")],
)
def test_a_gate_is_known_by_when_it_was_heard(quiet_s: int, state: str) -> None:
    assert gate_state((NOW - timedelta(seconds=quiet_s)).isoformat(), NOW) == state


def test_a_gate_that_was_never_heard_or_heard_at_no_time() -> None:
    assert (gate_state(None, NOW), gate_state("x", NOW)) == ("never", "silent")


@pytest.mark.parametrize(
    ("verdicts", "light"),
    [
        ([], "grey"),
        (["complete"], "green"),
        (["complete", "missing"], "yellow"),
        (["complete", "unclaimed"], "yellow"),
        (["missing", "conflict"], "red"),
        (["broken"], "red"),
    ],
)
def test_the_light(verdicts: list[str], light: str) -> None:
    assert light_of({"verdict": v, "missing": 0} for v in verdicts)["light"] == light


def test_what_no_gate_has_counted_is_not_called_missing() -> None:
    rows = [{"verdict": v, "missing": 0} for v in ("complete", "unclaimed", "unclaimed")]
    assert light_of(rows)["en"] == (
        "1 of 3 journals are complete; of 2 the gate has not said how many events it has."
    )
    rows += [{"verdict": "missing", "missing": 7}]
    assert light_of(rows)["en"] == "1 of 4 journals are complete; 7 events are still to come."


def test_a_person_counts_once_and_at_each_paper() -> None:
    counts = BoardCounts()
    counts.add([ADMIT, ADMIT._replace(gate="g2"), ADMIT._replace(admitted="k2", site="s2")])
    counts.add([ADMIT._replace(paper="q")])
    assert (counts.admitted_of("e", "p"), counts.admitted_of("e", "p", "s1")) == (2, 1)
    assert counts.admitted_of("e", "q") == 1
    assert counts.arrivals["s1"][MINUTE] == 3


def test_sites_are_summed_by_area() -> None:
    enrolled = {"hb-a-g1": "hb-a", "hb-b-g1": "hb-b", "hb-b-g2": "hb-b", "gd-a-g1": "gd-a"}
    heard = {"gate": "hb-b-g1", "site": "hb-b", "last_seen": NOW.isoformat(), "unsent": 3}
    gates = gates_of([heard], enrolled, BoardCounts(), NOW)
    seen = overview(
        gates, completeness=[], alerts=[], cases=(0, 0), counts=BoardCounts(), expected={}
    )
    kept = ("area", "sites", "gates", "ready", "never", "unsent")
    assert [tuple(area[name] for name in kept) for area in seen["areas"]] == [
        ("gd", 1, 1, 0, 1, 0),
        ("hb", 2, 3, 1, 2, 3),
    ]


def test_each_room_has_its_own_count() -> None:
    counts = BoardCounts()
    referred = ADMIT._replace(outcome="REFER", admitted=None, seated=("k2", "02"))
    verdict = ADMIT._replace(kind="verdict", admitted="k2", minute=None)
    counts.add([verdict, ADMIT._replace(seated=("k1", "01")), referred])  # in any order
    counts.add([ADMIT._replace(admitted="k3"), ADMIT._replace(admitted="k4", site="s2")])
    expected = {"e": {"p": {"s1": {"01": 30, "03": 28}, "s2": {"01": 5}}}}
    rooms = rooms_of(counts, expected, "s1")
    assert [(r["room"], r["admitted"], r["expected"]) for r in rooms] == [
        ("", 1, None),
        ("01", 1, 30),
        ("02", 1, None),
        ("03", 0, 28),
    ]
    assert [p["expected"] for p in papers_of(counts, expected, "s1")] == [58]
    assert [p["expected"] for p in papers_of(counts, expected)] == [63]


def test_who_is_taken_back_leaves_the_room() -> None:
    counts = BoardCounts()
    counts.add([ADMIT._replace(seated=("k1", "01"))])
    taken = ADMIT._replace(kind="case", admitted=None, correction=Correction("k1", AT, False))
    counts.add([taken])
    assert counts.admitted_by_room("e", "p", "s1") == {}


def test_a_pause_is_as_wide_as_it_was_long() -> None:
    nine, china = int(NOW.timestamp()) // 60, timezone(timedelta(hours=8))
    minutes = {nine - 2: 4, nine + 1: 2, -(10**9): 1}
    curve = curve_of([minutes, {nine + 1: 1}], china)
    assert [(at[-5:], n) for at, n in curve] == [
        ("08:58", 4),
        ("08:59", 0),
        ("09:00", 0),
        ("09:01", 3),
    ]
    assert curve_of([{nine - 120: 1} | minutes]) == curve_of([minutes])
    shape = curve_shape(curve)
    assert shape.points == "0.0,0.0 200.0,120.0 400.0,120.0 600.0,30.0"
    assert (shape.first, shape.last, shape.most) == ("08:58", "09:01", 4)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2027-04-10T00:45:00.123+00:00", "2027-04-10 08:45:00"),
        ("2027-04-10T08:45:00+08:00", "2027-04-10 08:45:00"),
        ("2027-04-10T08:45:00", "2027-04-10T08:45:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("<b>", "<b>"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_times_are_those_of_the_office(text: str | None, shown: str) -> None:
    assert shown_time(text, timezone(timedelta(hours=8))) == shown


def test_no_arrival_draws_nothing() -> None:
    assert curve_shape(curve_of([{}])) == Curve()


def test_metrics_escape_what_gates_and_lists_say() -> None:
    counts = BoardCounts()
    counts.add([ADMIT._replace(paper='a"b\\c\nd')])
    gates = gates_of([], {"g1": "s1"}, counts, NOW)
    seen = overview(gates, completeness=[], alerts=[], cases=(2, 1), counts=counts, expected={})
    text = metrics_text(seen)
    assert 'exam_office_admitted{exam="e",paper="a\\"b\\\\c\\nd"} 1' in text
    assert 'exam_office_gates{state="never"} 1' in text
    assert "exam_office_cases_open 1" in text


def test_the_dashboard_asks_for_metrics_that_are_there() -> None:
    path = ROOT / "docs" / "examples" / "grafana-board.json"
    panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
    asked = {m for p in panels for q in p["targets"] for m in re.findall(r"exam_\w+", q["expr"])}
    assert asked <= METRICS.keys()
    assert len(panels) == len({panel["id"] for panel in panels}) > 0
