"""Who declines the face check takes the staffed lane: papers are compared by people. Wired up in
admission.TABLE; visit.py and arrivals.py ask what was declined.

Staff say so for the candidate whose face is looked at, for the one whose card lies on the reader,
or when they type. A candidate who has said so before the exam has a flag. What the camera saw of
somebody who declines is not recorded.
"""

from dataclasses import replace

from gate.core.effects import EndAction, FindAgain
from gate.core.entry_rules import Ruling
from gate.core.events import FaceDeclined
from gate.core.exam import Candidate
from gate.core.reasons import Reason
from gate.core.state import BUSY, Phase, State, Step, Visit
from gate.errors import UsageError

FLAG = "face-declined"
"""As candidates.csv has it."""

_INSTEAD = frozenset({Reason.OK, Reason.NO_REFERENCE})
"""What the rules say before a face would be asked for."""


def declined(state: State, event: FaceDeclined) -> Step:
    """The candidate at the gate declines. UsageError where nobody is there who could."""
    if state.phase is Phase.MATCHING and state.visit is not None:
        visit = replace(state.visit, declined_by=event.by)
        return replace(state, visit=visit), (EndAction(),)
    card = state.card_left_lying
    if state.phase in BUSY or state.faults or card is None or state.waiting is not None:
        raise UsageError(
            "Nobody is here to decline: have the card laid down, or type the candidate.",
            "当前没有可走人工核验的考生：请放置身份证或输入考生信息。",
        )
    sought = replace(card, is_looked_for=True, declined_by=event.by)
    return replace(state, card_left_lying=sought), (FindAgain(),)


def of_card(state: State) -> str | None:
    """Who said so of the card that was sought again; None for any other one."""
    card = state.card_left_lying
    return card.declined_by if card is not None and card.is_looked_for else None


def ruled(ruling: Ruling, candidate: Candidate, visit: Visit) -> Ruling:
    """`ruling`, or FACE_DECLINED where it would ask for a face that is declined."""
    if not is_declined(candidate, visit) or ruling.paper is None or ruling.reason not in _INSTEAD:
        return ruling
    return replace(ruling, reason=Reason.FACE_DECLINED, facts={})


def is_declined(candidate: Candidate, visit: Visit) -> bool:
    """Whether no face is looked at: by the candidate's flag, or by a word at the gate."""
    return FLAG in candidate.flags or visit.declined_by is not None


def decided(visit: Visit) -> Visit:
    """The visit whose candidate declined while the face was looked at."""
    ruling = replace(visit.ruling, reason=Reason.FACE_DECLINED, facts={})
    return replace(visit, ruling=ruling, gravest=None, declined=True)
