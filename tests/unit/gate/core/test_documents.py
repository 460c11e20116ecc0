"""Every kind of document, from the card or the typed or scanned handle to the record."""

from dataclasses import replace
from datetime import date

import pytest

from gate.core.card import DocumentKind, Expiry, icao_check, is_valid_on, number_fault
from gate.core.effects import Record
from gate.core.events import CandidateFound
from gate.core.reasons import Reason
from gate.drivers.card_reader.sdt_text import WITH_CHIP, encode_card, parse_card
from tests.unit.gate.core.world import ANNA, CARD, GOOD, Gate, at, exam_of, laid, paper

NUMBERS = {
    DocumentKind.RESIDENT: "11010519491231002X",
    DocumentKind.RESIDENCE_PERMIT: "810000199001010019",
    DocumentKind.FOREIGNER: "932682198501010017",
}
kinds = pytest.mark.parametrize("kind", WITH_CHIP)


def decided(kind: DocumentKind, accepted: frozenset[DocumentKind], valid_to: date | Expiry) -> dict:
    """The record of one card of `kind`, read from its chip, at a paper that accepts `accepted`."""
    card = replace(CARD, kind=kind, number=NUMBERS[kind], valid_to=valid_to)
    gate = Gate(exam_of(paper("am", at("09:00"), at("11:30"), documents=accepted)))
    gate.feed(laid(card=parse_card(encode_card(card))))
    gate.feed(CandidateFound(ANNA))
    if not gate.of(Record):
        gate.feed(GOOD)
    return gate.asked[-1].body


@kinds
def test_an_accepted_card_is_admitted_under_its_own_kind(kind: DocumentKind) -> None:
    body = decided(kind, frozenset({kind}), Expiry.LONG_TERM)
    assert (body["outcome"], body["document"]) == ("ADMIT", kind.value)


@kinds
def test_a_card_that_the_paper_does_not_accept_is_referred(kind: DocumentKind) -> None:
    body = decided(kind, frozenset(DocumentKind) - {kind}, Expiry.LONG_TERM)
    assert (body["outcome"], body["reason"]) == ("REFER", Reason.DOCUMENT_NOT_ACCEPTED.value)
    assert body["document"] == kind.value


@kinds
@pytest.mark.parametrize(
    ("valid_to", "reason"),
    [
        (date(2027, 4, 9), Reason.DOCUMENT_EXPIRED),
        (Expiry.UNKNOWN, Reason.DOCUMENT_NOT_ACCEPTED),
    ],
)
def test_an_expired_card_or_one_without_an_end_is_referred(
    kind: DocumentKind, valid_to: date | Expiry, reason: Reason
) -> None:
    body = decided(kind, frozenset(DocumentKind), valid_to)
    assert (body["outcome"], body["reason"]) == ("REFER", reason.value)


@kinds
def test_a_card_is_valid_on_its_last_day(kind: DocumentKind) -> None:
    assert decided(kind, frozenset(DocumentKind), date(2027, 4, 10))["outcome"] == "ADMIT"


def test_unknown_is_not_unlimited() -> None:
    day = date(2027, 4, 10)
    assert is_valid_on(None, Expiry.LONG_TERM, day)
    assert not is_valid_on(None, Expiry.UNKNOWN, day)
    assert not is_valid_on(date(2027, 4, 11), Expiry.LONG_TERM, day)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("KAZ110090123105", None),
        ("KAZ110090123106", "check"),
        ("KAZ110090133105", "birth"),
        ("932682198501010017", None),
        ("932682198501010018", "check"),
        ("810000199001010019", None),
        ("810000199013010019", "birth"),
        ("11010519491231002X", None),
        ("11010519491231002", "form"),
        ("1101051949123100２X", "form"),
        ("KAZ1100901231O5", "form"),
    ],
)
def test_numbers_of_every_kind(number: str, fault: str | None) -> None:
    assert number_fault(number) == fault


def test_the_leap_day_of_either_century_is_a_birthday() -> None:
    first_14 = "KAZ11000002291"  # 29 February 2000; 1900 had none
    assert number_fault(first_14 + icao_check(first_14)) is None
