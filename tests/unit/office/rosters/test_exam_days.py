"""An exam's days: which papers, windows, rooms, overlaps and people with two papers at one time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gate.core.exam import Exam, Extension, Paper, Site
from office.rosters.exam_days import exam_days
from office.rosters.rows import CandidateRow

MORNING = datetime(2027, 4, 10, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def exam(*papers: Paper, extensions: tuple[Extension, ...] = ()) -> Exam:
    sites = (Site("wh-hs-01", "一考点"),)
    return Exam("hb-zk", "自考", "Asia/Shanghai", 30, sites, papers, extensions)


def paper(name: str, after_min: float = 0, length_min: float = 150, **rules: object) -> Paper:
    start = MORNING + timedelta(minutes=after_min)
    return Paper(name, name, start, start + timedelta(minutes=length_min), **rules)


def row(n: int, paper_id: str, room: str = "3") -> CandidateRow:
    return CandidateRow(n, f"A{n:03d}", f"{n:018d}", "测试", "wh-hs-01", paper_id, room, str(n))


def test_a_paper_stands_under_the_day_of_the_exams_own_zone() -> None:
    late = paper("late", after_min=14 * 60 + 30)  # 23:30 in Shanghai, ends on the next day
    next_day = paper("next", after_min=15 * 60 + 30)  # 00:30
    days = exam_days(exam(next_day, late))
    assert [(d.date, [p.paper.id for p in d.papers]) for d in days] == [
        ("2027-04-10", ["late"]),
        ("2027-04-11", ["next"]),
    ]


def test_papers_that_touch_do_not_overlap() -> None:
    found = exam_days(exam(paper("a"), paper("b", after_min=150), paper("c", after_min=149)))
    assert {p.paper.id: p.overlaps for p in found[0].papers} == {
        "a": ("c",),
        "b": ("c",),
        "c": ("a", "b"),
    }


def test_a_person_with_two_papers_at_one_time_is_named_at_both() -> None:
    rows = [row(1, "a"), row(1, "b", "4"), row(2, "a"), row(3, "b")]
    one, other = exam_days(exam(paper("a"), paper("b")), rows)[0].papers
    assert one.clashes == {"b": ("A001",)}
    assert other.clashes == {"a": ("A001",)}


def test_the_same_person_may_sit_papers_one_after_the_other() -> None:
    rows = [row(1, "a"), row(1, "b")]
    found = exam_days(exam(paper("a"), paper("b", after_min=150)), rows)
    assert all(not p.clashes for d in found for p in d.papers)


def test_an_extension_closes_its_room_later_in_any_spelling() -> None:
    longer = Extension("a", "第03考场", 40, "chief", "rain")
    rows = [row(1, "a", "3"), row(2, "a", "第3考场"), row(3, "a", "10"), row(4, "a", "2")]
    plan = exam_days(exam(paper("a"), extensions=(longer,)), rows)[0].papers[0]
    minutes = {r.name: r.window.closes_after_min for r in plan.rooms}
    assert minutes == {"2": 15, "3": 40, "10": 15}
    assert list(minutes) == ["2", "3", "10"]
    assert {r.name: r.candidates for r in plan.rooms} == {"2": 1, "3": 2, "10": 1}


def test_nobody_leaves_before_the_start_of_a_short_paper() -> None:
    plan = exam_days(exam(paper("a", length_min=20)))[0].papers[0]
    assert plan.leave_from == plan.paper.start


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 400)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 7)), max_size=30),
)
def test_every_paper_and_every_seat_is_counted_once(
    times: list[tuple[int, int]], seats: list[tuple[int, int]]
) -> None:
    papers = [paper(f"p{n}", after, length) for n, (after, length) in enumerate(times)]
    rows = [row(n, f"p{p}") for n, p in seats if p < len(papers)]
    plans = [p for d in exam_days(exam(*papers), rows) for p in d.papers]
    assert sorted(p.paper.id for p in plans) == sorted(p.id for p in papers)
    assert sum(p.candidates for p in plans) == len(rows)
    overlaps = {p.paper.id: p.overlaps for p in plans}
    assert all(one in overlaps[other] for one in overlaps for other in overlaps[one])
