"""Text blocks of the four chip cards, against the reference's synthetic frames."""

import hashlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gate.core.card import DocumentKind, Expiry, IdCard, OddField, check_character, is_damaged
from gate.drivers.card_reader.sdt import Decoder, Reply, Status, encode_reply, text_block
from gate.drivers.card_reader.sdt_text import (
    FOREIGNER_2017,
    FOREIGNER_2023,
    RESIDENCE_PERMIT,
    RESIDENT,
    WITH_CHIP,
    Layout,
    encode_addresses,
    encode_card,
    encode_fields,
    fields_of,
    parse_card,
)
from gate.drivers.simulated.sdt_cards import SimulatedCard, card_of
from gate.errors import SdtError, UsageError
from tests.examples import examples

NUMBER = "11010519491231002X"
RESIDENT_FIELDS = {
    "name": "测试甲", "sex": "2", "ethnic": "01", "birth": "19491231",
    "address": "测试省测试市测试路1号", "number": NUMBER, "authority": "测试市公安局",
    "valid_from": "20200101", "valid_to": "长期",
}  # fmt: skip
VECTORS = {  # fields, checksum and SHA-256 prefix of the whole frame, card
    "resident": (
        RESIDENT, RESIDENT_FIELDS, 0x4E, "cb3662716c1c4ee3",
        IdCard(DocumentKind.RESIDENT, NUMBER, "测试甲", date(2020, 1, 1), Expiry.LONG_TERM),
    ),
    "residence permit": (
        RESIDENCE_PERMIT,
        {
            "name": "测试乙", "sex": "1", "birth": "19900101", "address": "测试省测试市测试路2号",
            "number": "810000199001010019", "authority": "测试市公安局", "valid_from": "20200101",
            "valid_to": "20250101", "permit": "H00000000", "issues": "01",
        },
        0xE4, "87d710f83d97ddb8",
        IdCard(DocumentKind.RESIDENCE_PERMIT, "810000199001010019", "测试乙", date(2020, 1, 1),
               date(2025, 1, 1)),
    ),
    "foreigner of 2017": (
        FOREIGNER_2017,
        {
            "latin_name": "TEST, ALPHA", "sex": "1", "number": "KAZ110090123105",
            "nationality": "KAZ", "name": "测试", "valid_from": "20180101", "valid_to": "20280101",
            "birth": "19901231", "version": "01", "authority": "1500",
        },
        0x89, "b953f50a9f8b2385",
        IdCard(DocumentKind.FOREIGNER, "KAZ110090123105", "TEST, ALPHA", date(2018, 1, 1),
               date(2028, 1, 1)),
    ),
    "foreigner of 2023": (
        FOREIGNER_2023,
        {
            "name": "测试", "sex": "1", "issues": "01", "birth": "19850101",
            "latin_name": "TEST, BETA", "number": "932682198501010017", "valid_from": "20240101",
            "valid_to": "20340101", "nationality": "SAU",
        },
        0x91, "c860c69c6163181f",
        IdCard(DocumentKind.FOREIGNER, "932682198501010017", "TEST, BETA", date(2024, 1, 1),
               date(2034, 1, 1)),
    ),
}  # fmt: skip


def resident(**changes: str) -> bytes:
    return encode_fields(RESIDENT, RESIDENT_FIELDS | changes)


@pytest.mark.parametrize(("layout", "fields", "check", "digest", "card"), VECTORS.values(),
                         ids=VECTORS)  # fmt: skip
def test_synthetic_frames_byte_for_byte(
    layout: Layout, fields: dict[str, str], check: int, digest: str, card: IdCard
) -> None:
    frame = encode_reply(SimulatedCard(encode_fields(layout, fields)).text_and_photo())
    assert (len(frame), frame[-1]) == (1295, check)
    assert hashlib.sha256(frame).hexdigest()[:16] == digest
    (reply,) = Decoder().feed(frame)
    assert parse_card(text_block(reply)) == card


def test_a_frame_with_fingerprints_gives_its_text_alone() -> None:
    reply = SimulatedCard(resident(), fingers=2).with_fingerprints()
    frame = encode_reply(reply)
    assert (len(frame), frame[-1]) == (2321, 0x44)
    assert hashlib.sha256(frame).hexdigest()[:16] == "b354709d35bc038e"
    assert Decoder().feed(frame) == [reply]
    assert text_block(reply) == resident()
    for fingers, size in [(0, 1297), (1, 1809)]:
        card = SimulatedCard(resident(), fingers=fingers)
        assert len(encode_reply(card.with_fingerprints())) == size


def test_a_newest_address_frame() -> None:
    frame = encode_reply(Reply(Status.DONE, encode_addresses(("测试省测试市测试路3号",))))
    assert (len(frame), frame[5:7], frame[-1]) == (81, b"\0\x4a", 0x7D)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"number": "110105194912310029"}, "number"),
        ({"number": "11010519490229002X"}, "number"),
        ({"number": "NOBODY"}, "number"),
        ({"number": ""}, "number"),
    ],
)
def test_an_unusable_field_is_a_named_error(fields: dict[str, str], reason: str) -> None:
    with pytest.raises(SdtError) as caught:
        parse_card(resident(**fields))
    assert caught.value.reason == reason


def test_an_unknown_type_letter_is_a_named_error() -> None:
    block = bytearray(resident(number="NOBODY"))
    block[248:250] = "Z".encode("utf-16-le")
    with pytest.raises(SdtError) as caught:
        parse_card(bytes(block))
    assert caught.value.reason == "type"


def test_a_short_block_is_a_named_error() -> None:
    with pytest.raises(SdtError) as caught:
        parse_card(resident()[:-2])
    assert caught.value.reason == "length"


@pytest.mark.parametrize(
    ("fields", "name", "number", "valid_to"),
    [
        ({"number": NUMBER.lower()}, "测试甲", NUMBER, Expiry.LONG_TERM),
        ({"number": "110105491231002"}, "测试甲", NUMBER, Expiry.LONG_TERM),
        ({"name": "阿·测 试"}, "阿·测 试", NUMBER, Expiry.LONG_TERM),
        ({"name": "测试\0\0"}, "测试", NUMBER, Expiry.LONG_TERM),
        ({"valid_to": ""}, "测试甲", NUMBER, Expiry.UNKNOWN),
        ({"ethnic": "ZZ", "birth": "00000000"}, "测试甲", NUMBER, Expiry.LONG_TERM),
    ],
)
def test_odd_cards_are_values(
    fields: dict[str, str], name: str, number: str, valid_to: Expiry
) -> None:
    card = parse_card(resident(**fields))
    assert (card.name, card.number, card.valid_to) == (name, number, valid_to)


def test_every_field_is_kept_as_it_is_stored() -> None:
    fields = fields_of(resident(ethnic="ZZ", birth="00000000", valid_to="20260231"))
    assert (fields["ethnic"], fields["birth"], fields["valid_to"]) == ("ZZ", "00000000", "20260231")
    assert fields["address"] == "测试省测试市测试路1号"


def test_a_simulated_chip_holds_what_its_number_tells_and_what_is_asked_for() -> None:
    told = fields_of(SimulatedCard.of(card_of(NUMBER, "测试甲")).text)
    assert (told["birth"], told["sex"]) == ("19491231", "2")
    foreigner = SimulatedCard.of(card_of("KAZ110090123105", "TEST", kind="foreigner"))
    assert fields_of(foreigner.text)["nationality"] == "KAZ"
    odd = SimulatedCard.of(card_of(NUMBER, "测试甲"), sex="9", valid_to="20260231")
    assert fields_of(odd.text)["sex"] == "9"
    assert parse_card(odd.text).odd == (OddField.VALID_TO,)
    with pytest.raises(UsageError):
        SimulatedCard.of(card_of(NUMBER), permit="H00000000")


def test_what_does_not_fit_is_refused_when_encoding() -> None:
    with pytest.raises(SdtError):
        resident(name="十六个字的名字放不进证件里的姓名栏")
    with pytest.raises(SdtError):
        encode_card(IdCard(DocumentKind.TEMPORARY, NUMBER, "测试", None, Expiry.UNKNOWN))


def numbers() -> st.SearchStrategy[str]:
    first_17 = st.builds(
        lambda region, day, order: f"{region}{day:%Y%m%d}{order:03d}",
        st.integers(110000, 820000), st.dates(date(1900, 1, 1), date(2030, 1, 1)),
        st.integers(0, 999),
    )  # fmt: skip
    return first_17.map(lambda x: x + check_character(x))


NAMES = st.text(st.characters(codec="utf-16-le"), max_size=7).filter(
    lambda x: x == x.strip(" \0") and len(x.encode("utf-16-le")) <= 30
)
DAYS = st.dates()
CARDS = st.builds(
    IdCard,
    st.sampled_from(WITH_CHIP),
    numbers(), NAMES, st.none() | DAYS, DAYS | st.sampled_from(Expiry),
)  # fmt: skip


@examples(200)
@given(CARDS)
def test_every_card_comes_back_from_its_block(card: IdCard) -> None:
    assume(not is_damaged(card.name))
    assert parse_card(encode_card(card)) == card


@examples(200)
@given(st.binary(max_size=256) | st.binary(min_size=256, max_size=256))
def test_any_block_is_a_card_or_an_sdt_error(block: bytes) -> None:
    try:
        reason = f"{parse_card(block).kind} read"
    except SdtError as e:
        reason = str(e.reason)
    assert reason.removesuffix(" read") in {
        "length", "type", "number", *DocumentKind,
    }  # fmt: skip


def test_cards_of_a_script() -> None:
    card = card_of(NUMBER, "测试甲", "2030-01-01")
    assert parse_card(SimulatedCard.of(card, sex="2").text) == card
    for wrong in [{"number": "12"}, {"kind": "temporary"}, {"valid_to": "soon"}]:
        with pytest.raises(UsageError):
            card_of(**{"number": NUMBER} | wrong)
