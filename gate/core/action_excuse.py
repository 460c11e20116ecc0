"""The transition of a candidate whom staff excuse from the action. Wired up in admission.TABLE.

Who cannot turn the head or come closer is judged once by the layers that ask for nothing. An action
that is ordered meanwhile ends. It is the next attempt of the visit under way, one more where its
last one runs. Where no visit is under way it is the first attempt of the candidate whose REFER for
liveness is still at the lane.
"""

from dataclasses import replace

from gate.core.effects import EndAction, JournalNote, JudgeFace
from gate.core.events import ActionExcused
from gate.core.exam import LIVENESS, Paper
from gate.core.reasons import Reason
from gate.core.staff_verdict import AT_THE_DOOR_S, is_at_the_door
from gate.core.state import BUSY, Phase, State, Step, Visit
from gate.errors import UsageError

OFF, PASSIVE, _ = LIVENESS


def excused(state: State, event: ActionExcused) -> Step:
    """Notes who is excused, and by whom. UsageError where nobody is there to be excused."""
    visit = state.visit
    if state.phase is Phase.MATCHING and visit is not None and visit.key is not None:
        paper = visit.ruling.paper
        if paper is None or paper.face.liveness == OFF or visit.excused_attempt:
            raise _nobody()
        marked = replace(state, visit=replace(visit, excused_attempt=visit.attempt + 1))
        return marked, (_note(event, visit.ticket, visit.key, paper.id), EndAction())
    if state.phase in BUSY:
        raise _nobody()
    case = next((u for u in reversed(state.unsettled) if u.reason is Reason.LIVENESS_FAILED), None)
    key = None if case is None else case.facts["key"]
    if case is None or key is None or not is_at_the_door(case, event.at):
        raise _nobody()
    marked = replace(state, excused=(key, event.at.mono_ns))
    return marked, (_note(event, case.facts["ticket"], key, case.facts["paper"]),)


def first_look(state: State, visit: Visit, paper: Paper) -> tuple[State, JudgeFace]:
    """The first attempt at the face of `visit`; an excuse that was given for it is used up."""
    key, at_ns = state.excused or (None, 0)
    age_s = (visit.shown.found.mono_ns - at_ns) / 1e9
    is_excused = key is not None and key == visit.key and age_s < AT_THE_DOOR_S
    begun = replace(visit, attempt=1, excused_attempt=1 if is_excused else 0)
    matching = replace(state, phase=Phase.MATCHING, visit=begun, excused=None)
    return matching, look_at(begun, paper)


def look_at(visit: Visit, paper: Paper) -> JudgeFace:
    """The visit's attempt at the face, without the action where it is excused."""
    policy = paper.face
    if visit.attempt == visit.excused_attempt and policy.liveness != OFF:
        policy = replace(policy, liveness=PASSIVE, excused=True)
    return JudgeFace(policy, visit.attempt, visit.shown.found.mono_ns)


def _note(
    event: ActionExcused, ticket: str | None, key: str | None, paper: str | None
) -> JournalNote:
    return JournalNote("excused", {"by": event.by, "ticket": ticket, "key": key, "paper": paper})


def _nobody() -> UsageError:
    return UsageError(
        "Nobody to excuse: excuse a candidate while the face is looked at, or within two minutes "
        "after LIVENESS_FAILED.",
        "没有可免除动作的考生：请在人脸核验期间，或活体检测未通过后两分钟内操作。",
    )
