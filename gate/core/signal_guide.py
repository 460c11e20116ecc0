"""What lamps and buzzer say, for the people who stand beside the gate: a row for each pattern.

The patterns and their reasons come from `reasons.MEANING`, so the guide cannot differ from what
the gate shows. Only what staff do then is written here.
"""

import re
from dataclasses import dataclass

from gate.core.reasons import ASK_AGAIN, MEANING, Lamp, Pattern, Reason, Rhythm, Tone

LAMP_TEXT: dict[Lamp, tuple[str, str]] = {
    Lamp.RED: ("红灯", "red"),
    Lamp.YELLOW: ("黄灯", "yellow"),
    Lamp.GREEN: ("绿灯", "green"),
}

RHYTHM_TEXT: dict[Rhythm, tuple[str, str]] = {
    Rhythm.STEADY: ("常亮", "steady"),
    Rhythm.SLOW: ("慢闪", "slow flashes"),
    Rhythm.FAST: ("快闪", "fast flashes"),
    Rhythm.DOUBLE: ("每秒连闪两下", "two flashes a second"),
}

TONE_TEXT: dict[Tone, tuple[str, str]] = {
    Tone.NONE: ("不响", "no sound"),
    Tone.ONE_SHORT: ("一短声", "one short beep"),
    Tone.TWO_SHORT: ("两短声", "two short beeps"),
    Tone.ONE_LONG: ("一长声", "one long beep"),
    Tone.TWO_LONG: ("两长声", "two long beeps"),
    Tone.THREE_LONG: ("三长声", "three long beeps"),
}

_YELLOW, _RED = (Lamp.YELLOW,), (Lamp.RED,)

STAFF_TEXT: dict[tuple[tuple[Lamp, ...], Rhythm], tuple[str, str]] = {
    ((Lamp.GREEN,), Rhythm.STEADY): (
        "放行，无需操作。",
        "Let the candidate pass. Nothing is to be done.",
    ),
    (_YELLOW, Rhythm.STEADY): (
        "请考生按提示再试一次。",
        "The candidate tries again, as the gate says.",
    ),
    (_YELLOW, Rhythm.DOUBLE): (
        "人脸未看清：请考生按提示再试；仍不行则由监考员核对证件与准考证相片。",
        "The face was not seen well. The candidate tries again as the gate says. If that does not "
        "help, compare card, ticket photo and face.",
    ),
    (_YELLOW, Rhythm.FAST): (
        "存疑：不得自行放行。核对证件、准考证相片与本人，由监考员决定并登记。",
        "Doubtful: nobody passes by themselves. Compare card, ticket photo and face; staff decide "
        "and say so at the gate.",
    ),
    (_YELLOW, Rhythm.SLOW): (
        "材料需人工核查：查看证件或名单后由监考员决定。",
        "Papers: look at the document or the list, then decide at the gate.",
    ),
    (_RED, Rhythm.SLOW): (
        "现在不能入场：把屏幕上的原因告诉考生。",
        "No entry now: tell the candidate the reason that is shown.",
    ),
    (_RED, Rhythm.DOUBLE): (
        "走错考点、考场或场次，或已离场：按屏幕上的提示指引考生。",
        "Wrong site, room or paper, or left already: the candidate goes where the sentence says.",
    ),
    (_RED, Rhythm.FAST): (
        "名单中没有此人：请考生到考务办公室。",
        "Not on the list: send the candidate to the office of the site.",
    ),
    (tuple(Lamp), Rhythm.SLOW): (
        "设备停用：改走人工通道并联系技术人员。",
        "Out of service: use the staffed lane and call for help.",
    ),
}
"""What staff do when they see lamps in a rhythm, (Chinese, English)."""

ASK_AGAIN_TEXT = "请再试一次", "Please try again"
ANY_ADVICE_TEXT = (
    "按提示做（靠近、正视、保持不动……）",
    "What the gate advises: come closer, look straight, hold still …",
)
_PLACEHOLDER = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class GuideRow:
    """One pattern. `reasons`: those that show it; none for the request to try again."""

    pattern: Pattern
    reasons: tuple[Reason, ...]

    @property
    def seen(self) -> tuple[str, str]:
        """What is seen and heard, (Chinese, English)."""
        pattern = self.pattern
        lamps = [LAMP_TEXT[lamp] for lamp in pattern.lamps]
        rhythm, tone = RHYTHM_TEXT[pattern.rhythm], TONE_TEXT[pattern.tone]
        return (
            f"{''.join(zh for zh, _ in lamps)}{rhythm[0]}，{tone[0]}",
            f"{', '.join(en for _, en in lamps)}: {rhythm[1]}; {tone[1]}",
        )

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """What the candidate is told, each reason (Chinese, English). What differs from one
        candidate to the next is left as …"""
        return tuple(map(_sentence, self.reasons)) or (ASK_AGAIN_TEXT,)

    @property
    def staff_do(self) -> tuple[str, str]:
        """What staff do, (Chinese, English)."""
        return STAFF_TEXT[self.pattern.lamps, self.pattern.rhythm]


def _sentence(reason: Reason) -> tuple[str, str]:
    meaning = MEANING[reason]
    if meaning.zh == "{advice}":
        return ANY_ADVICE_TEXT
    return _PLACEHOLDER.sub("…", meaning.zh), _PLACEHOLDER.sub("…", meaning.en)


def signal_guide() -> tuple[GuideRow, ...]:
    """Every pattern that a gate shows, in the order of the table of reasons."""
    found: dict[Pattern, list[Reason]] = {}
    for reason, meaning in MEANING.items():
        found.setdefault(meaning.pattern, []).append(reason)
    rows = [GuideRow(pattern, tuple(reasons)) for pattern, reasons in found.items()]
    return (rows[0], GuideRow(ASK_AGAIN, ()), *rows[1:])
