"""What is said aloud to the candidate: one recording for each sentence of the screen. Pure.

A recording names nobody, no room and no time: it is made once, when the unit is built. What depends
on the candidate is said to stand on the screen.
"""

from collections.abc import Mapping

from gate.core.action_order import INSTRUCTION_TEXT, ActionStatus, Instruction
from gate.core.reasons import ADVICE_TEXT, CLOSED_PATH, CLOSED_PATH_TEXT, MEANING, Advice, Reason

LANGUAGES = ("zh", "en")

LAY_CARD, LOOK, OUT_OF_SERVICE = "lay-card", "look", "out-of-service"
_CLOSED_PATH = "closed-path"

_INSTEAD: dict[Reason, tuple[str, str]] = {
    Reason.OK: (
        "请入场，考场和座位请看屏幕",
        "Please enter. Room and seat are on the screen",
    ),
    Reason.TOO_EARLY: (
        "未到入场时间，请看屏幕",
        "Too early. The time of entry is on the screen",
    ),
    Reason.TOO_LATE: ("已停止入场，请联系监考员", "Entry has closed. See the invigilator"),
    Reason.WRONG_PAPER: (
        "您不参加本场考试，考试时间请看屏幕",
        "This is not your paper. Its time is on the screen",
    ),
    Reason.WRONG_SITE: (
        "您的考点不在这里，请看屏幕",
        "This is not your site. It is on the screen",
    ),
    Reason.WRONG_ROOM: (
        "您的考场不在这里，请看屏幕",
        "This is not your room. It is on the screen",
    ),
    Reason.TOO_EARLY_TO_LEAVE: (
        "未到离场时间，请看屏幕",
        "Too early to leave. The time is on the screen",
    ),
    Reason.FACE_POOR: ADVICE_TEXT[Advice.LOOK_STRAIGHT],
}
"""Of the reasons whose sentence holds something of the candidate."""


def _of_reason(reason: Reason) -> str:
    return reason.value.lower().replace("_", "-")


def _of_advice(advice: Advice) -> str:
    return f"advice-{advice.value}"


def _of_action(instruction: Instruction) -> str:
    return f"action-{instruction.value}"


_ADVICE = {a.value: _of_advice(a) for a in ADVICE_TEXT}

SPOKEN: Mapping[str, tuple[str, str]] = {
    LAY_CARD: ("请将身份证放在读卡区", "Lay your ID card on the reader"),
    LOOK: ("请正视摄像头", "Look at the camera"),
    **{_of_reason(r): _INSTEAD.get(r, (m.zh, m.en)) for r, m in MEANING.items()},
    **{_of_advice(a): words for a, words in ADVICE_TEXT.items()},
    **{_of_action(i): words for i, words in INSTRUCTION_TEXT.items()},
    _CLOSED_PATH: CLOSED_PATH_TEXT,
}
"""Name of a recording to its words, Chinese and English."""


def of_reason(reason: Reason, facts: Mapping[str, str]) -> str:
    """The recording of a result, or of what the candidate is asked to do better."""
    if CLOSED_PATH in facts:
        return _CLOSED_PATH
    if reason is Reason.FACE_POOR:
        return _ADVICE.get(facts.get("advice", ""), _of_reason(reason))
    return _of_reason(reason)


def of_action(action: ActionStatus) -> str:
    """The recording of what is to be done now; "" once the trial is over."""
    return "" if action["ending"] is not None else _of_action(Instruction(action["instruction"]))
