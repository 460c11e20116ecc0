"""Commands and statuses of the SDT protocol, the statuses sorted by remedy."""

from enum import Enum, IntEnum


class Command(Enum):
    """CMD and PARA bytes of a request; of SET_BAUD the CMD alone: its PARA is the
    place of a speed in `BAUDS`."""

    RESET = b"\x10\xff"
    STATUS = b"\x11\xff"
    SAM_ID = b"\x12\xff"
    FIND = b"\x20\x01"
    SELECT = b"\x20\x02"
    READ = b"\x30\x01"
    READ_WITH_FINGERPRINTS = b"\x30\x10"
    NEWEST_ADDRESS = b"\x30\x03"
    NEWEST_ADDRESS_OLD = b"\x30\x02"  # what two of six sources call it
    CHIP_NUMBER = b"\x30\x05"
    SET_BAUD = b"\x60"
    SET_RF_FRAME = b"\x61\xff"


BAUDS = (115200, 57600, 38400, 19200, 9600)
"""Line speeds; the place of one is the PARA of SET_BAUD."""


class StatusRemedy(Enum):
    """What a status asks of the caller who gets it."""

    NONE = "done"
    WAIT = "wait: no card yet"
    LAY_AGAIN = "take the card away and lay it again"
    NOT_AN_ID_CARD = "another kind of card: use the ID card"
    RESEND = "noise on the line: send once more"
    READER_FAULT = "reader fault: stop and call"


class Status(IntEnum):
    """SW3. SW1 and SW2 are the card's own and say nothing about success."""

    DONE = 0x90
    NO_SUCH_ITEM = 0x91
    CARD_FOUND = 0x9F
    NO_CARD = 0x80
    SELECT_FAILED = 0x81
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    WRITE_FAILED = 0x50
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
    LOGIN_FAILED = 0x61
    NOT_AUTHORISED = 0x66


MEANING = {
    Status.DONE: "done",
    Status.NO_SUCH_ITEM: "the card holds no such item, such as a newest address",
    Status.CARD_FOUND: "a card was found",
    Status.NO_CARD: "no card was found, or the one there was read already",
    Status.SELECT_FAILED: "the card could not be selected",
    Status.READ_FAILED: "reading the card failed",
    Status.RANDOM_FAILED: "the card gave no random number",
    Status.WRITE_FAILED: "writing the card failed",
    Status.MODULE_NOT_AUTHENTICATED: "the card did not authenticate the module",
    Status.CARD_NOT_AUTHENTICATED: "the module did not authenticate the card",
    Status.VERIFICATION_FAILED: "what the card says does not verify",
    Status.NOT_FOUND_YET: "no card has been found yet",
    Status.CARD_TYPE_UNKNOWN: "the card is of a kind the module does not know",
    Status.BAD_CHECKSUM: "the module got a wrong checksum",
    Status.BAD_LENGTH: "the module got a wrong length, or half a request",
    Status.BAD_COMMAND: "the module does not know the request, or not now",
    Status.NOT_PERMITTED: "the request is not permitted",
    Status.UNRECOGNISED: "an error the module does not recognise",
    Status.SELF_TEST_FAILED: "the module's self-test failed",
    Status.LOGIN_FAILED: "the module's user is not logged in",
    Status.NOT_AUTHORISED: "the module is not authorised: its keys were never loaded",
}

_REMEDY = {
    StatusRemedy.NONE: (Status.DONE, Status.NO_SUCH_ITEM, Status.CARD_FOUND),
    StatusRemedy.WAIT: (Status.NO_CARD,),
    StatusRemedy.LAY_AGAIN: (
        Status.SELECT_FAILED, Status.READ_FAILED, Status.RANDOM_FAILED, Status.WRITE_FAILED,
        Status.NOT_FOUND_YET, Status.MODULE_NOT_AUTHENTICATED, Status.CARD_NOT_AUTHENTICATED,
        Status.VERIFICATION_FAILED,
    ),
    StatusRemedy.NOT_AN_ID_CARD: (Status.CARD_TYPE_UNKNOWN,),
    StatusRemedy.RESEND: (
        Status.BAD_CHECKSUM, Status.BAD_LENGTH, Status.BAD_COMMAND, Status.NOT_PERMITTED,
        Status.UNRECOGNISED,
    ),
    StatusRemedy.READER_FAULT: (
        Status.SELF_TEST_FAILED, Status.LOGIN_FAILED, Status.NOT_AUTHORISED,
    ),
}  # fmt: skip
REMEDY_OF = {int(status): remedy for remedy, statuses in _REMEDY.items() for status in statuses}

ABOUT_A_CARD = frozenset(
    s
    for s in Status
    if REMEDY_OF[s] in (StatusRemedy.WAIT, StatusRemedy.LAY_AGAIN, StatusRemedy.NOT_AN_ID_CARD)
) | {Status.NO_SUCH_ITEM}
"""Statuses that answer nothing but a request about a card."""
