"""What the checks make of values: card fields, card photo, digits, video, ticket photo, twins."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrolment.checks.card_fields import CardFields, card_fields
from enrolment.checks.card_photo import CardLook, card_reasons
from enrolment.checks.same_face import alike_pairs
from enrolment.checks.spoken_digits import digits_reasons, draw_digits, is_challenge
from enrolment.checks.text_reading import TextLine
from enrolment.checks.ticket_photo import TOLD, photo_reasons
from enrolment.checks.video import FrameLook, video_reasons
from enrolment.core.reasons import CandidateReason as R
from gate.models.portrait_findings import finding
from tests.roster_making import citizen, templates
from tests.unit.enrolment.world import DATA

NUMBER = citizen(1)
BORN = f"{NUMBER[6:10]}年{int(NUMBER[10:12])}月{int(NUMBER[12:14])}日"
SEX = "男" if int(NUMBER[16]) % 2 else "女"
SHARP = CardLook(sharpness=200.0, burnt=0.0, colour=20.0)
LOUD = np.full(16_000, 0.1, np.float32)


def line(text: str, top: float, left: float = 0.1, sure: float = 0.9) -> TextLine:
    return TextLine(text, (left, top, left + 0.04 * len(text), top + 0.06), sure)


def card(name: str = "王小明", number: str = NUMBER) -> list[TextLine]:
    return [
        line("姓名", 0.1),
        line(name, 0.1, left=0.3),
        line(f"性别 {SEX} 民族 汉", 0.2),
        line(f"出生 {BORN}", 0.3),
        line("公民身份号码", 0.8),
        line(number, 0.8, left=0.4),
    ]


def test_a_card_is_read_and_is_sound() -> None:
    read = card_fields(card())
    assert read == CardFields("王小明", NUMBER, NUMBER[6:14], SEX)
    assert read.is_sound


@pytest.mark.parametrize("place", range(18))
def test_a_wrong_digit_is_never_mended(place: int) -> None:
    """Each digit of the number in turn is read as another."""
    for other in "0123456789":
        if other != NUMBER[place]:
            wrong = NUMBER[:place] + other + NUMBER[place + 1 :]
            assert card_fields(card(number=wrong)).number == ""


def test_two_different_numbers_are_none() -> None:
    assert card_fields([*card(), line(citizen(2), 0.9)]).number == ""


def test_birth_and_number_must_agree() -> None:
    other = [line("出生 1999年12月31日", 0.3) if "出生" in x.text else x for x in card()]
    assert not card_fields(other).is_sound


@pytest.mark.parametrize(
    ("look", "read", "reasons"),
    [
        (SHARP, card_fields(card()), ()),
        (SHARP, card_fields(card(name="王大明")), (R.NAME_DIFFERS,)),
        (SHARP, card_fields(card()[:1]), (R.CARD_UNREADABLE,)),
        (replace(SHARP, sharpness=1.0), card_fields(card()), (R.BLURRED,)),
        (replace(SHARP, burnt=0.2), card_fields([]), (R.EXPOSURE,)),
        (replace(SHARP, colour=0.5), card_fields(card()), (R.CARD_RECAPTURED,)),
    ],
)
def test_card_reasons(look: CardLook, read: CardFields, reasons: tuple[R, ...]) -> None:
    assert card_reasons(look, read, DATA, has_portrait=True) == reasons


def test_a_card_without_a_portrait_is_not_readable() -> None:
    read = card_fields(card())
    assert card_reasons(SHARP, read, DATA, has_portrait=False) == (R.CARD_UNREADABLE,)


@given(st.text(max_size=40), st.floats(0, 1))
def test_any_text_is_read_or_not(text: str, sure: float) -> None:
    read = card_fields([line("姓名" + text, 0.1, sure=sure), line(text, 0.5, sure=sure)])
    assert read.is_sound in (True, False)


def test_drawn_digits_are_four_different_ones_without_one() -> None:
    drawn = {draw_digits() for _ in range(200)}
    assert all(map(is_challenge, drawn))
    assert len(drawn) > 100
    assert not is_challenge("1234")
    assert not is_challenge("2234")


@pytest.mark.parametrize(
    ("sound", "strings", "reasons"),
    [
        (LOUD, ["2345"], ()),
        (LOUD, ["2346", "2345"], ()),
        (LOUD, ["2346"], (R.DIGITS_DIFFER,)),
        (LOUD, [], (R.DIGITS_UNHEARD,)),
        (LOUD * 0, ["2345"], (R.DIGITS_UNHEARD,)),
        (LOUD[:0], [], (R.DIGITS_UNHEARD,)),
    ],
)
def test_digits(sound: np.ndarray, strings: list[str], reasons: tuple[R, ...]) -> None:
    assert digits_reasons(sound, strings, "2345") == reasons


ME, OTHER = templates(2)


def looks(count: int = 1, live: float | None = 0.9, face: np.ndarray = ME) -> Sequence[FrameLook]:
    return [FrameLook(count, face, 12.0, live)] * 8


@pytest.mark.parametrize(
    ("duration", "seen", "card", "reasons"),
    [
        (4.0, looks(), ME, ()),
        (4.0, looks(), None, ()),
        (2.0, looks(), ME, (R.TOO_SHORT,)),
        (7.0, looks(), ME, (R.TOO_LONG,)),
        (4.0, [FrameLook(0)] * 8, ME, (R.NO_FACE,)),
        (4.0, [], ME, (R.NO_FACE,)),
        (4.0, looks(count=2), ME, (R.SEVERAL_FACES,)),
        (4.0, [FrameLook(1, ME, 3.0, 0.9)] * 8, ME, (R.FACE_POOR,)),
        (4.0, looks(live=0.1), ME, (R.NOT_LIVE,)),
        (4.0, looks(live=None), ME, (R.NOT_LIVE,)),
        (4.0, looks(), OTHER, (R.FACE_DIFFERS,)),
        (4.0, [*looks()[:6], *looks(face=OTHER)[:2]], ME, (R.SEVERAL_FACES,)),
    ],
)
def test_video(
    duration: float, seen: Sequence[FrameLook], card: np.ndarray | None, reasons: tuple[R, ...]
) -> None:
    assert video_reasons(duration, seen, card) == reasons


def test_every_finding_of_the_gate_has_a_reason() -> None:
    assert photo_reasons([finding("background-blue")], None, []) == (R.BACKGROUND,)
    assert photo_reasons([], ME, [ME, OTHER]) == (R.FACE_DIFFERS,)
    assert photo_reasons([], ME, [ME, None]) == ()
    for name in TOLD:
        assert photo_reasons([finding(name)] if name in KNOWN else [], None, []) is not None


KNOWN = ("no-face", "several-faces", "too-small", "pose", "eyes-closed", "recapture", "blurred")


@given(st.integers(2, 60), st.integers(1, 70), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_one_face_under_two_numbers_is_found_whatever_the_blocks(
    count: int, rows: int, seed: int
) -> None:
    faces = templates(count, seed)
    faces[-1] = faces[0]
    found = {(p.first, p.second) for p in alike_pairs(faces, 0.25, rows)}
    whole = faces @ faces.T
    wanted = {(a, b) for a in range(count) for b in range(a + 1, count) if whole[a, b] >= 0.25}
    assert found == wanted
    assert (0, count - 1) in found
