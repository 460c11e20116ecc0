"""The SDT protocol of second-generation ID-card modules (GA/T 467): requests and replies.

Pure: no port, no clock. How bytes become frames is in sdt_frames.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gate.drivers.card_reader.sdt_codes import (
    ABOUT_A_CARD,
    BAUDS,
    REMEDY_OF,
    Command,
    Status,
    StatusRemedy,
)
from gate.drivers.card_reader.sdt_frames import (
    HEADER,
    LONGEST,
    PREAMBLE,
    FrameDecoder,
    checksum,
    damaged,
    encode_frame,
)

__all__ = [
    "BAUDS",
    "HEADER",
    "LONGEST",
    "PREAMBLE",
    "Command",
    "Decoder",
    "FrameDecoder",
    "Reply",
    "Request",
    "RequestDecoder",
    "Status",
    "StatusRemedy",
    "checksum",
    "chip_number",
    "damaged",
    "decode_reply",
    "decode_request",
    "encode_frame",
    "encode_reply",
    "encode_request",
    "newest_addresses",
    "sam_id",
    "set_baud",
    "text_block",
]

TEXT_SIZE = 256
ADDRESS_SIZE, ADDRESSES_MAX = 70, 4
CHIP_NUMBER_SIZE = 28


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends. `code`: CMD and PARA, which a module may not know."""

    code: bytes
    data: bytes = b""

    @property
    def command(self) -> Command | None:
        """The command, None for one that is not known."""
        return Command(self.code) if self.code in _COMMANDS else None


_COMMANDS = frozenset(c.value for c in Command)
_DATA_SIZES: dict[Command, Callable[[int], bool]] = {
    Command.FIND: lambda n: False,  # its success is 9F
    Command.SELECT: lambda n: n <= 8,  # 8 in every manual; what they say is the card's affair
    Command.SAM_ID: lambda n: n == 16,
    Command.READ: lambda n: n > TEXT_SIZE,
    Command.READ_WITH_FINGERPRINTS: lambda n: n > TEXT_SIZE,
    Command.NEWEST_ADDRESS: lambda n: 0 < n <= ADDRESS_SIZE * ADDRESSES_MAX,
    Command.NEWEST_ADDRESS_OLD: lambda n: 0 < n <= ADDRESS_SIZE * ADDRESSES_MAX,
    Command.CHIP_NUMBER: lambda n: n == CHIP_NUMBER_SIZE,
}
"""Lengths of the data that a success of the command may have; of the others it has none."""

_ABOUT_THE_MODULE = frozenset(
    {Command.RESET, Command.STATUS, Command.SAM_ID, Command.SET_BAUD, Command.SET_RF_FRAME}
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a module answers. `sw3` is the status; `data` may hold personal data: never log it."""

    sw3: int
    data: bytes = b""
    sw12: bytes = b"\0\0"

    @property
    def remedy(self) -> StatusRemedy:
        """An unknown status counts as noise: asking once more is harmless."""
        return REMEDY_OF.get(self.sw3, StatusRemedy.RESEND)

    def fits(self, command: Command) -> bool:
        """Whether this can be the answer to `command`.

        Replies do not name their request, so a late one is recognised by its shape. 9F answers a
        find only, and a card's data a read only. A fault of a card never answers a question about
        the module.
        """
        if self.sw3 == Status.CARD_FOUND:
            return command is Command.FIND
        if self.sw3 == Status.DONE:
            has_size = _DATA_SIZES.get(command)
            return has_size(len(self.data)) if has_size is not None else not self.data
        if self.sw3 == Status.NO_SUCH_ITEM:
            return command not in (Command.FIND, Command.SELECT, *_ABOUT_THE_MODULE)
        return not (self.sw3 in ABOUT_A_CARD and command in _ABOUT_THE_MODULE)

    def __repr__(self) -> str:
        return f"Reply({self.sw3:02X}, {len(self.data)} bytes)"


def encode_request(command: Command, data: bytes = b"") -> bytes:
    """The frame of a request."""
    return encode_frame(command.value + data)


def encode_reply(reply: Reply) -> bytes:
    """The frame of a reply."""
    return encode_frame(reply.sw12 + bytes([reply.sw3]) + reply.data)


def set_baud(baud: int) -> bytes:
    """The request that brings the module to `baud`, one of `BAUDS`, for good; it answers at the
    old speed and changes 5 ms later."""
    return encode_request(Command.SET_BAUD, bytes([BAUDS.index(baud)]))


def decode_request(body: bytes) -> Request:
    """The request in the body of a frame."""
    size = 1 if body[:1] == Command.SET_BAUD.value else 2
    return Request(body[:size], body[size:])


def decode_reply(body: bytes) -> Reply:
    """The reply in the body of a frame."""
    return Reply(body[2], body[3:], body[:2])


def Decoder() -> FrameDecoder[Reply]:
    """For a client: decodes replies."""
    return FrameDecoder(decode_reply, shortest=4)


def RequestDecoder() -> FrameDecoder[Request]:
    """For a module: decodes requests."""
    return FrameDecoder(decode_request, shortest=3)


def text_block(reply: Reply) -> bytes:
    """The 256 text bytes of a good read reply; portrait and fingerprints are left behind.

    SdtError (`reason` shape) where the lengths within it do not fit.
    """
    data = reply.data
    sizes = [int.from_bytes(data[i : i + 2], "big") for i in (0, 2, 4)]
    plain = len(data) == 4 + sum(sizes[:2])
    with_fingerprints = len(data) == 6 + sum(sizes)
    if sizes[0] != TEXT_SIZE or not (plain or with_fingerprints):
        raise damaged("shape")
    start = 4 if plain else 6
    return data[start : start + TEXT_SIZE]


def newest_addresses(reply: Reply) -> tuple[str, ...]:
    """What NEWEST_ADDRESS returned, as stored on the card; () where it holds none.

    SdtError (`reason` shape or encoding).
    """
    data = reply.data
    if reply.sw3 == Status.NO_SUCH_ITEM:
        return ()
    if len(data) % ADDRESS_SIZE or not 0 < len(data) <= ADDRESS_SIZE * ADDRESSES_MAX:
        raise damaged("shape")
    each = (data[i : i + ADDRESS_SIZE] for i in range(0, len(data), ADDRESS_SIZE))
    try:
        return tuple(raw.decode("utf-16-le").rstrip(" \0") for raw in each)
    except UnicodeDecodeError as e:
        raise damaged("encoding") from e


def chip_number(reply: Reply) -> bytes:
    """The 28 bytes of CHIP_NUMBER; what they mean is not published. SdtError (shape)."""
    if len(reply.data) != CHIP_NUMBER_SIZE:
        raise damaged("shape")
    return reply.data


def sam_id(reply: Reply) -> str:
    """The module's number as its label prints it, from the reply to SAM_ID. SdtError."""
    if len(reply.data) != 16:
        raise damaged("shape")
    fields = [(0, 2), (2, 4), (4, 8), (8, 12), (12, 16)]
    a, b, made, d, e = (int.from_bytes(reply.data[i:j], "little") for i, j in fields)
    return f"{a:02d}.{b:02d}-{made:08d}-{d:010d}-{e:010d}"
