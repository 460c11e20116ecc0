"""What scanners send, cut to pieces, glued and spoiled: a payload, or a named reason, and in step
again with the next good one."""

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.card import DocumentKind, Expiry, OddField
from gate.drivers.scanners.line_decoders import (
    PAYLOAD_MAX,
    Decoder,
    Item,
    LineDecoder,
    Presence,
    Refusal,
    Scanned,
    TicketText,
    UnusablePayload,
)
from gate.drivers.scanners.mrz import (
    MrzDecoder,
    MrzFault,
    TravelDocument,
    check_digit,
    parse_mrz,
    scanned_of,
)
from gate.drivers.scanners.rfid import RfidDecoder, encode_tag
from tests.examples import examples

TICKET = "270410000017"
TAG = bytes.fromhex("0A00112233")

# The public specimens of ICAO Doc 9303: part 4, appendix B (TD3); part 5, appendix B (TD1).
TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
LONG_TD1 = (
    "I<UTOD23145890<7349<<<<<<<<<<<",
    "3407127M9507122UTO<<<<<<<<<<<2",
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
)


def permit(
    number: str = "H12345678",
    valid_to: str = "301231",
    birth: str = "900101",
    sex: str = "M",
    nation: str = "CHN",
) -> tuple[str, str, str]:
    """A home-return permit with digits computed here, invented throughout."""
    base = number[:9]
    digit = check_digit(base)
    first = f"C<CHN{base}{digit}".ljust(30, "<")
    if len(number) > 9:  # by part 5: the filler, the rest, and the digit over all of it
        first = f"C<CHN{base}<{number[9:]}{check_digit(number)}".ljust(30, "<")
    days = f"{birth}{check_digit(birth)}{sex}{valid_to}{check_digit(valid_to)}"
    second = f"{days}{nation}".ljust(29, "<")
    composite = check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    return first, second + composite, "TEST<<ALPHA".ljust(30, "<")


def lines_decoder(end: str = "line", **text: str) -> LineDecoder:
    return LineDecoder(TicketText(**text), end)


def fed(decoder: Decoder, data: bytes, size: int = 0) -> list[Item]:
    """In pieces of `size` bytes, 0: whole; then a silence."""
    step = size or max(1, len(data))
    items = [i for at in range(0, len(data), step) for i in decoder.feed(data[at : at + step])]
    return items + (decoder.gap() if decoder.midway else [])


FOUND = Scanned("ticket", TICKET)


# -- payloads with an end ------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("size", [0, 1, 5])
def test_any_line_end_ends_a_ticket_once(end: str, size: int) -> None:
    assert fed(lines_decoder(), (TICKET + end).encode() * 3, size) == [FOUND] * 3


@pytest.mark.parametrize("end", [";", "\t", "\x03", "END"])
def test_an_end_of_the_modules_own(end: str) -> None:
    for size in (0, 1, 2):
        assert fed(lines_decoder(end), (TICKET + end).encode() * 2, size) == [FOUND] * 2


def test_a_silence_may_be_the_end() -> None:
    decoder = lines_decoder("gap")
    assert decoder.feed(TICKET.encode()) == []
    assert decoder.midway
    assert decoder.gap() == [FOUND]
    assert not decoder.midway


def test_a_payload_cut_short_does_not_begin_the_next() -> None:
    decoder = lines_decoder()
    decoder.feed(b"2704")
    assert decoder.gap() == [UnusablePayload(Refusal.INCOMPLETE)]
    assert decoder.feed(TICKET.encode() + b"\r") == [FOUND]


@pytest.mark.parametrize(
    ("text", "payload", "item"),
    [
        ({}, TICKET, FOUND),
        ({}, f"  {TICKET} ", FOUND),
        ({}, "https://health.example/p/83", UnusablePayload(Refusal.FORM)),
        ({}, "张三", UnusablePayload(Refusal.FORM)),
        ({}, "2704 1000", UnusablePayload(Refusal.FORM)),
        ({}, "2" * 33, UnusablePayload(Refusal.FORM)),
        ({"prefix": "https://ks.example/t/"}, f"https://ks.example/t/{TICKET}", FOUND),
        ({"prefix": "https://ks.example/t/"}, TICKET, UnusablePayload(Refusal.PREFIX)),
        ({"prefix": "A", "suffix": "A"}, "A", UnusablePayload(Refusal.FORM)),
        ({"suffix": "#"}, f"{TICKET}#", FOUND),
        ({"pattern": "zkzh=([0-9]+)"}, f"http://x.example/?a=1&zkzh={TICKET}&b=2", FOUND),
        ({"pattern": "zkzh=([0-9]+)"}, TICKET, UnusablePayload(Refusal.PATTERN)),
        ({"pattern": "x|(y)"}, "x", UnusablePayload(Refusal.PATTERN)),
    ],
)
def test_what_a_payload_may_be(text: dict[str, str], payload: str, item: Item) -> None:
    assert fed(lines_decoder(**text), payload.encode() + b"\r\n") == [item]


def test_a_payload_in_another_encoding_is_no_text() -> None:
    assert fed(lines_decoder(), "张三\r".encode("gbk")) == [UnusablePayload(Refusal.NOT_TEXT)]


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_long_code_is_refused_once_and_the_next_is_read(size: int) -> None:
    long = b"x" * 3000 + b"\r\n"
    items = fed(lines_decoder(), long + TICKET.encode() + b"\r\n", size)
    assert items == [UnusablePayload(Refusal.TOO_LONG), FOUND]


# -- tags ----------------------------------------------------------------------------------------


def test_a_tag_by_the_number_printed_on_it() -> None:
    assert encode_tag(TAG) == b"\x020A001122330A\x03"
    decimal = Scanned("ticket", f"{0x00112233:010d}")
    for frame in (encode_tag(TAG), encode_tag(TAG, line_end=True)):
        for size in (0, 1, 3):
            assert fed(RfidDecoder(), frame * 2, size) == [decimal] * 2
    assert fed(RfidDecoder(decimal=False), encode_tag(TAG)) == [Scanned("ticket", "0A00112233")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x020A001122330B\x03", Refusal.CHECKSUM),
        (b"\x020A0011223\x03", Refusal.FRAME),
        (b"\x020A001122330A0\x03", Refusal.FRAME),
        (b"\x020G001122330A\x03", Refusal.FRAME),
        (b"\x020A00" + b"1" * 40, Refusal.FRAME),
        (b"\x020A0011", Refusal.INCOMPLETE),
    ],
)
def test_a_spoiled_tag_is_named_and_the_next_is_read(data: bytes, reason: Refusal) -> None:
    items = fed(RfidDecoder(decimal=False), data + encode_tag(TAG))
    assert items == [UnusablePayload(reason), Scanned("ticket", "0A00112233")]


# -- machine readable zones ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "number", "issuer", "sex"),
    [
        (TD3, "L898902C3", "UTO", "F"),
        (TD1, "D23145890", "UTO", "F"),
        (LONG_TD1, "D23145890734", "UTO", "M"),
        (permit(), "H12345678", "CHN", "M"),
        (permit("H1234567801"), "H1234567801", "CHN", "M"),
    ],
)
def test_specimens(zone: tuple[str, ...], number: str, issuer: str, sex: str) -> None:
    found = parse_mrz(zone)
    assert (found.number, found.issuer, found.sex) == (number, issuer, sex)
    assert number not in repr(found)


def test_the_specimen_passport_in_full() -> None:
    assert parse_mrz(TD3) == TravelDocument(
        "P", "UTO", "L898902C3", "UTO", "740812", "F", date(2012, 4, 15)
    )


def test_the_worked_examples_of_the_check_digit() -> None:
    """Doc 9303 part 3, 4.9: a date, a number, a composite."""
    assert (check_digit("520727"), check_digit("AB2134<<<")) == ("3", "5")
    assert check_digit("HA672242<658022549601086<<<<<<<<<<<<<<0") == "8"


def changed(zone: tuple[str, ...], line: int, at: int, to: str) -> tuple[str, ...]:
    lines = list(zone)
    lines[line] = lines[line][:at] + to + lines[line][at + 1 :]
    return tuple(lines)


@pytest.mark.parametrize("zone", [TD3, TD1, permit()])
def test_no_digit_of_the_protected_fields_can_change_unseen(zone: tuple[str, ...]) -> None:
    """7, 3 and 1 have no common factor with 10: any one digit read as another is found."""
    protected = [(1, i) for i in range(44) if zone is TD3] or [
        *((0, i) for i in range(5, 30)),
        *((1, i) for i in range(30)),
    ]
    tried = 0
    for line, at in protected:
        for other in "0123456789":
            was = zone[line][at]
            if was.isdigit() and other != was:
                tried += 1
                with pytest.raises(MrzFault):
                    parse_mrz(changed(zone, line, at, other))
    assert tried >= 9 * 15


@pytest.mark.parametrize("at", [9, 19, 27, 42])
def test_each_check_digit_of_a_passport_is_verified_by_itself(at: int) -> None:
    """The composite digit agrees with the wrong one, as a forger's would."""
    was = TD3[1][at]
    for other in set("0123456789") - {was}:
        second = changed(TD3, 1, at, other)[1]
        composite = check_digit(second[0:10] + second[13:20] + second[21:43])
        with pytest.raises(MrzFault):
            parse_mrz((TD3[0], second[:43] + composite))


@pytest.mark.parametrize(("line", "at"), [(0, 14), (1, 6), (1, 14)])
def test_each_check_digit_of_a_card_is_verified_by_itself(line: int, at: int) -> None:
    for other in set("0123456789") - {TD1[line][at]}:
        first, second, third = changed(TD1, line, at, other)
        whole = first[5:30] + second[0:7] + second[8:15] + second[18:29]
        with pytest.raises(MrzFault):
            parse_mrz((first, second[:29] + check_digit(whole), third))


@pytest.mark.parametrize(
    ("zone", "reason"),
    [
        ((), Refusal.LINE_LENGTH),
        (TD3[:1], Refusal.LINE_LENGTH),
        (TD1[:2], Refusal.LINE_LENGTH),
        ((TD3[0], TD3[1][:-1]), Refusal.LINE_LENGTH),
        (changed(TD3, 0, 6, "é"), Refusal.CHARACTER),
        (changed(TD3, 0, 6, " "), Refusal.CHARACTER),
        (changed(TD3, 1, 0, "2"), Refusal.CHECK_DIGIT),
        (changed(TD3, 1, 43, "<"), Refusal.CHECK_DIGIT),
    ],
)
def test_a_zone_that_cannot_be_used_is_named(zone: tuple[str, ...], reason: Refusal) -> None:
    with pytest.raises(MrzFault) as caught:
        parse_mrz(zone)
    assert caught.value.reason is reason


@pytest.mark.parametrize(("text", "year"), [("951231", 1995), ("691231", 2069), ("270410", 2027)])
def test_a_passport_of_the_last_century_is_not_valid_for_another(text: str, year: int) -> None:
    found = parse_mrz(permit(valid_to=text)).valid_to
    assert isinstance(found, date)
    assert found.year == year


@pytest.mark.parametrize("text", ["301332", "2<0101", "290229"])
def test_a_day_that_no_calendar_has_is_odd_and_the_holder_is_known(text: str) -> None:
    found = parse_mrz(permit(valid_to=text))
    assert (found.valid_to, found.odd) == (Expiry.UNKNOWN, (OddField.VALID_TO,))
    scanned = scanned_of(found)
    assert isinstance(scanned, Scanned)
    assert scanned.odd == found.odd


def passport(birth: str = "740812", sex: str = "F", nation: str = "UTO") -> tuple[str, str]:
    """The specimen with other fields and the digits for them."""
    second = f"L898902C36{nation:<<3}{birth}{check_digit(birth)}{sex}{TD3[1][21:43]}"
    return TD3[0], second + check_digit(second[0:10] + second[13:20] + second[21:43])


IMPOSSIBLE = [
    ({"birth": "901301"}, OddField.BIRTH),
    ({"birth": "900100"}, OddField.BIRTH),
    ({"birth": "900431"}, OddField.BIRTH),
    ({"birth": "010229"}, OddField.BIRTH),  # neither 1901 nor 2001 has it
    ({"birth": "000000"}, OddField.BIRTH),
    ({"birth": "9A0101"}, OddField.BIRTH),
    ({"birth": "9<0101"}, OddField.BIRTH),
    ({"birth": "<<1301"}, OddField.BIRTH),
    ({"birth": "90<<32"}, OddField.BIRTH),
    ({"sex": "7"}, OddField.SEX),
    ({"sex": "Q"}, OddField.SEX),
    ({"nation": "C1N"}, OddField.NATIONALITY),
    ({"nation": "C<N"}, OddField.NATIONALITY),
]


@pytest.mark.parametrize(("fields", "odd"), IMPOSSIBLE)
def test_a_field_that_cannot_be_is_odd_and_the_holder_is_known(
    fields: dict[str, str], odd: OddField
) -> None:
    """As on a resident card: every check digit is right, so the number counts."""
    for zone, number in ((permit(**fields), "H12345678"), (passport(**fields), "L898902C3")):
        scanned = scanned_of(parse_mrz(zone))
        assert isinstance(scanned, Scanned)
        assert (scanned.value, scanned.odd) == (number, (odd,))


@pytest.mark.parametrize(
    "fields",
    [
        {"birth": "000229"},
        {"birth": "<<<<<<"},
        {"birth": "90<<<<"},
        {"birth": "9001<<"},
        {"birth": "<<0229"},
        {"sex": "<"},
        {"nation": "D"},
        {"nation": "<<<"},
    ],
)
def test_what_is_left_open_or_rare_is_not_odd(fields: dict[str, str]) -> None:
    assert parse_mrz(permit(**fields)).odd == ()
    assert parse_mrz(passport(**fields)).odd == ()


def test_a_holder_born_behind_the_documents_end_is_odd() -> None:
    assert parse_mrz(permit(valid_to="951231", birth="960101")).odd == (OddField.BIRTH,)
    assert parse_mrz(permit(valid_to="951231", birth="951231")).odd == ()
    assert parse_mrz(permit(valid_to="301231", birth="310101")).odd == ()  # 1931


def test_odd_fields_are_named_together() -> None:
    found = parse_mrz(permit(valid_to="290229", birth="901301", sex="X", nation="1"))
    assert found.odd == (
        OddField.BIRTH,
        OddField.SEX,
        OddField.NATIONALITY,
        OddField.VALID_TO,
    )


@given(st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.sampled_from("MF<"))
def test_no_real_day_of_birth_is_odd(born: date, sex: str) -> None:
    assert parse_mrz(permit(birth=f"{born:%y%m%d}", sex=sex)).odd == ()


def test_no_expiry_is_unknown_not_unlimited() -> None:
    assert parse_mrz(permit(valid_to="<<<<<<")).valid_to is Expiry.UNKNOWN


PASSPORT = Scanned("number", "L898902C3", DocumentKind.TRAVEL_DOCUMENT, date(2012, 4, 15))
PERMIT = Scanned("number", "H12345678", DocumentKind.TRAVEL_DOCUMENT, date(2030, 12, 31))


def sent(framing: str, zone: tuple[str, ...]) -> bytes:
    match framing:
        case "desko":
            return b"<SOD>\x02" + "".join(f"{line}\r" for line in zone).encode() + b"\x03<EOD>"
        case "3m":
            top = "_" * 44 + "\r" if len(zone) == 2 else ""
            body = (top + "".join(f"{line}\r" for line in zone)).replace("<", "_")
            return b"\x01\x00\x8aOU\x021" + body.encode() + b"\x03\x41"
    return "".join(f"{line}\r\n" for line in zone).encode()


@pytest.mark.parametrize("framing", ["lines", "desko", "3m"])
@pytest.mark.parametrize("size", [0, 1, 7])
def test_every_framing_gives_the_same_document(framing: str, size: int) -> None:
    data = sent(framing, TD3) + sent(framing, permit("H1234567801")) + sent(framing, TD3)
    assert fed(MrzDecoder(framing), data, size) == [PASSPORT, PERMIT, PASSPORT]


@pytest.mark.parametrize("framing", ["lines", "desko", "3m"])
def test_a_bad_swipe_does_not_spoil_the_next(framing: str) -> None:
    decoder = MrzDecoder(framing)
    spoiled = sent(framing, TD3)[:60]
    assert fed(decoder, spoiled)[-1] == UnusablePayload(Refusal.INCOMPLETE)
    assert fed(decoder, sent(framing, TD3)) == [PASSPORT]


@pytest.mark.parametrize("lost", range(4))
def test_any_line_that_was_lost_costs_its_own_document_and_no_silence_is_needed(lost: int) -> None:
    """But the last of three, which carries a name alone: then the next swipe needs its silence."""
    lines = [*TD3, *permit()]
    del lines[lost]
    items = fed(MrzDecoder(), sent("lines", (*lines, *permit("M87654321"), *TD3)))
    left = [PERMIT] if lost < 2 else [PASSPORT]
    found = [i for i in items if isinstance(i, Scanned)]
    assert [f.value for f in found] == [*(f.value for f in left), "M87654321", "L898902C3"]


def test_one_bad_swipe_is_told_once() -> None:
    spoiled = sent("lines", changed(TD3, 1, 0, "2"))
    assert fed(MrzDecoder(), spoiled) == [UnusablePayload(Refusal.CHECK_DIGIT)]


def test_a_line_that_was_lost_costs_one_document() -> None:
    decoder = MrzDecoder("lines")
    data = sent("lines", TD1[:1]) + sent("lines", TD3) + sent("lines", permit())
    assert fed(decoder, data) == [UnusablePayload(Refusal.LINE_LENGTH), PASSPORT, PERMIT]


@pytest.mark.parametrize("zone", [TD1, permit("A12345678")])
def test_a_card_that_is_none_of_ours_is_refused(zone: tuple[str, ...]) -> None:
    assert fed(MrzDecoder(), sent("lines", zone)) == [UnusablePayload(Refusal.DOCUMENT)]


# -- anything at all -----------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "line": (lines_decoder, f"\r{TICKET}\r".encode(), FOUND),
    "own": (lambda: lines_decoder("END"), f"END{TICKET}END".encode(), FOUND),
    "rfid": (lambda: RfidDecoder(decimal=False), encode_tag(TAG), Scanned("ticket", "0A00112233")),
    **{
        name: ((lambda framing=name: MrzDecoder(framing)), sent(name, TD3), PASSPORT)
        for name in ("desko", "3m", "lines")
    },
}
noise = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"\x02", b"\x03", b"\r\n", b"E", b"EN", b"x" * 600, TD3[0].encode()]),
)


@pytest.mark.parametrize("kind", KINDS)
@given(st.lists(noise, max_size=12))
@example([b"\x02\x02\x02"])
@examples(200)
def test_any_bytes_in_any_pieces_and_back_in_step(kind: str, pieces: list[bytes]) -> None:
    make, good, item = KINDS[kind]
    decoder = make()
    for piece in pieces:
        for found in decoder.feed(piece):
            assert isinstance(found, Scanned | UnusablePayload)
    assert held(decoder) <= 2 * PAYLOAD_MAX
    if decoder.midway:
        decoder.gap()
    assert not decoder.midway
    assert decoder.feed(good)[-1] == item


def held(decoder: Any) -> int:
    return sum(
        len(value) for name in ("_buffer", "_block") if (value := getattr(decoder, name, None))
    )


@given(st.lists(st.sampled_from(["good", "bad", "cut"]), max_size=20), st.integers(1, 9))
@examples(100)
def test_every_good_zone_among_bad_ones_is_read(kinds: list[str], size: int) -> None:
    decoder = MrzDecoder("desko")
    parts = {
        "good": sent("desko", TD3),
        "bad": sent("desko", changed(TD3, 1, 0, "2")),
        "cut": sent("desko", TD3)[:50],
    }
    items = fed(decoder, b"".join(parts[k] for k in kinds), size)
    assert items.count(PASSPORT) == kinds.count("good")


# -- repeats -------------------------------------------------------------------------------------


def test_a_presentation_that_lasts_is_one() -> None:
    presence = Presence(again_s=2.0)
    seen = [0.0, 0.1, 2.0, 4.0, 6.1]
    assert [presence.is_new(FOUND, int(s * 1e9)) for s in seen] == [True, False, False, False, True]
    assert presence.is_new(Scanned("ticket", "other"), int(6.2e9))
    assert presence.is_new(FOUND, int(6.3e9))
