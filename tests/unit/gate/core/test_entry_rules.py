"""The rules before the face: the order of design.md, one row a case."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.card import DocumentKind, Expiry
from gate.core.entry_rules import rule
from gate.core.events import CandidateElsewhere, CandidateFound, CandidateUnknown
from gate.core.exam import Candidate, Extension, Paper
from gate.core.reasons import Reason, text
from tests.unit.gate.core.world import (
    AFTERNOON,
    ANNA,
    EXAM,
    MORNING,
    TOMORROW,
    at,
    candidate,
    exam_of,
    paper,
    shown,
)

NO_END = {"valid_to": Expiry.UNKNOWN}
EXPIRED = {"valid_to": date(2027, 4, 9)}
TOO_NEW = {"valid_from": date(2027, 4, 11)}
PM, BOTH = candidate("pm"), candidate("am", "pm")
IN_AM = {("am", "ab12")}


@pytest.mark.parametrize(
    ("who", "moment", "shows", "inside", "reason", "paper_id"),
    [
        # the window of the own paper
        (ANNA, at("08:29:59", milli=999), {}, set(), Reason.TOO_EARLY, "am"),
        (ANNA, at("08:30"), {}, set(), Reason.OK, "am"),
        (ANNA, at("09:14:59", milli=999), {}, set(), Reason.OK, "am"),
        (ANNA, at("09:15"), {}, set(), Reason.TOO_LATE, "am"),
        (ANNA, at("11:29:59", milli=999), {}, set(), Reason.TOO_LATE, "am"),
        # the paper of the sitting
        (PM, at("08:45"), {}, set(), Reason.WRONG_PAPER, "pm"),
        (PM, at("11:29:59", milli=999), {}, set(), Reason.WRONG_PAPER, "pm"),
        (PM, at("11:30"), {}, set(), Reason.TOO_EARLY, "pm"),
        (ANNA, at("14:30"), {}, set(), Reason.WRONG_PAPER, "am"),
        (BOTH, at("14:10"), {}, set(), Reason.OK, "pm"),
        (BOTH, at("14:10"), {}, IN_AM, Reason.OK, "pm"),
        (candidate("next"), at("08:45"), {}, set(), Reason.WRONG_PAPER, "next"),
        (candidate("next"), at("18:00"), {}, set(), Reason.TOO_EARLY, "next"),
        (candidate("next"), at("20:00", 11), {}, set(), Reason.TOO_LATE, "next"),
        (ANNA, at("20:00", 11), {}, set(), Reason.WRONG_PAPER, "am"),
        (candidate(), at("08:45"), {}, set(), Reason.NOT_ON_ROSTER, None),
        (candidate("unknown-paper"), at("08:45"), {}, set(), Reason.NOT_ON_ROSTER, None),
        # inside already, before the window is asked, until the paper ends
        (ANNA, at("08:45"), {}, IN_AM, Reason.ALREADY_ADMITTED, "am"),
        (ANNA, at("08:45"), {}, {("am", "other")}, Reason.OK, "am"),
        (ANNA, at("09:20"), {}, IN_AM, Reason.ALREADY_ADMITTED, "am"),
        (ANNA, at("11:29:59", milli=999), {}, IN_AM, Reason.ALREADY_ADMITTED, "am"),
        (ANNA, at("11:30"), {}, IN_AM, Reason.WRONG_PAPER, "am"),
        (BOTH, at("11:30"), {}, IN_AM, Reason.TOO_EARLY, "pm"),
        (candidate("next"), at("20:00", 11), {}, {("next", "ab12")}, Reason.TOO_LATE, "next"),
        # staff guessed a later paper while the clock was not trusted: today's is still to enter
        (BOTH, at("08:45"), {}, {("pm", "ab12")}, Reason.OK, "am"),
        # documents: the date first, then the paper, then the kind
        (ANNA, at("08:45"), EXPIRED, set(), Reason.DOCUMENT_EXPIRED, "am"),
        (ANNA, at("09:15"), EXPIRED, set(), Reason.DOCUMENT_EXPIRED, "am"),
        (ANNA, at("08:45"), EXPIRED, IN_AM, Reason.DOCUMENT_EXPIRED, "am"),
        (PM, at("08:45"), EXPIRED, set(), Reason.DOCUMENT_EXPIRED, None),
        (ANNA, at("08:45"), {"valid_to": date(2027, 4, 10)}, set(), Reason.OK, "am"),
        (ANNA, at("08:45"), TOO_NEW, set(), Reason.DOCUMENT_NOT_ACCEPTED, "am"),
        (ANNA, at("08:45", 11), TOO_NEW, set(), Reason.WRONG_PAPER, "am"),
        (ANNA, at("08:45"), NO_END, set(), Reason.DOCUMENT_NOT_ACCEPTED, "am"),
        (PM, at("08:45"), NO_END, set(), Reason.WRONG_PAPER, "pm"),
        (ANNA, at("08:45"), {"valid_to": Expiry.LONG_TERM}, set(), Reason.OK, "am"),
        # clock before everything but who it is
        (ANNA, at("08:45"), {"trusted": False}, set(), Reason.CLOCK_UNTRUSTED, "am"),
        (ANNA, at("09:15"), {"trusted": False}, set(), Reason.CLOCK_UNTRUSTED, "am"),
        (ANNA, at("08:45"), {"trusted": False, **EXPIRED}, set(), Reason.CLOCK_UNTRUSTED, "am"),
        (ANNA, at("14:30"), {"trusted": False}, IN_AM, Reason.ALREADY_ADMITTED, "am"),
        (BOTH, at("08:45"), {"trusted": False}, IN_AM, Reason.CLOCK_UNTRUSTED, "pm"),
        (candidate(), at("08:45"), {"trusted": False}, set(), Reason.NOT_ON_ROSTER, None),
        # no photo, where everything else would let the face decide
        (candidate("am", has_reference=False), at("08:45"), {}, set(), Reason.NO_REFERENCE, "am"),
        (candidate("am", has_reference=False), at("09:15"), {}, set(), Reason.TOO_LATE, "am"),
    ],
)
def test_order_of_the_rules(
    who: Candidate,
    moment: datetime,
    shows: dict[str, Any],
    inside: set[tuple[str, str]],
    reason: Reason,
    paper_id: str | None,
) -> None:
    ruling = rule(EXAM, CandidateFound(who), shown(moment, **shows), inside)
    assert (ruling.reason, ruling.paper and ruling.paper.id) == (reason, paper_id)
    assert (ruling.seat and ruling.seat.paper) == paper_id
    text(ruling.reason, ruling.facts)  # its sentence can be filled


@pytest.mark.parametrize(
    ("moment", "shows", "reason"),
    [
        (at("08:45"), {}, Reason.WRONG_SITE),
        (at("23:00"), {}, Reason.WRONG_SITE),
        (at("08:45"), EXPIRED, Reason.DOCUMENT_EXPIRED),
        (at("08:45"), {"trusted": False, **EXPIRED}, Reason.WRONG_SITE),
    ],
)
def test_another_site(moment: datetime, shows: dict[str, Any], reason: Reason) -> None:
    ruling = rule(EXAM, CandidateElsewhere("wh-hs-02", "ab"), shown(moment, **shows), set())
    assert ruling.reason is reason
    if reason is Reason.WRONG_SITE:
        assert text(reason, ruling.facts) == ("您的考点是：第二考点", "Your site is 第二考点")


@pytest.mark.parametrize(
    "answer", [CandidateFound(ANNA), CandidateFound(PM), CandidateElsewhere("wh-hs-02", "ab")]
)
def test_a_document_of_a_later_day_is_told_that_day(answer: Any) -> None:
    """It has not expired: tomorrow it is good."""
    ruling = rule(EXAM, answer, shown(at("08:45"), **TOO_NEW), set())
    assert ruling.reason is Reason.DOCUMENT_NOT_ACCEPTED
    assert text(ruling.reason, ruling.facts) == (
        "证件自2027-04-11起有效，请联系监考员",
        "Document valid only from 2027-04-11: see the invigilator",
    )


@pytest.mark.parametrize(
    ("here", "there", "moment", "inside", "reason"),
    [
        # the paper that is now is at the other site
        (("pm",), ("am",), at("08:45"), set(), Reason.WRONG_SITE),
        (("pm",), ("am",), at("11:29"), set(), Reason.WRONG_SITE),
        (("am",), ("pm",), at("11:35"), set(), Reason.WRONG_SITE),
        (("am",), ("pm",), at("14:10"), IN_AM, Reason.WRONG_SITE),
        (("next",), ("pm",), at("08:45"), set(), Reason.WRONG_SITE),
        # it is here
        (("am",), ("pm",), at("08:45"), set(), Reason.OK),
        (("am",), ("pm",), at("09:20"), set(), Reason.TOO_LATE),
        (("am",), ("pm",), at("09:20"), IN_AM, Reason.ALREADY_ADMITTED),
        (("pm",), ("am",), at("14:10"), set(), Reason.OK),
        (("pm",), ("next",), at("08:45"), set(), Reason.WRONG_PAPER),
        (("pm",), ("unknown",), at("08:45"), set(), Reason.WRONG_PAPER),
    ],
)
def test_papers_at_two_sites(
    here: tuple[str, ...],
    there: tuple[str, ...],
    moment: datetime,
    inside: set[tuple[str, str]],
    reason: Reason,
) -> None:
    elsewhere = tuple((p, "wh-hs-02") for p in there)
    who = replace(candidate(*here), elsewhere=elsewhere)
    ruling = rule(EXAM, CandidateFound(who), shown(moment), inside)
    assert ruling.reason is reason
    if reason is Reason.WRONG_SITE:
        assert ruling.facts == {"site": "第二考点"}


@pytest.mark.parametrize(
    ("moment", "site"),
    [(at("08:45"), "第一考点"), (at("14:10"), "第二考点"), (at("13:00"), "第二考点")],
)
def test_two_other_sites(moment: datetime, site: str) -> None:
    papers = (("am", "wh-hs-01"), ("pm", "wh-hs-02"))
    answer = CandidateElsewhere("wh-hs-01", "ab", papers)
    assert rule(EXAM, answer, shown(moment), set()).facts == {"site": site}


@pytest.mark.parametrize("shows", [{}, EXPIRED, {"trusted": False}])
def test_nobody_knows_this_card(shows: dict[str, Any]) -> None:
    ruling = rule(EXAM, CandidateUnknown("ab"), shown(at("08:45"), **shows), set())
    assert (ruling.reason, ruling.paper) == (Reason.NOT_ON_ROSTER, None)


def test_each_paper_accepts_its_own_documents() -> None:
    strict = paper("am", at("09:00"), at("11:30"), documents=frozenset({DocumentKind.RESIDENT}))
    exam = exam_of(strict, AFTERNOON)
    temporary = {"document": DocumentKind.TEMPORARY}

    def reason(moment: datetime) -> Reason:
        return rule(exam, CandidateFound(BOTH), shown(moment, **temporary), set()).reason

    assert reason(at("08:45")) is Reason.DOCUMENT_NOT_ACCEPTED
    assert reason(at("08:00")) is Reason.DOCUMENT_NOT_ACCEPTED
    assert reason(at("14:10")) is Reason.OK


REENTRY = paper("am", at("09:00"), at("11:30"), reentry=True)


@pytest.mark.parametrize(
    ("moment", "inside", "reason"),
    [
        (at("08:45"), IN_AM, Reason.OK),
        (at("10:00"), IN_AM, Reason.OK),
        (at("11:29:59", milli=999), IN_AM, Reason.OK),
        (at("11:30"), IN_AM, Reason.WRONG_PAPER),
        (at("08:29:59"), IN_AM, Reason.TOO_EARLY),
        (at("10:00"), set(), Reason.TOO_LATE),
        (at("10:00"), {("am", "other")}, Reason.TOO_LATE),
    ],
)
def test_reentry_is_a_field_of_the_paper(
    moment: datetime, inside: set[tuple[str, str]], reason: Reason
) -> None:
    exam = exam_of(REENTRY, AFTERNOON)
    assert rule(exam, CandidateFound(ANNA), shown(moment), inside).reason is reason


def test_reentry_without_a_trusted_clock_is_for_staff() -> None:
    untrusted = shown(at("10:00"), trusted=False)
    ruling = rule(exam_of(REENTRY), CandidateFound(ANNA), untrusted, IN_AM)
    assert ruling.reason is Reason.CLOCK_UNTRUSTED


@pytest.mark.parametrize(
    ("first", "moment", "paper_id", "reason"),
    [
        (MORNING, at("11:05"), "am", Reason.ALREADY_ADMITTED),
        (MORNING, at("11:30"), "noon", Reason.OK),
        (REENTRY, at("11:05"), "am", Reason.OK),
    ],
)
def test_inside_a_running_paper_at_the_window_of_the_next(
    first: Paper, moment: datetime, paper_id: str, reason: Reason
) -> None:
    """Admitted, one face would sit two papers at once; the running one is named."""
    exam = exam_of(first, paper("noon", at("11:30"), at("13:00")))
    ruling = rule(exam, CandidateFound(candidate("am", "noon")), shown(moment), IN_AM)
    assert (ruling.paper and ruling.paper.id, ruling.reason) == (paper_id, reason)


@pytest.mark.parametrize(
    ("moment", "inside", "paper_id", "reason"),
    [
        (at("10:40"), set(), "a", Reason.OK),
        (at("10:40"), {("a", "ab12")}, "a", Reason.ALREADY_ADMITTED),
        (at("10:40"), {("a", "ab12"), ("b", "ab12")}, "a", Reason.ALREADY_ADMITTED),
        (at("10:55"), {("b", "ab12")}, "b", Reason.ALREADY_ADMITTED),
        (at("11:29"), {("a", "ab12")}, "a", Reason.ALREADY_ADMITTED),
        (at("10:20"), {("a", "ab12")}, "a", Reason.ALREADY_ADMITTED),
    ],
)
def test_two_overlapping_papers_of_one_candidate(
    moment: datetime, inside: set[tuple[str, str]], paper_id: str, reason: Reason
) -> None:
    exam = exam_of(paper("a", at("10:30"), at("11:30")), paper("b", at("11:00"), at("12:00")))
    ruling = rule(exam, CandidateFound(candidate("b", "a")), shown(moment), inside)
    assert (ruling.paper and ruling.paper.id, ruling.reason) == (paper_id, reason)


def test_an_extension_for_a_room_lets_its_candidates_in() -> None:
    granted = Extension("am", "03", 25, "主考", "交通管制")
    exam = exam_of(MORNING, extensions=(granted,))
    other_room = exam_of(MORNING, extensions=(Extension("am", "04", 25, "主考", ""),))
    late = shown(at("09:24:59", milli=999))
    assert rule(exam, CandidateFound(ANNA), late, set()).reason is Reason.OK
    assert rule(other_room, CandidateFound(ANNA), late, set()).reason is Reason.TOO_LATE
    closed = rule(exam, CandidateFound(ANNA), shown(at("09:25")), set())
    assert text(closed.reason, closed.facts) == ("开考25分钟后不得入场", "Entry closed at 09:25")


@pytest.mark.parametrize(
    ("moment", "closes", "sentence"),
    [
        (at("08:29"), 15, ("未到入场时间，08:30开始入场", "Too early: entry opens at 08:30")),
        (
            at("20:00", 9),
            15,
            (
                "未到入场时间，2027-04-10 08:30开始入场",
                "Too early: entry opens at 2027-04-10 08:30",
            ),
        ),
        (at("09:15"), 15, ("开考15分钟后不得入场", "Entry closed at 09:15")),
        (at("08:45"), -15, ("开考前15分钟后不得入场", "Entry closed at 08:45")),
    ],
)
def test_times_are_those_of_the_wall_at_the_site(
    moment: datetime, closes: int, sentence: tuple[str, str]
) -> None:
    exam = exam_of(paper("am", at("09:00"), at("11:30"), closes_after_min=closes))
    from_utc = moment.astimezone(UTC)
    ruling = rule(exam, CandidateFound(ANNA), shown(from_utc), set())
    assert text(ruling.reason, ruling.facts) == sentence


def test_the_calendar_day_is_that_of_the_site() -> None:
    """00:10 at the site is still yesterday in UTC: a card that ended yesterday has expired."""
    night = exam_of(paper("am", at("00:30", 10), at("02:00", 10)))
    ended = shown(at("00:10").astimezone(UTC), valid_to=date(2027, 4, 9))
    assert rule(night, CandidateFound(ANNA), ended, set()).reason is Reason.DOCUMENT_EXPIRED


moments = st.integers(-24 * 60, 48 * 60).map(lambda m: at("00:00") + timedelta(minutes=m))
seats = st.lists(st.sampled_from(["am", "pm", "next"]), unique=True, max_size=3)


@given(seats, moments, st.booleans(), st.booleans(), st.sets(st.sampled_from(["am", "pm"])))
def test_ok_means_every_rule_holds(
    papers: list[str], moment: datetime, trusted: bool, valid: bool, entered: set[str]
) -> None:
    presented = shown(moment, trusted=trusted, **({} if valid else EXPIRED))
    inside = {(p, "ab12") for p in entered}
    ruling = rule(EXAM, CandidateFound(candidate(*papers)), presented, inside)
    open_own = [
        p.id
        for p in (MORNING, AFTERNOON, TOMORROW)
        if p.id in papers
        and p.start - timedelta(minutes=30) <= moment < p.start + timedelta(minutes=15)
        and p.id not in entered
    ]
    # EXPIRED ends on the 9th: on that day and before it is still valid.
    dated = valid or moment.date() <= date(2027, 4, 9)
    assert (ruling.reason is Reason.OK) == bool(open_own and trusted and dated)
    if ruling.reason is Reason.OK:
        assert ruling.paper
        assert ruling.paper.id in open_own
        assert ruling.facts == {"room": "03", "seat": "07"}
    text(ruling.reason, ruling.facts)


@pytest.mark.parametrize("end", [datetime.max, datetime.min])
def test_a_clock_at_the_end_of_the_calendar_still_gives_a_ruling(end: datetime) -> None:
    moment = end.replace(tzinfo=UTC)
    document = {"valid_from": None, "valid_to": Expiry.LONG_TERM}
    ruling = rule(EXAM, CandidateFound(ANNA), shown(moment, **document), set())
    assert ruling.reason is Reason.CLOCK_UNTRUSTED
