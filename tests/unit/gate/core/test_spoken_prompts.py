"""Each sentence of the candidate's screen has a recording, and none tells of a person."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.candidate_screen import PROMPT, ScreenFields, Step
from gate.core.reasons import ADVICE_TEXT, CLOSED_PATH, MEANING, Advice, Reason
from gate.core.spoken_prompts import LAY_CARD, LOOK, SPOKEN, of_reason
from gate.core.state import Phase
from tests.unit.gate.core.test_candidate_screen import OPENS, TURN, shown


@pytest.mark.parametrize("name", SPOKEN)
def test_a_recording_is_the_same_for_everybody(name: str) -> None:
    """No placeholder, no digit: neither room nor time is spoken, and the name is one of a file."""
    assert re.fullmatch(r"[a-z][a-z-]{1,40}", name)
    for words in SPOKEN[name]:
        assert words
        assert not re.search(r"[{}\d]", words)


def test_what_is_spoken_is_what_the_screen_says() -> None:
    assert SPOKEN[LAY_CARD] == PROMPT[Step.LAY_CARD]
    assert SPOKEN[LOOK] == PROMPT[Step.LOOK]
    for reason, meaning in MEANING.items():
        if "{" not in meaning.zh + meaning.en:
            assert SPOKEN[of_reason(reason, {})] == (meaning.zh, meaning.en)
    for advice, words in ADVICE_TEXT.items():
        assert SPOKEN[of_reason(Reason.FACE_POOR, {"advice": advice.value})] == words


@given(
    st.sampled_from(Phase),
    st.one_of(st.none(), st.sampled_from(Reason)),
    st.sampled_from([None, TURN, {**TURN, "ending": "done"}]),
    st.fixed_dictionaries(
        {},
        optional={
            "advice": st.sampled_from([*(a.value for a in Advice), "other"]),
            CLOSED_PATH: st.just("yes"),
        },
    ),
)
def test_whatever_the_screen_shows_is_spoken_or_silent(
    phase: Phase, reason: Reason | None, action: object, facts: dict[str, str]
) -> None:
    screen: ScreenFields = shown(phase, reason, facts, action=action)  # type: ignore[arg-type]
    assert screen["speech"] in {*SPOKEN, ""}
    if screen["step"] in (Step.LAY_CARD, Step.LOOK, Step.RESULT, Step.OUT_OF_SERVICE):
        assert screen["speech"]


@pytest.mark.parametrize(
    ("phase", "reason", "facts", "speech"),
    [
        (Phase.IDLE, None, {}, "lay-card"),
        (Phase.MATCHING, None, {}, "look"),
        (Phase.MATCHING, Reason.FACE_POOR, {"advice": "remove-mask"}, "advice-remove-mask"),
        (Phase.MATCHING, Reason.FACE_MISMATCH, {}, "look"),
        (Phase.SHOWING, Reason.OK, {"room": "03", "seat": "07"}, "ok"),
        (Phase.SHOWING, Reason.FACE_MISMATCH, {CLOSED_PATH: "yes"}, "closed-path"),
        (Phase.ASKING, Reason.CARD_UNREADABLE, {}, "card-unreadable"),
        (Phase.OUT_OF_SERVICE, Reason.OUT_OF_SERVICE, {}, "out-of-service"),
    ],
)
def test_what_is_said_when(
    phase: Phase, reason: Reason | None, facts: dict[str, str], speech: str
) -> None:
    assert shown(phase, reason, facts)["speech"] == speech


def test_an_action_is_told_and_its_end_is_not() -> None:
    assert shown(Phase.MATCHING, action=TURN)["speech"] == "action-turn-left"
    assert shown(Phase.MATCHING, action={**TURN, "ending": "done"})["speech"] == ""


def test_nobody_is_spoken_to_before_the_entry() -> None:
    early = shown(Phase.IDLE, at=OPENS.replace(hour=5))
    assert (early["step"], early["speech"]) == (Step.IDLE, "")
