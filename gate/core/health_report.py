"""The notice and the health report that a paper may ask for: what is wanting, and what staff do.

The questions are data of the exam. Answers are health data: they come with the roster, sealed, or
are told by staff, and no record repeats them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NOTICE, HEALTH_REPORT = "notice", "health-report"
REQUIREMENTS = (NOTICE, HEALTH_REPORT)
"""What a paper may require (准考通知单, 健康申报表)."""

ANSWERS = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the health report.

    `concern`: the answer that staff must look at, one of `ANSWERS`. `standby`: whoever gives it
    goes to the standby room.
    """

    id: str
    zh: str
    en: str
    concern: str = "yes"
    standby: bool = False


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a candidate has shown or handed in.

    `notice`: whether the notice was. `health`: question id to answer, None where no report was.
    """

    notice: bool = False
    health: Mapping[str, str] | None = field(default=None, repr=False)


NOTHING = HandedIn()


class Wanting(StrEnum):
    """What staff have to look at, by remedy."""

    NOTICE = "notice"
    """No notice: it is to be shown."""
    HEALTH_REPORT = "health-report"
    """No report, or a question without an answer: it is to be filled in."""
    CONCERN = "concern"
    """An answer that asks for papers."""
    STANDBY = "standby"
    """An answer that leads to the standby room."""


def wanting(
    requires: Collection[str], questions: Iterable[Question], handed_in: HandedIn
) -> tuple[Wanting, ...]:
    """What keeps a candidate from entering by the machine, in the order of `Wanting`; empty where
    nothing does."""
    found: list[Wanting] = []
    if NOTICE in requires and not handed_in.notice:
        found.append(Wanting.NOTICE)
    if HEALTH_REPORT in requires:
        found += _of_report(questions, handed_in.health)
    return tuple(found)


def _of_report(
    questions: Iterable[Question], answers: Mapping[str, str] | None
) -> Iterable[Wanting]:
    asked = tuple(questions)
    if answers is None or any(q.id not in answers for q in asked):
        yield Wanting.HEALTH_REPORT
    concerns = [q for q in asked if (answers or {}).get(q.id) == q.concern]
    if any(not q.standby for q in concerns):
        yield Wanting.CONCERN
    if any(q.standby for q in concerns):
        yield Wanting.STANDBY


def looked_through(
    questions: Collection[Question],
    before: HandedIn,
    shown: Collection[str],
    answers: Mapping[str, str],
) -> HandedIn:
    """`before` after staff have looked. `shown`: of `REQUIREMENTS`. `answers`: what staff read or
    were told, by question.

    A report that was shown is in order where `answers` say nothing else. Only an answer takes back
    one that leads to the standby room.
    """
    health = None if before.health is None else dict(before.health)
    if HEALTH_REPORT in shown:
        kept = {q.id for q in questions if q.standby and (health or {}).get(q.id) == q.concern}
        health = {q.id: q.concern if q.id in kept else _other(q.concern) for q in questions}
    if answers:
        health = {**(health or {}), **answers}
    return HandedIn(before.notice or NOTICE in shown, health)


def _other(answer: str) -> str:
    return ANSWERS[1 - ANSWERS.index(answer)]


_TO_DO = {
    Wanting.NOTICE: ("查验准考通知单", "look at the exam notice"),
    Wanting.HEALTH_REPORT: ("请考生填写健康申报表", "have the health report filled in"),
    Wanting.CONCERN: ("健康申报有需核查项，请查验证明材料", "look at the papers for an answer"),
    Wanting.STANDBY: ("有症状，请引导至{room}", "symptoms: lead the candidate to {room}"),
}
_ANY_ROOM = ("备用隔离考场", "the standby room")


def what_to_do(found: Iterable[Wanting], standby_room: str) -> tuple[str, str]:
    """What staff do about it, in one sentence (Chinese, English). It names no answer."""
    rooms = (standby_room or _ANY_ROOM[0], standby_room or _ANY_ROOM[1])
    zh, en = ([_TO_DO[w][n].format(room=rooms[n]) for w in found] for n in (0, 1))
    said = ", and ".join(en)
    return "；".join(zh) + "。", said[:1].upper() + said[1:] + "."
