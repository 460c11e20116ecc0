"""The whole of one exam: is every gate's journal here, closed, and decided by the rules?

Reads each journal twice: once for what it proves, once to decide its decisions anew.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gate.core.exam import Exam
from gate.core.records import JournalEvent
from gate.core.replay import replay
from gate.core.rule_check import Checked, check_decisions
from gate.core.state import State
from gate.sync.proofs import Keys
from office.audit.exam_counts import ExamCounts, count_exam
from office.audit.findings import (
    DifferenceFound,
    DoubleFound,
    ExamFound,
    GateFound,
    JournalFound,
)
from office.audit.journal_audit import audit, is_whole
from office.audit.journal_lineage import link

if TYPE_CHECKING:
    from office.store.database import OfficeStore

Person = tuple[str, str]
"""Paper id and candidate key."""


@dataclass(frozen=True, slots=True)
class JournalAudited:
    """One journal of the exam. `entered`: whom this gate let in itself, and when."""

    gate: str
    epoch: str
    found: JournalFound
    counts: ExamCounts
    checked: Checked
    entered: dict[Person, str]
    tickets: dict[Person, str]

    @property
    def is_complete(self) -> bool:
        """Whole, closed, and no decision that the rules do not give. Of decisions whose exam
        description is not kept that is not known."""
        return is_whole(self.found) and self.counts.closed and not self.checked.differing

    @property
    def facts(self) -> GateFound:
        """As `audit --json` writes it."""
        found = self.found
        return {
            "gate": self.gate,
            "epoch": self.epoch,
            "events": found["events"],
            "first": found["first"],
            "high": found["high"],
            "last": found["last"],
            "head": found["head"],
            "closed": self.counts.closed,
            "closed_at": self.counts.closed_at,
            "missing": found["missing"],
            "conflicts": found["conflicts"],
            "whole": is_whole(found),
            "decisions": self.checked.decisions,
            "admitted": self.counts.admitted,
            "referred": self.counts.referred,
            "refused": self.counts.refused,
            "differing": len(self.checked.differing),
            "without_description": self.checked.unruled,
        }


@dataclass(frozen=True, slots=True)
class ExamAudited:
    """Every journal of `exam`. `absent`: gates with a roster of it of which nothing was received.
    `unused`: those of them of which somebody says that they were not in use."""

    exam: str
    journals: tuple[JournalAudited, ...]
    absent: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def verdict(self) -> Literal["complete", "unproven", "incomplete"]:
        """`incomplete`: something is missing, open or against the rules, a gate is absent, or there
        is no journal at all. `unproven`: nothing is, but exam descriptions are not kept that
        decisions went by."""
        if self.absent or not self.journals or not all(j.is_complete for j in self.journals):
            return "incomplete"
        return "unproven" if any(j.checked.unruled for j in self.journals) else "complete"

    @property
    def is_complete(self) -> bool:
        """Proven of every gate."""
        return self.verdict == "complete"

    @property
    def doubles(self) -> list[DoubleFound]:
        """Who stands as let in to one paper at more than one gate."""
        where: dict[Person, list[JournalAudited]] = {}
        for journal in self.journals:
            for person in journal.entered:
                where.setdefault(person, []).append(journal)
        return [
            {
                "paper": person[0],
                "ticket": there[0].tickets.get(person),
                "gates": [{"gate": j.gate, "at": j.entered[person]} for j in there],
            }
            for person, there in sorted(where.items())
            if len({j.gate for j in there}) > 1
        ]

    @property
    def facts(self) -> ExamFound:
        """As `audit --json` writes it (formats.md, Office)."""
        differing: list[DifferenceFound] = [
            {
                "gate": j.gate,
                "epoch": j.epoch,
                "seq": d.seq,
                "id": d.id,
                "recorded": d.recorded,
                "expected": d.expected,
            }
            for j in self.journals
            for d in j.checked.differing
        ]
        return {
            "exam": self.exam,
            "complete": self.is_complete,
            "verdict": self.verdict,
            "gates": [j.facts for j in self.journals],
            "absent": list(self.absent),
            "unused": list(self.unused),
            "doubles": self.doubles,
            "replay": {
                "decisions": sum(j.checked.decisions for j in self.journals),
                "differing": len(differing),
                "without_description": sum(j.checked.unruled for j in self.journals),
                "differences": differing,
            },
        }


def audit_exam(
    store: "OfficeStore",
    exam: str,
    keys: Callable[[str], Keys],
    office_public: bytes | None,
    exam_of: Callable[[str | None], Exam | None],
    *,
    expected: Collection[str] = (),
    unused: Collection[str] = (),
) -> ExamAudited:
    """Every journal that holds something of `exam`. `keys`: of a gate. `exam_of`: the description
    that a version of a roster holds. `expected`: gates of which there has to be a journal, but for
    those that are `unused`."""
    audited: list[JournalAudited] = []
    latest = {gate: of for of, _, gate, _ in store.gates()}
    by_gate: dict[str, list[str]] = {}
    for gate, epoch in store.journals():
        by_gate.setdefault(gate, []).append(epoch)
    for gate, epochs in by_gate.items():
        found = {e: audit(store, gate, e, keys(gate), office_public) for e in epochs}
        link(store, gate, found)
        for epoch, of_journal in found.items():
            one = _audited(store, exam, (gate, epoch), of_journal, exam_of)
            if one is not None or (latest.get(gate) == exam and epoch == epochs[-1]):
                audited.append(one or _empty((gate, epoch), of_journal))
    silent = sorted(set(expected) - {journal.gate for journal in audited})
    return ExamAudited(
        exam,
        tuple(audited),
        tuple(gate for gate in silent if gate not in unused),
        tuple(gate for gate in silent if gate in unused),
    )


def _audited(
    store: "OfficeStore",
    exam: str,
    place: tuple[str, str],
    found: JournalFound,
    exam_of: Callable[[str | None], Exam | None],
) -> JournalAudited | None:
    """None for a journal that holds nothing of `exam`."""
    if not any(event.get("exam") == exam for event in store.events(*place)):
        return None
    state = replay(State(), store.events(*place))
    own = {person: at for person, at in state.entered.items() if at and person not in state.gates}
    return JournalAudited(
        *place,
        found,
        count_exam(exam, store.events(*place)),
        check_decisions(_of_exam(exam, store.events(*place)), exam_of),
        own,
        _tickets(store.events(*place)),
    )


def _of_exam(exam: str, events: Iterable[JournalEvent]) -> Iterator[JournalEvent]:
    """Without the decisions of other exams; whatever else a journal says belongs to its memory."""
    return (e for e in events if e.get("kind") != "decision" or e.get("exam") == exam)


def _tickets(events: Iterable[JournalEvent]) -> dict[Person, str]:
    found: dict[Person, str] = {}
    for event in events:
        paper, key, ticket = event.get("paper"), event.get("key"), event.get("ticket")
        if paper and key and ticket:
            found[paper, key] = ticket
    return found


def _empty(place: tuple[str, str], found: JournalFound) -> JournalAudited:
    """A gate of the exam that has decided nothing yet."""
    return JournalAudited(*place, found, ExamCounts(), Checked(0, 0, ()), {}, {})
