"""What the candidate's screen shows at each moment."""

from datetime import datetime, timedelta

import pytest

from gate.core.action_order import ActionStatus
from gate.core.candidate_screen import ScreenFields, Step, candidate_screen
from gate.core.entry_windows import entry_windows
from gate.core.events import Instant
from gate.core.reasons import Reason
from gate.core.state import Phase
from tests.scenarios.fakes import EXAM, NINE

OPENS = NINE - timedelta(minutes=30)
TURN: ActionStatus = {
    "instruction": "turn-left", "zh": "左转", "en": "Turn left",
    "step": 1, "of": 2, "left_s": 6.0, "ending": None,
}  # fmt: skip


def shown(
    phase: Phase,
    reason: Reason | None = None,
    facts: dict[str, str] | None = None,
    at: datetime = NINE - timedelta(minutes=15),
    action: ActionStatus | None = None,
    trusted: bool = True,
) -> ScreenFields:
    now = Instant(at, 1, trusted)
    showing = {"reason": reason or "", "zh": "句", "en": "said", "facts": facts or {}}
    if reason is None:
        showing |= {"zh": "", "en": ""}
    return candidate_screen(
        phase, showing, action, name="张小三", windows=entry_windows(EXAM, now), now=now
    )


@pytest.mark.parametrize(
    ("at", "step"),
    [
        (OPENS - timedelta(seconds=1), Step.IDLE),
        (OPENS, Step.LAY_CARD),
        (NINE + timedelta(minutes=15), Step.LAY_CARD),
        (NINE + timedelta(minutes=15, seconds=1), Step.IDLE),
        (NINE + timedelta(hours=9), Step.IDLE),
    ],
)
def test_a_card_is_asked_for_while_entry_is_open(at: datetime, step: Step) -> None:
    assert shown(Phase.IDLE, at=at)["step"] == step


def test_the_idle_screen_counts_to_opening_and_close() -> None:
    (window,) = shown(Phase.IDLE, at=OPENS - timedelta(minutes=10))["windows"]
    assert (window["opens_in_s"], window["closes_in_s"]) == (600, 600 + 45 * 60)
    assert window["opens"] == OPENS.isoformat()


def test_without_a_trusted_clock_no_time_is_shown_and_a_card_is_asked_for() -> None:
    screen = shown(Phase.IDLE, trusted=False)
    assert (screen["step"], screen["windows"]) == (Step.LAY_CARD, [])


def test_who_is_let_in_reads_room_and_seat() -> None:
    screen = shown(Phase.SHOWING, Reason.OK, {"room": "012", "seat": "07"})
    assert (screen["step"], screen["outcome"]) == (Step.RESULT, "ADMIT")
    assert (screen["room"], screen["seat"], screen["name"]) == ("012", "07", "张*三")


@pytest.mark.parametrize(
    ("reason", "facts", "site", "when"),
    [
        (Reason.WRONG_SITE, {"site": "二考点"}, "二考点", None),
        (Reason.WRONG_PAPER, {"when": "14:30"}, None, "14:30"),
        (Reason.TOO_EARLY, {"time": "08:30"}, None, "08:30"),
        (Reason.ALREADY_ADMITTED, {"when": "08:31", "paper": "英语"}, None, None),
    ],
)
def test_where_to_go_and_when(
    reason: Reason, facts: dict[str, str], site: str | None, when: str | None
) -> None:
    screen = shown(Phase.SHOWING, reason, facts)
    assert (screen["site"], screen["when"]) == (site, when)


@pytest.mark.parametrize("reason", [Reason.STAFF_ADMIT, Reason.STAFF_DENY])
def test_a_verdict_names_nobody_because_another_candidate_may_be_at_the_reader(
    reason: Reason,
) -> None:
    assert shown(Phase.SHOWING, reason)["name"] == ""


def test_while_a_face_is_looked_at_no_older_sentence_stays() -> None:
    screen = shown(Phase.MATCHING, Reason.NOT_ON_ROSTER)
    assert (screen["step"], screen["prompt_zh"]) == (Step.LOOK, "请正视摄像头")
    assert screen["outcome"] is None
    again = shown(Phase.MATCHING, Reason.FACE_POOR)
    assert again["prompt_zh"] == "句"


def test_an_ordered_action_is_told() -> None:
    screen = shown(Phase.MATCHING, action=TURN)
    assert (screen["step"], screen["prompt_zh"]) == (Step.ACTION, "左转")


def test_a_card_that_did_not_read_is_asked_for_again() -> None:
    screen = shown(Phase.ASKING, Reason.CARD_UNREADABLE)
    assert (screen["step"], screen["prompt_zh"], screen["name"]) == (Step.LAY_CARD, "句", "")


@pytest.mark.parametrize("reason", [None, *Reason])
@pytest.mark.parametrize("phase", Phase)
def test_every_phase_and_reason_has_a_step_and_words(phase: Phase, reason: Reason | None) -> None:
    screen = shown(phase, reason)
    assert screen["step"] in list(Step)
    assert screen["prompt_zh"]
    assert screen["prompt_en"]
