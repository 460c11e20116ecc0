"""What must hold of the codec for any bytes at all. Needs nothing but the gate itself, so that a
fuzzer may run it in an environment of its own."""

from collections.abc import Sequence

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.drivers.card_reader.sdt import (
    HEADER,
    LONGEST,
    PREAMBLE,
    Command,
    Decoder,
    Reply,
    Request,
    RequestDecoder,
    Status,
    chip_number,
    encode_frame,
    encode_reply,
    encode_request,
    newest_addresses,
    sam_id,
    text_block,
)
from gate.drivers.card_reader.sdt_text import encode_card, fields_of, parse_card
from gate.drivers.simulated.sdt_cards import SimulatedCard
from gate.errors import SdtError

_CARD = SimulatedCard.of(
    IdCard(DocumentKind.RESIDENT, "11010519491231002X", "测试甲", None, Expiry.LONG_TERM),
    "测试省测试市测试路3号",
    fingers=2,
)
CARD_FRAME = encode_reply(_CARD.text_and_photo())
FOUND = Reply(Status.CARD_FOUND, bytes(4))
FOUND_FRAME = encode_reply(FOUND)
SEEDS = (
    FOUND_FRAME,
    CARD_FRAME,
    encode_reply(_CARD.with_fingerprints()),
    encode_reply(_CARD.newest_address()),
    encode_reply(Reply(Status.READ_FAILED)),
    encode_request(Command.FIND),
    PREAMBLE + b"\xff\xff",
    PREAMBLE + b"\x09\x0a",
    _CARD.text,
)
_ENOUGH = (HEADER + LONGEST) // len(CARD_FRAME) + 2
"""Good frames after which the longest phantom frame has ended and the next one is read."""

_KEPT = (HEADER + LONGEST) // len(CARD_FRAME) + 2
"""Good frames that the longest phantom frame may touch."""

SWALLOWED = b"\xec" + PREAMBLE + b"\x05" + CARD_FRAME
"""For `check`: a false header whose length, 05 AA, is made of the frame behind it. It claims 1,450
bytes: the whole good frame, and the beginning of what comes next."""

_GOOD = (*Decoder().feed(CARD_FRAME), *RequestDecoder().feed(CARD_FRAME))


def check(data: bytes) -> None:
    """AssertionError, or whatever escapes. The first byte says how the rest is taken.

    It is a stream of replies or of requests in pieces of some size. Or it is the body of a good
    frame, the data of a reply, or a text block.
    """
    if not data:
        return
    way, rest = data[0], data[1:]
    if way % 4 == 0:
        _check_stream(rest, 4 + (way >> 2) % 32, thorough=way >= 224)
    elif way % 4 == 1:
        _check_stream(encode_frame(rest[: LONGEST - 1]), 16 + way, thorough=False)
    elif way % 4 == 2:
        _check_reply(Reply(Status.DONE, rest))
    else:
        _check_text((rest + _CARD.text)[: len(_CARD.text)] if way >= 128 else rest)


def _check_stream(stream: bytes, size: int, thorough: bool) -> None:
    for decoder in (Decoder(), RequestDecoder()):
        for start in range(0, len(stream), size):
            for item in decoder.feed(stream[start : start + size]):
                _check_item(item)
            assert len(decoder._buffer) < HEADER + LONGEST
        if thorough:
            held = bytes(decoder._buffer)
            _check_in_step(held, decoder.feed(CARD_FRAME * _ENOUGH))
        decoder.reset()  # as after a gap
        (item,) = decoder.feed(FOUND_FRAME)
        assert item in (FOUND, Request(b"\0\0", FOUND_FRAME[9:-1]))


def _check_in_step(held: bytes, items: Sequence[Reply | Request | SdtError]) -> None:
    """Good frames without a gap behind `held`, a frame that has begun.

    Where noise began it, it is a phantom. It ends and gives back every good frame that it
    swallowed, those in `held` too. One whose checksum is right by chance keeps what it covers.
    """
    frames = [item for item in items if not isinstance(item, SdtError)]
    assert frames[-1] in _GOOD
    good = sum(frame in _GOOD for frame in frames)
    there = _ENOUGH + held.count(CARD_FRAME)
    kept = (len(frames) - good) * _KEPT
    assert there - kept <= good <= there


def _check_item(item: Reply | Request | SdtError) -> None:
    if isinstance(item, Reply):
        assert sum(item.fits(command) for command in Command) <= len(Command)
        assert item.remedy
        _check_reply(item)
    elif isinstance(item, Request):
        assert item.command in (None, *Command)
    else:
        assert item.reason in ("length", "checksum")


def _check_reply(reply: Reply) -> None:
    for decode in (newest_addresses, chip_number, sam_id):
        try:
            decode(reply)
        except SdtError as e:
            _named(e, "shape", "encoding")
    try:
        block = text_block(reply)
    except SdtError as e:
        _named(e, "shape")
    else:
        _check_text(block)


def _check_text(block: bytes) -> None:
    try:
        card = parse_card(block)
    except SdtError as e:
        _named(e, "length", "type", "number")
        return
    try:
        assert fields_of(block)["number"]
    except SdtError as e:  # a letter nobody knows has no layout to print its fields by
        _named(e, "encoding", "type")
    try:
        again = parse_card(encode_card(card))
    except SdtError as e:  # a number of 15 characters where the layout wants 18, and the like
        _named(e, "length", "type")
    else:
        assert again.number == card.number


def _named(error: SdtError, *reasons: str) -> None:
    assert error.reason in reasons
