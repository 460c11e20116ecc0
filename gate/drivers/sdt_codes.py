"""Commands and statuses of the SDT protocol, the statuses sorted by remedy."""

from enum import Enum, IntEnum


class Command(Enum):
    """CMD and PARA bytes of a request."""

    RESET = b"\x10\xff"
    STATUS = b"\x11\xff"
    SAM_ID = b"\x12\xff"
    FIND = b"\x20\x01"
    SELECT = b"\x20\x02"
    READ = b"\x30\x01"
    READ_WITH_FINGERPRINTS = b"\x30\x10"
    NEWEST_ADDRESS = b"\x30\x03"
    CHIP_NUMBER = b"\x30\x05"
    SET_RF_FRAME = b"\x61\xff"


class Remedy(Enum):
    """What a status asks of whoever gets it."""

    NONE = "done"
    WAIT = "no card yet"
    LAY_AGAIN = "move the card away and lay it again"
    NOT_AN_ID_CARD = "another kind of card"
    RESEND = "noise on the line"
    READER_FAULT = "the module itself is at fault"


class Status(IntEnum):
    """SW3. SW1 and SW2 are the card's own and say nothing about success."""

    DONE = 0x90
    NO_SUCH_ITEM = 0x91
    CARD_FOUND = 0x9F
    NO_CARD = 0x80
    SELECT_FAILED = 0x81
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    MODULE_NOT_AUTHENTICATED = 0x31
    CARD_NOT_AUTHENTICATED = 0x32
    VERIFICATION_FAILED = 0x33
    NOT_FOUND_YET = 0x34
    CARD_TYPE_UNKNOWN = 0x40
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    NOT_PERMITTED = 0x23
    UNRECOGNISED = 0x24
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66


_REMEDY = {
    Remedy.NONE: (Status.DONE, Status.NO_SUCH_ITEM, Status.CARD_FOUND),
    Remedy.WAIT: (Status.NO_CARD,),
    Remedy.LAY_AGAIN: (
        Status.SELECT_FAILED, Status.READ_FAILED, Status.RANDOM_FAILED, Status.NOT_FOUND_YET,
        Status.MODULE_NOT_AUTHENTICATED, Status.CARD_NOT_AUTHENTICATED, Status.VERIFICATION_FAILED,
    ),
    Remedy.NOT_AN_ID_CARD: (Status.CARD_TYPE_UNKNOWN,),
    Remedy.RESEND: (
        Status.BAD_CHECKSUM, Status.BAD_LENGTH, Status.BAD_COMMAND, Status.NOT_PERMITTED,
        Status.UNRECOGNISED,
    ),
    Remedy.READER_FAULT: (Status.SELF_TEST_FAILED, Status.NOT_AUTHORISED),
}  # fmt: skip
REMEDY_OF = {int(status): remedy for remedy, statuses in _REMEDY.items() for status in statuses}
