"""What the screen before the candidate shows: one step, one sentence, room and seat. Pure.

The full name never comes here in words that leave: it is masked. Everything is written large by the
page, so there is little of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from gate.core import spoken_prompts
from gate.core.action_order import ActionStatus
from gate.core.entry_windows import WindowStatus
from gate.core.events import Instant
from gate.core.masked_name import masked_name
from gate.core.reasons import MEANING, Outcome, Reason
from gate.core.state import BUSY, Phase


class Step(StrEnum):
    """What the candidate is to do, or sees."""

    IDLE = "idle"
    LAY_CARD = "lay-card"
    LOOK = "look"
    ACTION = "action"
    RESULT = "result"
    OUT_OF_SERVICE = "out-of-service"


PROMPT: dict[Step, tuple[str, str]] = {
    Step.IDLE: ("现在不是入场时间", "Entry is not open now"),
    Step.LAY_CARD: ("请将身份证放在读卡区", "Lay your ID card on the reader"),
    Step.LOOK: ("请正视摄像头", "Look at the camera"),
    Step.ACTION: ("请按提示做动作", "Do what the screen says"),
    Step.RESULT: ("", ""),
    Step.OUT_OF_SERVICE: ("设备停用，请走人工通道", "Out of service: use the staffed lane"),
}
"""Chinese, English: said where the gate itself has no sentence for the moment."""

_SPOKEN_STEPS = {
    Step.LAY_CARD: spoken_prompts.LAY_CARD,
    Step.LOOK: spoken_prompts.LOOK,
    Step.OUT_OF_SERVICE: spoken_prompts.OUT_OF_SERVICE,
}

_NEVER_NAMED = frozenset(
    {Reason.STAFF_ADMIT, Reason.STAFF_DENY, Reason.CARD_UNREADABLE, Reason.OUT_OF_SERVICE}
)
"""About another candidate than the one at the reader, maybe, or about nobody."""


class ScreenWindow(TypedDict):
    """Entry to one paper: its times (RFC 3339), and the seconds to them, negative when past."""

    paper: str
    subject: str
    opens: str
    closes: str
    start: str
    opens_in_s: int
    closes_in_s: int


class ScreenFields(TypedDict):
    """What is added to the sentence of the lamps.

    `step`: of `Step`. `prompt_zh`, `prompt_en`: what to write in large type. `outcome`: ADMIT,
    REFER, REFUSE, or None while there is no result. `reason`: of that result. `name`: masked, ""
    for nobody. `room`, `seat`: where to sit. `site`, `when`: where to go instead, and at what time.
    `speech`: the recording to play, of `spoken_prompts.SPOKEN`, "" for none. `windows`: of the
    sitting.
    """

    step: str
    prompt_zh: str
    prompt_en: str
    outcome: str | None
    reason: str | None
    name: str
    room: str | None
    seat: str | None
    site: str | None
    when: str | None
    speech: str
    windows: list[ScreenWindow]


def candidate_screen(
    phase: Phase,
    showing: Mapping[str, object],
    action: ActionStatus | None,
    *,
    name: str,
    windows: Sequence[WindowStatus],
    now: Instant,
) -> ScreenFields:
    """The screen at `now`. `showing`: what the lamps show (`reason`, `zh`, `en`, `facts`). `name`:
    of whom the visit is, "" for nobody; it is masked here. `windows`: of `entry_windows`."""
    shown = [_window(w, now) for w in windows]
    reason = _reason(showing)
    step = _step(phase, reason, action, shown, now)
    zh, en = PROMPT[step]
    if action is not None and step is Step.ACTION:
        zh, en = action["zh"], action["en"]
    elif _is_said(step, reason):
        zh, en = str(showing.get("zh", "")) or zh, str(showing.get("en", "")) or en
    result = reason if step is Step.RESULT else None
    outcome = MEANING[result].outcome if result is not None else None
    facts = _facts(showing) if result is not None else {}
    told_when = facts.get("when") if outcome is Outcome.REFUSE else None
    is_named = step in (Step.LOOK, Step.ACTION) or (
        step is Step.RESULT and reason not in _NEVER_NAMED
    )
    return {
        "step": step.value,
        "prompt_zh": zh,
        "prompt_en": en,
        "outcome": outcome.value if outcome is not None else None,
        "reason": result.value if result is not None else None,
        "name": masked_name(name) if is_named else "",
        "room": facts.get("room"),
        "seat": facts.get("seat"),
        "site": facts.get("site"),
        "when": facts.get("time") or told_when,
        "speech": _speech(step, reason, _facts(showing), action),
        "windows": shown,
    }


def _speech(
    step: Step, reason: Reason | None, facts: Mapping[str, str], action: ActionStatus | None
) -> str:
    """Nobody is there to hear it while entry is not open."""
    if step is Step.ACTION and action is not None:
        return spoken_prompts.of_action(action)
    if reason is not None and _is_said(step, reason):
        return spoken_prompts.of_reason(reason, facts)
    return _SPOKEN_STEPS.get(step, "")


def _step(
    phase: Phase,
    reason: Reason | None,
    action: ActionStatus | None,
    windows: Sequence[ScreenWindow],
    now: Instant,
) -> Step:
    if phase is Phase.OUT_OF_SERVICE:
        return Step.OUT_OF_SERVICE
    if phase in BUSY:
        return Step.LOOK if action is None else Step.ACTION
    if phase is Phase.ASKING:
        return Step.LAY_CARD
    if reason is Reason.OUT_OF_SERVICE:
        return Step.OUT_OF_SERVICE
    if reason is not None:
        return Step.RESULT
    is_open = any(w["opens_in_s"] <= 0 <= w["closes_in_s"] for w in windows)
    return Step.LAY_CARD if is_open or not now.trusted else Step.IDLE


def _is_said(step: Step, reason: Reason | None) -> bool:
    """Whether the lamps' sentence belongs to this step, and is not left from somebody before."""
    if step is Step.LOOK:
        return reason is not None and reason is not Reason.CARD_UNREADABLE and _is_asked(reason)
    return step in (Step.RESULT, Step.LAY_CARD, Step.OUT_OF_SERVICE) and reason is not None


def _is_asked(reason: Reason) -> bool:
    return MEANING[reason].retried and not MEANING[reason].doubtful


def _reason(showing: Mapping[str, object]) -> Reason | None:
    said = showing.get("reason")
    return Reason(str(said)) if said else None


def _facts(showing: Mapping[str, object]) -> dict[str, str]:
    facts = showing.get("facts")
    return {str(k): str(v) for k, v in facts.items()} if isinstance(facts, Mapping) else {}


def _window(window: WindowStatus, now: Instant) -> ScreenWindow:
    def left_s(at: str) -> int:
        return int((datetime.fromisoformat(at) - now.at).total_seconds() // 1)

    return {
        "paper": window["paper"],
        "subject": window["subject"],
        "opens": window["opens"],
        "closes": window["closes"],
        "start": window["start"],
        "opens_in_s": left_s(window["opens"]),
        "closes_in_s": left_s(window["closes"]),
    }
