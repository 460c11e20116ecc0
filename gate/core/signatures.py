"""Signatures under a case: whose, for which verdict, and how many it takes. Pure values.

Two people compare a doubtful candidate with the papers, and both sign. Which signature counts for
which verdict is a rule of the replay, so a restart knows the same.
"""

from dataclasses import dataclass

from gate.core.exam import Paper
from gate.core.reasons import Reason
from gate.core.records import JournalEvent
from gate.core.signer_names import are_two

ADMIT, DENY = "admit", "deny"
"""A verdict as requests and `signature` entries have it."""

USUAL = 2
"""Signatures under a doubtful case where its paper is not known."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's word on a case.

    `by`: staff id. `role`: `invigilator` or `chief`. `at`: RFC 3339, when it was recorded.
    """

    by: str
    role: str | None
    admit: bool
    note: str
    at: str

    @property
    def verdict(self) -> str:
        """`admit` or `deny`."""
        return ADMIT if self.admit else DENY


def wanted(paper: Paper | None, *, by_people: bool, has_staff: bool) -> int:
    """How many people sign a REFER. `by_people`: people alone say who the candidate is. One where
    the roster names no staff."""
    return asked_by(paper) if has_staff and by_people else 1


def is_by_people(facts: JournalEvent) -> bool:
    """Whether people alone say who this is: the face is in doubt, or it was declined. `facts`: of a
    REFER, whatever it is for, or of its verdict."""
    is_declined = facts.get("declined") or Reason.FACE_DECLINED.value in (
        facts.get("reason"),
        facts.get("referred"),
    )
    return bool(facts.get("doubtful") or is_declined)


def asked_by(paper: Paper | None) -> int:
    """How many people sign a doubtful case of `paper`."""
    return USUAL if paper is None else paper.signatures


def added(before: tuple[Signature, ...], new: Signature) -> tuple[Signature, ...]:
    """`before` with `new`. One for another verdict starts anew. A second one of the same person
    counts nothing."""
    if before and before[0].admit != new.admit:
        return (new,)
    return before if of_person(before, new.by) else (*before, new)


def of_person(signatures: tuple[Signature, ...], by: str) -> Signature | None:
    """The signature that is not of somebody else than `by`."""
    return next((s for s in signatures if not are_two(s.by, by)), None)
