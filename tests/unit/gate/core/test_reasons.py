"""The table of reasons, literally as the contract with outside tools has it."""

import string

import pytest

from gate.core.reasons import (
    ADVICE_TEXT,
    ASK_AGAIN,
    FACE_REASONS,
    IDLE,
    MEANING,
    Advice,
    Lamp,
    Outcome,
    Reason,
    Rhythm,
    Tone,
    text,
)

TABLE = """
OK | ADMIT | green:steady | 3.0 | one-short | 请入场：{room}考场 {seat}号 | Please enter: room {room}, seat {seat}
TOO_EARLY | REFUSE | red:slow | 3.0 | one-long | 未到入场时间，{time}开始入场 | Too early: entry opens at {time}
TOO_LATE | REFUSE | red:slow | 3.0 | one-long | 开考{minutes}分钟后不得入场 | Entry closed at {time}
WRONG_PAPER | REFUSE | red:double | 3.0 | one-long | 您不参加本场考试，您的考试时间：{when} | Your paper is at {when}
WRONG_SITE | REFUSE | red:double | 3.0 | one-long | 您的考点是：{site} | Your site is {site}
NOT_ON_ROSTER | REFUSE | red:fast | 3.0 | one-long | 未查到考生信息，请联系监考员 | Not on the roster
ALREADY_ADMITTED | REFER | yellow:fast | None | two-long | 该考生已入场 | This card has already entered
DOCUMENT_EXPIRED | REFER | yellow:slow | None | two-short | 证件已过期，请联系监考员 | Document expired: see the invigilator
DOCUMENT_NOT_ACCEPTED | REFER | yellow:slow | None | two-short | 此证件不可用于入场 | This document is not accepted
CARD_UNREADABLE | again, then REFER | yellow:slow | None | two-short | 请重新放置身份证 | Lay the card again
NO_FACE | again, then REFER | yellow:double | None | two-short | 请正对摄像头 | Face the camera
SEVERAL_FACES | again, then REFER | yellow:double | None | two-short | 请逐一通过 | One person at a time
FACE_POOR | again, then REFER | yellow:double | None | two-short | {advice} | {advice}
FACE_MISMATCH | again, then REFER, doubtful | yellow:fast | None | two-long | 人脸比对未通过，请联系监考员 | Face not matched: see the invigilator
LIVENESS_FAILED | again, then REFER, doubtful | yellow:fast | None | two-long | 活体检测未通过，请联系监考员 | Liveness not confirmed: see the invigilator
NO_REFERENCE | REFER | yellow:slow | None | two-short | 无准考证相片，请人工核验 | No ticket photo: manual check
FACE_DECLINED | REFER | yellow:slow | None | two-short | 请走人工核验通道 | Please take the staffed lane
CLOCK_UNTRUSTED | REFER | yellow:slow | None | two-short | 时钟未校准，请监考员确认时间 | Clock not trusted: invigilator decides the time
WRONG_ROOM | REFUSE | red:double | 3.0 | one-long | 您的考场是：{room}考场 | Your room is {room}
LEFT_ALREADY | REFUSE | red:double | 3.0 | one-long | 已交卷离场，不得再次入场 | Has left: no way back in
TOO_EARLY_TO_LEAVE | REFER | yellow:slow | None | two-short | {time}前不得交卷离场 | No leaving before {time}
PAPERS_CHECK | REFER | yellow:slow | None | two-short | 材料需人工核查，请联系监考员 | Papers: see the invigilator
STAFF_ADMIT | ADMIT | green:steady | 3.0 | one-short | 监考员放行 | Admitted by staff
STAFF_DENY | REFUSE | red:slow | 3.0 | one-long | 监考员未予放行 | Refused by staff
OUT_OF_SERVICE | none | red:slow yellow:slow green:slow | None | three-long repeated | 设备停用，请走人工通道 | Out of service: use the staffed lane
"""  # noqa: E501 - one line a reason, as the contract prints it


def line(reason: Reason) -> str:
    meaning = MEANING[reason]
    outcome = meaning.outcome.value if meaning.outcome else "none"
    again = "again, then " if meaning.retried else ""
    doubtful = ", doubtful" if meaning.doubtful else ""
    tone = f"{meaning.pattern.tone}{' repeated' if meaning.pattern.tone_repeats else ''}"
    cells = [
        reason.value, f"{again}{outcome}{doubtful}", str(meaning.pattern),
        str(meaning.pattern.hold_s), tone, meaning.zh, meaning.en,
    ]  # fmt: skip
    return " | ".join(cells)


def test_the_table_of_the_contract() -> None:
    assert [line(r) for r in Reason] == TABLE.strip().splitlines()
    assert list(MEANING) == list(Reason)


def test_every_way_in_is_named() -> None:
    assert {r for r, m in MEANING.items() if m.outcome is Outcome.ADMIT} == {
        Reason.OK,
        Reason.STAFF_ADMIT,
    }


def test_green_alone_only_for_admit() -> None:
    for meaning in MEANING.values():
        alone = meaning.pattern.lamps == (Lamp.GREEN,)
        assert alone == (meaning.outcome is Outcome.ADMIT)


def test_classes_of_reasons_differ_without_colour() -> None:
    """Lamp position aside, a refer and a refuse of one rhythm still sound differently."""
    looks = {
        (m.outcome, m.pattern.rhythm, m.pattern.tone)
        for r, m in MEANING.items()
        if m.outcome in (Outcome.REFER, Outcome.REFUSE)
    }
    tones = {o: {t for oo, _, t in looks if oo is o} for o in (Outcome.REFER, Outcome.REFUSE)}
    assert not tones[Outcome.REFER] & tones[Outcome.REFUSE]


def test_face_reasons() -> None:
    assert {r.value for r in FACE_REASONS} == {
        "NO_FACE", "SEVERAL_FACES", "FACE_POOR", "FACE_MISMATCH", "LIVENESS_FAILED",
    }  # fmt: skip


def test_idle_and_asking_again() -> None:
    assert (IDLE.labels(), IDLE.tone) == ((), Tone.NONE)
    assert (str(ASK_AGAIN), ASK_AGAIN.tone) == ("yellow:steady", Tone.ONE_SHORT)
    assert ASK_AGAIN.rhythm is Rhythm.STEADY


@pytest.mark.parametrize("reason", Reason)
def test_both_languages_take_the_same_kind_of_facts(reason: Reason) -> None:
    meaning = MEANING[reason]
    known = {"room", "seat", "time", "minutes", "when", "site", "advice"}
    for sentence in (meaning.zh, meaning.en):
        fields = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        assert fields <= known
    facts = dict.fromkeys(known - {"advice"}, "{room}%s{")
    if reason is Reason.FACE_POOR:
        facts = {"advice": "hold-still"}
    zh, en = text(reason, facts)
    assert zh
    assert en


@pytest.mark.parametrize("advice", Advice)
def test_advice_is_put_in_words(advice: Advice) -> None:
    assert text(Reason.FACE_POOR, {"advice": advice.value}) == ADVICE_TEXT[advice]
    assert all(ADVICE_TEXT[advice])
