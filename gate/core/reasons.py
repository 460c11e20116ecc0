"""Why a candidate was let in, referred or refused, and how lamps and buzzer say so.

The table is the contract with outside tools; nothing else in the program knows a lamp.
"""

from dataclasses import dataclass
from enum import StrEnum

from gate.core.card import OddField


class Outcome(StrEnum):
    """ADMIT opens, REFER leaves the last word to staff, REFUSE is what exam data settle."""

    ADMIT = "ADMIT"
    REFER = "REFER"
    REFUSE = "REFUSE"


class Lamp(StrEnum):
    """The lamps of a gate."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


class Rhythm(StrEnum):
    """steady; slow 0.5 s on/off; fast 0.125 s on/off; double: two 0.125 s flashes a second."""

    STEADY = "steady"
    SLOW = "slow"
    FAST = "fast"
    DOUBLE = "double"


class Tone(StrEnum):
    """The buzzer's signals."""

    NONE = "none"
    ONE_SHORT = "one-short"
    TWO_SHORT = "two-short"
    ONE_LONG = "one-long"
    TWO_LONG = "two-long"
    THREE_LONG = "three-long"


class Reason(StrEnum):
    """Why a decision is as it is; the value stands in records."""

    OK = "OK"
    TOO_EARLY = "TOO_EARLY"
    TOO_LATE = "TOO_LATE"
    WRONG_PAPER = "WRONG_PAPER"
    WRONG_SITE = "WRONG_SITE"
    NOT_ON_ROSTER = "NOT_ON_ROSTER"
    ALREADY_ADMITTED = "ALREADY_ADMITTED"
    DOCUMENT_EXPIRED = "DOCUMENT_EXPIRED"
    DOCUMENT_NOT_ACCEPTED = "DOCUMENT_NOT_ACCEPTED"
    CARD_UNREADABLE = "CARD_UNREADABLE"
    NO_FACE = "NO_FACE"
    SEVERAL_FACES = "SEVERAL_FACES"
    FACE_POOR = "FACE_POOR"
    FACE_MISMATCH = "FACE_MISMATCH"
    LIVENESS_FAILED = "LIVENESS_FAILED"
    NO_REFERENCE = "NO_REFERENCE"
    FACE_DECLINED = "FACE_DECLINED"
    CLOCK_UNTRUSTED = "CLOCK_UNTRUSTED"
    WRONG_ROOM = "WRONG_ROOM"
    LEFT_ALREADY = "LEFT_ALREADY"
    TOO_EARLY_TO_LEAVE = "TOO_EARLY_TO_LEAVE"
    PAPERS_CHECK = "PAPERS_CHECK"
    STAFF_ADMIT = "STAFF_ADMIT"
    STAFF_DENY = "STAFF_DENY"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


class Advice(StrEnum):
    """What FACE_POOR tells the candidate to do."""

    COME_CLOSER = "come-closer"
    STEP_BACK = "step-back"
    LOOK_STRAIGHT = "look-straight"
    LOOK_UP = "look-up"
    HOLD_STILL = "hold-still"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    TURN_FROM_WINDOW = "turn-from-window"
    REMOVE_MASK = "remove-mask"
    REMOVE_HAT = "remove-hat"
    REMOVE_SUNGLASSES = "remove-sunglasses"
    SHOW_EYES = "show-eyes"
    UNCOVER_FACE = "uncover-face"


ADVICE_TEXT: dict[Advice, tuple[str, str]] = {
    Advice.COME_CLOSER: ("请靠近一些", "Come closer"),
    Advice.STEP_BACK: ("请后退一步", "Step back a little"),
    Advice.LOOK_STRAIGHT: ("请正视摄像头", "Look straight at the camera"),
    Advice.LOOK_UP: ("请抬头看摄像头", "Look up at the camera"),
    Advice.HOLD_STILL: ("请保持不动", "Hold still"),
    Advice.MORE_LIGHT: ("光线太暗，请面向亮处", "Too dark: face the light"),
    Advice.LESS_LIGHT: (
        "面部曝光过度，请避开阳光或强光", "The face is overexposed: step out of the sun"
    ),
    Advice.TURN_FROM_WINDOW: (
        "背后光线太强，请不要背对窗户", "The light is behind you: turn away from the window"
    ),
    Advice.REMOVE_MASK: ("请摘下口罩，露出口鼻", "Take off the mask: show nose and mouth"),
    Advice.REMOVE_HAT: ("请摘下帽子，露出额头", "Take off the hat: show the forehead"),
    Advice.REMOVE_SUNGLASSES: ("请摘下墨镜，露出眼睛", "Take off the sunglasses: show the eyes"),
    Advice.SHOW_EYES: ("请拨开头发，露出眼睛", "Lift the hair: show the eyes"),
    Advice.UNCOVER_FACE: (
        "请摘下口罩、帽子和墨镜，露出整张脸",
        "Take off mask, hat and sunglasses: show the whole face"
    ),
}  # fmt: skip


ODD_TEXT: dict[OddField, tuple[str, str]] = {
    OddField.TYPE: ("证件类型", "type of document"),
    OddField.NAME: ("姓名", "name"),
    OddField.BIRTH: ("出生日期", "date of birth"),
    OddField.SEX: ("性别", "sex"),
    OddField.ETHNIC: ("民族", "ethnic group"),
    OddField.NATIONALITY: ("国籍", "nationality"),
    OddField.VALID_FROM: ("有效期起始日期", "beginning of validity"),
    OddField.VALID_TO: ("有效期截止日期", "end of validity"),
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What lamps and buzzer do. `hold_s`: ends by itself after so long; None repeats until told."""

    lamps: tuple[Lamp, ...]
    rhythm: Rhythm
    tone: Tone
    hold_s: float | None
    tone_repeats: bool = False

    def __str__(self) -> str:
        return " ".join(f"{lamp}:{self.rhythm}" for lamp in self.lamps)

    def labels(self) -> tuple[str, ...]:
        """The `signals` field of a decision: one `lamp:rhythm` for each lamp."""
        return tuple(f"{lamp}:{self.rhythm}" for lamp in self.lamps)


SHOW_S = 3.0
"""How long ADMIT and REFUSE stay lit (formats.md, Reasons)."""

IDLE = Pattern((), Rhythm.STEADY, Tone.NONE, None)
ASK_AGAIN = Pattern((Lamp.YELLOW,), Rhythm.STEADY, Tone.ONE_SHORT, None)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason means at the lane: outcome, signal pattern and sentences."""

    outcome: Outcome | None
    pattern: Pattern
    zh: str
    en: str
    retried: bool = False
    """The gate asks for another try first, within the paper's attempts."""
    doubtful: bool = False
    """The candidate counts as doubtful (存疑) and an evidence picture is sealed."""


def _green() -> Pattern:
    return Pattern((Lamp.GREEN,), Rhythm.STEADY, Tone.ONE_SHORT, SHOW_S)


def _red(rhythm: Rhythm) -> Pattern:
    return Pattern((Lamp.RED,), rhythm, Tone.ONE_LONG, SHOW_S)


def _yellow(rhythm: Rhythm, tone: Tone) -> Pattern:
    return Pattern((Lamp.YELLOW,), rhythm, tone, None)


_ALL = (Lamp.RED, Lamp.YELLOW, Lamp.GREEN)
_FACE = _yellow(Rhythm.DOUBLE, Tone.TWO_SHORT)
_DOUBT = _yellow(Rhythm.FAST, Tone.TWO_LONG)
_PAPERWORK = _yellow(Rhythm.SLOW, Tone.TWO_SHORT)
_ADMIT, _REFER, _REFUSE = Outcome.ADMIT, Outcome.REFER, Outcome.REFUSE

MEANING: dict[Reason, Meaning] = {
    Reason.OK: Meaning(
        _ADMIT, _green(), "请入场：{room}考场 {seat}号", "Please enter: room {room}, seat {seat}"
    ),
    Reason.TOO_EARLY: Meaning(
        _REFUSE, _red(Rhythm.SLOW),
        "未到入场时间，{time}开始入场", "Too early: entry opens at {time}",
    ),
    Reason.TOO_LATE: Meaning(
        _REFUSE, _red(Rhythm.SLOW), "开考{minutes}分钟后不得入场", "Entry closed at {time}"
    ),
    Reason.WRONG_PAPER: Meaning(
        _REFUSE, _red(Rhythm.DOUBLE),
        "您不参加本场考试，您的考试时间：{when}", "Your paper is at {when}",
    ),
    Reason.WRONG_SITE: Meaning(
        _REFUSE, _red(Rhythm.DOUBLE), "您的考点是：{site}", "Your site is {site}"
    ),
    Reason.NOT_ON_ROSTER: Meaning(
        _REFUSE, _red(Rhythm.FAST), "未查到考生信息，请联系监考员", "Not on the roster"
    ),
    Reason.ALREADY_ADMITTED: Meaning(
        _REFER, _DOUBT, "该考生已入场", "This card has already entered"
    ),
    Reason.DOCUMENT_EXPIRED: Meaning(
        _REFER, _PAPERWORK, "证件已过期，请联系监考员", "Document expired: see the invigilator"
    ),
    Reason.DOCUMENT_NOT_ACCEPTED: Meaning(
        _REFER, _PAPERWORK, "此证件不可用于入场", "This document is not accepted"
    ),
    Reason.CARD_UNREADABLE: Meaning(
        _REFER, _PAPERWORK, "请重新放置身份证", "Lay the card again", retried=True
    ),
    Reason.NO_FACE: Meaning(_REFER, _FACE, "请正对摄像头", "Face the camera", retried=True),
    Reason.SEVERAL_FACES: Meaning(
        _REFER, _FACE, "请逐一通过", "One person at a time", retried=True
    ),
    Reason.FACE_POOR: Meaning(_REFER, _FACE, "{advice}", "{advice}", retried=True),
    Reason.FACE_MISMATCH: Meaning(
        _REFER, _DOUBT, "人脸比对未通过，请联系监考员", "Face not matched: see the invigilator",
        retried=True, doubtful=True,
    ),
    Reason.LIVENESS_FAILED: Meaning(
        _REFER, _DOUBT,
        "活体检测未通过，请联系监考员", "Liveness not confirmed: see the invigilator",
        retried=True, doubtful=True,
    ),
    Reason.NO_REFERENCE: Meaning(
        _REFER, _PAPERWORK, "无准考证相片，请人工核验", "No ticket photo: manual check"
    ),
    Reason.FACE_DECLINED: Meaning(
        _REFER, _PAPERWORK, "请走人工核验通道", "Please take the staffed lane"
    ),
    Reason.CLOCK_UNTRUSTED: Meaning(
        _REFER, _PAPERWORK, "时钟未校准，请监考员确认时间",
        "Clock not trusted: invigilator decides the time",
    ),
    Reason.WRONG_ROOM: Meaning(
        _REFUSE, _red(Rhythm.DOUBLE), "您的考场是：{room}考场", "Your room is {room}"
    ),
    Reason.LEFT_ALREADY: Meaning(
        _REFUSE, _red(Rhythm.DOUBLE),
        "已交卷离场，不得再次入场", "Has left: no way back in",
    ),
    Reason.TOO_EARLY_TO_LEAVE: Meaning(
        _REFER, _PAPERWORK, "{time}前不得交卷离场", "No leaving before {time}"
    ),
    Reason.PAPERS_CHECK: Meaning(
        _REFER, _PAPERWORK, "材料需人工核查，请联系监考员", "Papers: see the invigilator"
    ),
    Reason.STAFF_ADMIT: Meaning(_ADMIT, _green(), "监考员放行", "Admitted by staff"),
    Reason.STAFF_DENY: Meaning(_REFUSE, _red(Rhythm.SLOW), "监考员未予放行", "Refused by staff"),
    Reason.OUT_OF_SERVICE: Meaning(
        None, Pattern(_ALL, Rhythm.SLOW, Tone.THREE_LONG, None, tone_repeats=True),
        "设备停用，请走人工通道", "Out of service: use the staffed lane",
    ),
}  # fmt: skip

FACE_REASONS = frozenset(r for r, m in MEANING.items() if m.retried) - {Reason.CARD_UNREADABLE}
"""What an attempt at the face may end with, beside OK."""


CLOSED_PATH = "closed"
"""The fact that a face was not asked for, because the machine path is closed."""

LONGER = "longer"
"""The fact that the barrier stays open for a longer time."""

_LONGER = ("（闸门延时关闭，请慢行）", "; the barrier stays open longer")

CLOSED_PATH_TEXT = (
    "自动核验已关闭，请走人工核验通道",
    "The face is not checked again: please take the staffed lane",
)

_NOT_YET_VALID = (
    "证件自{valid_from}起有效，请联系监考员",
    "Document valid only from {valid_from}: see the invigilator",
)


def _of_fields(facts: dict[str, str]) -> tuple[str, str]:
    """What is wrong with a document's fields, to stand behind its sentence."""
    for key, zh, en in (
        ("odd", "（{}有误）", " ({} cannot be right)"),
        ("unsaid", "（未载明{}）", " ({} is not stated)"),
    ):
        names = [ODD_TEXT[OddField(field)] for field in facts.get(key, "").split()]
        if names:
            return zh.format("、".join(n[0] for n in names)), en.format(
                ", ".join(n[1] for n in names)
            )
    return "", ""


def text(reason: Reason, facts: dict[str, str]) -> tuple[str, str]:
    """The sentence for the candidate, (Chinese, English), with `facts` filled in.

    `facts` may hold `room`, `seat`, `time`, `minutes`, `when`, `site`, `paper`, `valid_from`,
    `advice`, `odd`, `unsaid`, `closed`, `gate`, `longer`. The advice is an `Advice`. Odd fields
    and blank ones are `OddField` values: all are put in words here. DOCUMENT_NOT_ACCEPTED has a
    sentence of its own for a document that is valid from a later day.
    """
    meaning = MEANING[reason]
    if reason is Reason.DOCUMENT_NOT_ACCEPTED and "valid_from" in facts:
        return _NOT_YET_VALID[0].format_map(facts), _NOT_YET_VALID[1].format_map(facts)
    if CLOSED_PATH in facts:
        return CLOSED_PATH_TEXT
    if LONGER in facts:
        zh, en = text(reason, {k: v for k, v in facts.items() if k != LONGER})
        return zh + _LONGER[0], en + _LONGER[1]
    if "advice" in facts:
        zh, en = ADVICE_TEXT[Advice(facts["advice"])]
        return meaning.zh.format(advice=zh), meaning.en.format(advice=en)
    zh, en = _of_fields(facts)
    if reason is Reason.ALREADY_ADMITTED and "gate" in facts:
        where = f"{facts['gate']}, {facts['when']}"
        zh, en = f"（{where}）", f" (gate {where})"
    return meaning.zh.format_map(facts) + zh, meaning.en.format_map(facts) + en
