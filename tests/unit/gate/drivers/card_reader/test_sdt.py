"""The SDT codec: the protocol's own bytes, every way of feeding them, and what is not a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.drivers.card_reader.sdt import (
    BAUDS,
    HEADER,
    LONGEST,
    PREAMBLE,
    Command,
    Decoder,
    Reply,
    Request,
    RequestDecoder,
    Status,
    StatusRemedy,
    chip_number,
    encode_frame,
    encode_reply,
    encode_request,
    newest_addresses,
    sam_id,
    set_baud,
    text_block,
)
from gate.errors import SdtError
from tests.examples import examples
from tests.soak import codec

REQUESTS = {
    Command.RESET: "AAAAAA9669000310FFEC",
    Command.STATUS: "AAAAAA9669000311FFED",
    Command.SAM_ID: "AAAAAA9669000312FFEE",
    Command.FIND: "AAAAAA96690003200122",
    Command.SELECT: "AAAAAA96690003200221",
    Command.READ: "AAAAAA96690003300132",
    Command.READ_WITH_FINGERPRINTS: "AAAAAA96690003301023",
    Command.NEWEST_ADDRESS: "AAAAAA96690003300330",
    Command.CHIP_NUMBER: "AAAAAA96690003300536",
}
REPLIES = {
    "AAAAAA9669000400009094": Reply(Status.DONE),
    "AAAAAA9669000800009F0000000097": Reply(Status.CARD_FOUND, bytes(4)),
    "AAAAAA9669000C0000900000000000000000" + "9C": Reply(Status.DONE, bytes(8)),
    "AAAAAA96690004000091" + "95": Reply(Status.NO_SUCH_ITEM),
    "AAAAAA96690004000080" + "84": Reply(Status.NO_CARD),
    "AAAAAA96690004000041" + "45": Reply(Status.READ_FAILED),
    "AAAAAA96690004000066" + "62": Reply(Status.NOT_AUTHORISED),
}
FOUND = encode_reply(Reply(Status.CARD_FOUND, bytes(4)))
PORTRAIT_WITH_PREAMBLES = encode_reply(
    Reply(Status.DONE, b"\1\0\4\0" + bytes(256) + (PREAMBLE + b"\0\4\0\0\x90\x94") * 93 + b"\0")
)


def replies(*pieces: bytes) -> list[Reply]:
    decoder = Decoder()
    return [x for piece in pieces for x in decoder.feed(piece) if isinstance(x, Reply)]


@pytest.mark.parametrize("command", REQUESTS)
def test_requests_are_the_manuals_bytes(command: Command) -> None:
    assert encode_request(command).hex().upper() == REQUESTS[command]


def test_a_request_may_carry_data() -> None:
    assert encode_request(Command.SET_RF_FRAME, b"\x50").hex() == "aaaaaa9669000461ff50ca"


@pytest.mark.parametrize("text", REPLIES)
def test_replies_are_the_manuals_bytes(text: str) -> None:
    assert replies(bytes.fromhex(text)) == [REPLIES[text]]
    assert encode_reply(REPLIES[text]) == bytes.fromhex(text)


@pytest.mark.parametrize(
    "bad",
    [
        FOUND[:-1],
        FOUND[:-1] + bytes([FOUND[-1] ^ 1]),
        b"\0" + FOUND[1:],
        FOUND[:6] + b"\4" + FOUND[7:],
        b"",
    ],
)
def test_a_damaged_find_reply_is_no_reply(bad: bytes) -> None:
    assert replies(bad) == []


@pytest.mark.parametrize(
    ("baud", "check"), [(115200, "63"), (57600, "62"), (38400, "61"), (19200, "60"), (9600, "67")]
)
def test_speeds_are_set_as_the_manual_has_it(baud: int, check: str) -> None:
    place = BAUDS.index(baud)
    assert set_baud(baud).hex() == f"aaaaaa9669000360{place:02x}{check}"
    (request,) = RequestDecoder().feed(set_baud(baud))
    assert isinstance(request, Request)
    assert (request.command, request.data) == (Command.SET_BAUD, bytes([place]))


def test_newest_addresses_are_told_apart() -> None:
    data = "测试省1号".ljust(35).encode("utf-16-le") + "B 2".ljust(35, "\0").encode("utf-16-le")
    assert newest_addresses(Reply(Status.DONE, data)) == ("测试省1号", "B 2")
    assert newest_addresses(Reply(Status.NO_SUCH_ITEM)) == ()
    for wrong in (b"", data[:-1], data * 3, b"\x00\xd8" * 35):
        with pytest.raises(SdtError):
            newest_addresses(Reply(Status.DONE, wrong))


def test_a_chip_number_has_28_bytes() -> None:
    assert chip_number(Reply(Status.DONE, bytes(range(28)))) == bytes(range(28))
    with pytest.raises(SdtError):
        chip_number(Reply(Status.DONE, bytes(27)))


def test_sam_id_prints_as_on_the_label() -> None:
    frame = "AAAAAA966900140000900500010" + "0D5AF34014E61BC0015CD5B07D8"
    (reply,) = replies(bytes.fromhex(frame))
    assert sam_id(reply) == "05.01-20230101-0012345678-0123456789"


@pytest.mark.parametrize("cut", [1, 7, 10, 14, 270, 1294])
def test_a_frame_in_two_pieces(cut: int) -> None:
    assert len(replies(PORTRAIT_WITH_PREAMBLES[:cut], PORTRAIT_WITH_PREAMBLES[cut:])) == 1


def test_a_frame_byte_by_byte_and_never_more_wanted_than_there_is() -> None:
    decoder, got = Decoder(), []
    stream = b"\x17\xaa" + PORTRAIT_WITH_PREAMBLES + FOUND
    while stream:
        piece, stream = stream[: decoder.wanted], stream[decoder.wanted :]
        got += decoder.feed(piece)
    assert [len(r.data) for r in got] == [4 + 256 + 1024, 4]
    assert len(replies(*(bytes([b]) for b in PORTRAIT_WITH_PREAMBLES))) == 1


@pytest.mark.parametrize("junk", [b"\xaa" * 3, PREAMBLE[:4], b"\0" * 500, bytes(range(256))])
def test_junk_before_and_between_frames_is_dropped(junk: bytes) -> None:
    assert len(replies(junk + FOUND + junk + FOUND)) == 2


@pytest.mark.parametrize("length", [b"\0\0", b"\0\3", b"\x09\x0b", b"\xff\xff"])
def test_an_insane_length_is_an_error_and_the_next_frame_is_read(length: bytes) -> None:
    error, reply = Decoder().feed(PREAMBLE + length + FOUND)
    assert isinstance(error, SdtError)
    assert error.reason == "length"
    assert reply == Reply(Status.CARD_FOUND, bytes(4))


def test_a_length_that_swallowed_a_good_frame_gives_it_back() -> None:
    swallowing = PREAMBLE + len(FOUND).to_bytes(2, "big")
    error, reply = Decoder().feed(swallowing + FOUND)
    assert isinstance(error, SdtError)
    assert error.reason == "checksum"
    assert reply == Reply(Status.CARD_FOUND, bytes(4))


STREAMS = st.lists(
    st.binary(max_size=40) | st.sampled_from([PREAMBLE, FOUND, FOUND[:-1], PREAMBLE[:3]]),
    max_size=12,
)


@examples(150)
@given(STREAMS)
def test_any_bytes_give_replies_or_sdt_errors_and_the_buffer_stays_small(
    stream: list[bytes],
) -> None:
    decoder = Decoder()
    for piece in stream:
        for item in decoder.feed(piece):
            assert isinstance(item, Reply | SdtError)
        assert len(decoder._buffer) < HEADER + LONGEST
        assert decoder.wanted > 0


@examples(150)
@given(STREAMS)
def test_after_any_bytes_and_a_reset_the_next_frame_is_read(stream: list[bytes]) -> None:
    decoder = Decoder()
    for piece in stream:
        decoder.feed(piece)
    decoder.reset()
    assert decoder.feed(FOUND) == [Reply(Status.CARD_FOUND, bytes(4))]


@examples(150)
@given(STREAMS, st.data())
def test_pieces_do_not_matter(stream: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(stream)
    cut = data.draw(st.integers(0, len(whole)))
    assert replies(whole) == replies(whole[:cut], whole[cut:])


@examples(100)
@given(st.binary(min_size=3, max_size=LONGEST - 1))
def test_every_body_survives_the_frame(body: bytes) -> None:
    (reply,) = Decoder().feed(encode_frame(body))
    assert encode_reply(reply) == encode_frame(body)
    (request,) = RequestDecoder().feed(encode_frame(body))
    size = 1 if body[0] == 0x60 else 2
    assert request == Request(body[:size], body[size:])


@examples(200)
@given(st.integers(0, len(FOUND) * 8 - 1))
def test_one_flipped_bit_never_passes(bit: int) -> None:
    frame = bytearray(FOUND)
    frame[bit // 8] ^= 1 << bit % 8
    assert replies(bytes(frame)) == []


@pytest.mark.parametrize(
    ("reply", "command", "fits"),
    [
        (Reply(Status.CARD_FOUND, b"\1\2\3\4"), Command.FIND, True),
        (Reply(Status.CARD_FOUND, bytes(4)), Command.READ, False),
        (Reply(Status.DONE), Command.FIND, False),
        (Reply(Status.DONE, bytes(8)), Command.READ, False),
        (Reply(Status.DONE, bytes(1284)), Command.READ, True),
        (Reply(Status.DONE, bytes(1284)), Command.SELECT, False),
        (Reply(Status.DONE, bytes(8)), Command.SELECT, True),
        (Reply(Status.READ_FAILED), Command.READ, True),
        (Reply(Status.DONE, bytes(8)), Command.STATUS, False),
        (Reply(Status.NO_CARD), Command.STATUS, False),
        (Reply(Status.NO_CARD), Command.NEWEST_ADDRESS, True),
        (Reply(Status.NO_SUCH_ITEM), Command.FIND, False),
        (Reply(Status.NO_SUCH_ITEM), Command.NEWEST_ADDRESS, True),
        (Reply(Status.DONE, bytes(16)), Command.SAM_ID, True),
        (Reply(Status.DONE, bytes(28)), Command.CHIP_NUMBER, True),
        (Reply(Status.DONE, bytes(28)), Command.SAM_ID, False),
        (Reply(Status.SELF_TEST_FAILED), Command.STATUS, True),
    ],
)
def test_a_late_reply_is_told_by_its_shape(reply: Reply, command: Command, fits: bool) -> None:
    assert reply.fits(command) is fits


@pytest.mark.parametrize(
    ("sw3", "remedy"),
    [
        (0x90, StatusRemedy.NONE),
        (0x9F, StatusRemedy.NONE),
        (0x91, StatusRemedy.NONE),
        (0x80, StatusRemedy.WAIT),
        (0x81, StatusRemedy.LAY_AGAIN),
        (0x41, StatusRemedy.LAY_AGAIN),
        (0x31, StatusRemedy.LAY_AGAIN),
        (0x33, StatusRemedy.LAY_AGAIN),
        (0x40, StatusRemedy.NOT_AN_ID_CARD),
        (0x10, StatusRemedy.RESEND),
        (0x21, StatusRemedy.RESEND),
        (0x60, StatusRemedy.READER_FAULT),
        (0x66, StatusRemedy.READER_FAULT),
        (0xEE, StatusRemedy.RESEND),
    ],
)
def test_every_status_has_a_remedy(sw3: int, remedy: StatusRemedy) -> None:
    assert Reply(sw3).remedy is remedy
    assert {Reply(s).remedy for s in Status} == set(StatusRemedy)


@pytest.mark.parametrize(
    "data",
    [b"", bytes(4), b"\1\0\4\0" + bytes(1279), b"\1\1\4\0" + bytes(1281), b"\0\0\0\0"],
)
def test_a_read_reply_whose_lengths_do_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(SdtError):
        text_block(Reply(Status.DONE, data))


def test_a_reply_in_a_log_line_shows_no_data() -> None:
    assert repr(Reply(Status.DONE, b"secret")) == "Reply(90, 6 bytes)"


def test_a_good_frame_within_a_false_header_is_given_back() -> None:
    """The header's length is made of the frame's own first bytes; found by the fuzzer, whose oracle
    expected the frames behind it only."""
    decoder = Decoder()
    assert decoder.feed(codec.SWALLOWED[1:]) == []
    error, *cards = decoder.feed(codec.CARD_FRAME)
    assert isinstance(error, SdtError)
    assert error.reason == "checksum"
    assert cards == Decoder().feed(codec.CARD_FRAME) * 2
    codec.check(codec.SWALLOWED)
