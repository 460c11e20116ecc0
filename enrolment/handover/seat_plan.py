"""Seats for everybody who is registered: drawn, or taken from a list made by hand."""

from collections.abc import Mapping, Sequence

from enrolment.core.application import Application
from enrolment.core.events import SeatGiven
from enrolment.core.personal_data import PersonalData
from enrolment.core.review_transitions import data_of
from enrolment.core.round import Round
from enrolment.core.seating import Room, Sitter, seated
from gate.core.exam import Exam, Paper
from gate.errors import ConfigInvalid

Plan = dict[str, tuple[SeatGiven, ...]]
"""Application to its seats."""


def papers_of(of_round: Round, exam: Exam) -> dict[str, Paper]:
    """Subject to paper: of the same name, or with an id that begins with the subject's.
    ConfigInvalid for a subject without a paper, or with two."""
    found, faults = {}, []
    for subject in of_round.subjects:
        fitting = [
            p for p in exam.papers
            if p.subject == subject.name or p.id == subject.id or p.id.startswith(f"{subject.id}-")
        ]  # fmt: skip
        if len(fitting) == 1:
            found[subject.id] = fitting[0]
        else:
            faults.append(f"subject {subject.id} {subject.name}: {len(fitting)} papers fit it")
    if faults:
        raise ConfigInvalid.of(exam.id, faults)
    return found


def drawn_plan(
    people: Sequence[Application], papers: Mapping[str, Paper], rooms: Sequence[Room], seed: int
) -> Plan:
    """Seats by district. ConfigInvalid names each district and paper whose rooms do not suffice,
    and each candidate with two papers at one time."""
    faults = _clashes(people, papers)
    plan: Plan = {person.id: () for person in people}
    taken: list[tuple[Paper, str, str]] = []
    by_time = sorted({p.id: p for p in papers.values()}.values(), key=lambda p: (p.start, p.id))
    for paper in by_time:
        of_paper = [p for p in people if paper in _papers(data_of(p), papers)]
        for district in sorted({data_of(p).district for p in of_paper}):
            those = [p for p in of_paper if data_of(p).district == district]
            free = [r for r in rooms if r.district == district and _is_free(r, paper, taken)]
            sitters = [Sitter(p.ticket, data_of(p).school) for p in those]
            seats = seated(paper.id, sitters, free, seed)
            if seats is None:
                faults.append(
                    f"{district} {paper.id}: {len(those)} candidates, {sum(r.seats for r in free)} "
                    "seats; add rooms, so that nobody sits beside a person of the same school"
                )
                continue
            taken += [(paper, *room) for room in {(s.site, s.room) for s in seats.values()}]
            for person in those:
                plan[person.id] = (*plan[person.id], seats[person.ticket])
    if faults:
        raise ConfigInvalid.of("the seats", faults)
    return plan


def plan_by_hand(
    people: Sequence[Application],
    papers: Mapping[str, Paper],
    given: Mapping[tuple[str, str], SeatGiven],
) -> Plan:
    """Seats as a list says. ConfigInvalid names who lacks a seat, and rows that are nobody's."""
    faults: list[str] = []
    plan: Plan = {}
    used: set[tuple[str, str]] = set()
    for person in people:
        wanted = [(person.ticket, p.id) for p in _papers(data_of(person), papers)]
        faults += [f"{' '.join(key)}: no seat" for key in wanted if key not in given]
        plan[person.id] = tuple(given[key] for key in wanted if key in given)
        used |= set(wanted)
    faults += [f"{' '.join(key)}: nobody is registered for it" for key in sorted(set(given) - used)]
    if faults:
        raise ConfigInvalid.of("the assignment", faults)
    return plan


def _papers(data: PersonalData, papers: Mapping[str, Paper]) -> list[Paper]:
    return [papers[subject] for subject in data.subjects if subject in papers]


def _clashes(people: Sequence[Application], papers: Mapping[str, Paper]) -> list[str]:
    faults = []
    for person in people:
        own = _papers(data_of(person), papers)
        if any(_overlap(a, b) for a in own for b in own if a.id < b.id):
            faults.append(f"{person.ticket}: two papers at one time; staff must settle it")
    return faults


def _is_free(room: Room, paper: Paper, taken: Sequence[tuple[Paper, str, str]]) -> bool:
    return not any(
        (site, name) == (room.site, room.room) and _overlap(other, paper)
        for other, site, name in taken
    )


def _overlap(a: Paper, b: Paper) -> bool:
    return a.start < b.end and b.start < a.end
