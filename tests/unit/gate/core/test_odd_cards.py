"""A card with one field that cannot be is still its owner's: found by the number, and referred with
the field in words."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from gate.core.card import DocumentKind, Expiry, IdCard, OddField
from gate.core.entry_rules import Presented, rule
from gate.core.events import CandidateElsewhere, CandidateFound, Instant, Source
from gate.core.exam import Candidate, Seat
from gate.core.reasons import MEANING, ODD_TEXT, Outcome, Reason, text
from gate.drivers.card_reader.sdt import Decoder, encode_reply, text_block
from gate.drivers.card_reader.sdt_text import parse_card
from gate.drivers.simulated.sdt_cards import SimulatedCard, chip_of
from gate.roster.exam_data import exam_from_toml
from tests.roster_making import EXAM_TOML

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")
NUMBER = "990105199201032023"
MORNING = Instant(datetime.fromisoformat("2027-04-10T08:45:00+08:00"), 0, trusted=True)
OWNER = Candidate("A001", "测试二", "k", (Seat("00015-am", "03", "1"),), has_reference=True)


def read(chip: SimulatedCard) -> IdCard:
    """Through the frame that a module sends."""
    (reply,) = Decoder().feed(encode_reply(chip.text_and_photo()))
    return parse_card(text_block(reply))


def presented(card: IdCard) -> Presented:
    return Presented(
        Source.CARD, card.kind, card.valid_from, card.valid_to, MORNING, 0, odd=card.odd
    )


@pytest.mark.parametrize(
    ("words", "odd"),
    [
        ({"valid_from": "20200229", "valid_to": "20300229"}, OddField.VALID_TO),
        ({"valid_from": "2020-02-30"}, OddField.VALID_FROM),
        ({"valid_to": "00000000"}, OddField.VALID_TO),
        ({"name": "测\ud800"}, OddField.NAME),
        ({"name": "\udc00试"}, OddField.NAME),
        ({"name": "测\x1b[2J"}, OddField.NAME),
        ({"letter": "Q"}, OddField.TYPE),
        ({"letter": "\ud800"}, OddField.TYPE),
        ({"birth": "19921301"}, OddField.BIRTH),
        ({"birth": "19920104"}, OddField.BIRTH),
        ({"sex": "7"}, OddField.SEX),
        ({"ethnic": "ZZ"}, OddField.ETHNIC),
        ({"ethnic": "57"}, OddField.ETHNIC),
    ],
)
def test_an_odd_field_is_referred_with_its_name(words: dict[str, str], odd: OddField) -> None:
    card = read(chip_of(NUMBER, **({"name": "测试二"} | words)))
    assert (card.number, card.odd) == (NUMBER, (odd,))
    ruling = rule(EXAM, CandidateFound(OWNER), presented(card), frozenset())
    assert ruling.reason is Reason.DOCUMENT_NOT_ACCEPTED
    assert MEANING[ruling.reason].outcome is Outcome.REFER
    assert ruling.paper is not None
    zh, en = text(ruling.reason, ruling.facts)
    assert ODD_TEXT[odd][0] in zh
    assert ODD_TEXT[odd][1] in en
    card.name.encode()  # may be stored and shown


def test_what_the_exam_settles_comes_first() -> None:
    card = read(chip_of(NUMBER, valid_to="20300229"))
    elsewhere = rule(EXAM, CandidateElsewhere("wh-wc-02", "k"), presented(card), frozenset())
    assert elsewhere.reason is Reason.WRONG_SITE
    old = replace(presented(card), valid_from=date(2028, 1, 1))
    assert rule(EXAM, CandidateFound(OWNER), old, frozenset()).reason is not Reason.OK


@pytest.mark.parametrize("name", ["\ue863测", "测\U0003158e", "测\U0002ebf0", "阿·测 试"])
def test_a_rare_name_is_not_odd(name: str) -> None:
    card = read(chip_of(NUMBER, name, valid_to="2030-02-28", ethnic="01"))
    assert card == IdCard(DocumentKind.RESIDENT, NUMBER, name, None, date(2030, 2, 28))


def test_a_blank_end_is_unknown_and_not_odd() -> None:
    card = read(chip_of(NUMBER, valid_to="unknown"))
    assert (card.valid_to, card.odd) == (Expiry.UNKNOWN, ())
    ruling = rule(EXAM, CandidateFound(OWNER), presented(card), frozenset())
    assert ruling.reason is Reason.DOCUMENT_NOT_ACCEPTED
    zh, en = text(ruling.reason, ruling.facts)
    assert zh.endswith("（未载明有效期截止日期）")
    assert en.endswith("(end of validity is not stated)")
    elsewhere = rule(EXAM, CandidateElsewhere("wh-wc-02", "k"), presented(card), frozenset())
    assert elsewhere.reason is Reason.WRONG_SITE
