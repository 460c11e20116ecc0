"""What scanners send over a serial line, decoded: payloads with an end, and tickets in them. Pure.

A decoder takes bytes as they come and gives `Scanned` or `UnusablePayload`, never an exception. It
holds at most one payload, and is back in step after the next end of one, or after a silence.
Sources: the GM65 module's manual for the ends that it may be set to; MRZ and RFID have files of
their own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from gate.core.card import DocumentKind, Expiry, OddField

PAYLOAD_MAX = 512
"""Bytes. A longer one is no ticket: a QR code of 2,953 bytes is somebody's vaccination record."""

_END_MAX = 8
"""Bytes that the end of a payload may have."""

_TICKET = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_LINE_END = re.compile(rb"[\r\n]+")


class Refusal(StrEnum):
    """Why a payload names nobody."""

    TOO_LONG = "too-long"
    INCOMPLETE = "incomplete"
    NOT_TEXT = "not-text"
    PREFIX = "prefix"
    PATTERN = "pattern"
    FORM = "form"
    FRAME = "frame"
    CHECKSUM = "checksum"
    LINE_LENGTH = "line-length"
    CHARACTER = "character"
    CHECK_DIGIT = "check-digit"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a payload stands for: `handle` is `ticket` or `number` (of an identity document)."""

    handle: str
    value: str
    document: DocumentKind = DocumentKind.NOTICE
    valid_to: date | Expiry = Expiry.LONG_TERM
    odd: tuple[OddField, ...] = ()

    def __repr__(self) -> str:  # a log line must not carry a number
        return f"Scanned({self.handle}, {self.document})"


@dataclass(frozen=True, slots=True)
class UnusablePayload:
    """A payload that names nobody; what stood in it is not kept."""

    reason: Refusal


Item = Scanned | UnusablePayload


class Decoder(Protocol):
    """One scanner's bytes, in pieces of any size."""

    @property
    def midway(self) -> bool:
        """Whether a payload has begun: then a silence must be told by `gap`."""

    def feed(self, data: bytes) -> list[Item]:
        """The items that end in these bytes, in order."""

    def gap(self) -> list[Item]:
        """The line was silent in the middle of a payload."""


class LineDecoder:
    """Payloads that end with CR, LF or CR LF, with a text of the module's own, or with a silence.

    `read` says what a payload stands for. `end`: `line`, `gap`, or the text itself.
    """

    def __init__(self, read: Callable[[bytes], Item], end: str = "line") -> None:
        self._read = read
        self._ends_by_gap = end == "gap"
        self._end = _LINE_END if end == "line" else re.compile(re.escape(end.encode()))
        self._buffer = bytearray()
        self._skipping = False

    @property
    def midway(self) -> bool:
        """Whether a payload has begun and not ended."""
        return bool(self._buffer) or self._skipping

    def feed(self, data: bytes) -> list[Item]:
        """The items that end in these bytes, in order."""
        items: list[Item] = []
        self._buffer += data
        if not self._ends_by_gap:
            *whole, rest = self._end.split(bytes(self._buffer))
            self._buffer[:] = rest
            for payload in whole:
                items += self._take(payload)
        if len(self._buffer) > PAYLOAD_MAX:
            if not self._skipping:
                items.append(UnusablePayload(Refusal.TOO_LONG))
            self._skipping = True
            del self._buffer[:-_END_MAX]  # an end may have begun
        return items

    def gap(self) -> list[Item]:
        """The line has been silent: what was begun ends here, or is incomplete."""
        payload, skipping = bytes(self._buffer), self._skipping
        self._buffer.clear()
        self._skipping = False
        if skipping:
            return []
        return [self._read(payload)] if self._ends_by_gap else [UnusablePayload(Refusal.INCOMPLETE)]

    def _take(self, payload: bytes) -> list[Item]:
        if self._skipping:
            self._skipping = False
            return []
        if len(payload) > PAYLOAD_MAX:
            return [UnusablePayload(Refusal.TOO_LONG)]
        return [self._read(payload)] if payload else []


class TicketText:
    """The ticket number in a payload.

    `prefix`, `suffix`: what the module, or a notice's web address, puts around it; a payload
    without them is somebody else's. `pattern`: a regular expression whose one group is the ticket,
    searched for after both are gone.
    """

    def __init__(self, prefix: str = "", suffix: str = "", pattern: str = "") -> None:
        self._prefix, self._suffix = prefix, suffix
        self._pattern = re.compile(pattern, re.ASCII) if pattern else None

    def __call__(self, payload: bytes) -> Item:
        try:
            text = payload.decode("utf-8").strip(" \t")
        except UnicodeDecodeError:
            return UnusablePayload(Refusal.NOT_TEXT)
        if not (text.startswith(self._prefix) and text.endswith(self._suffix)):
            return UnusablePayload(Refusal.PREFIX)
        text = text[len(self._prefix) : len(text) - len(self._suffix)]
        if self._pattern is not None:
            found = self._pattern.search(text)
            if found is None or found[1] is None:
                return UnusablePayload(Refusal.PATTERN)
            text = found[1]
        ticket = text.strip()
        return (
            Scanned("ticket", ticket)
            if _TICKET.fullmatch(ticket)
            else UnusablePayload(Refusal.FORM)
        )


class Presence:
    """Tells a new presentation from the repeats of one that lasts.

    A tag that lies there is sent ten times a second. A notice under a module that reads
    continuously is sent once a second.
    """

    def __init__(self, again_s: float) -> None:
        self._again_ns = int(again_s * 1e9)
        self._last: Scanned | None = None
        self._seen_ns = 0

    def is_new(self, scanned: Scanned, mono_ns: int) -> bool:
        """Whether `scanned` was not there within the last `again_s`; it has been seen now."""
        lasting = scanned == self._last and mono_ns - self._seen_ns <= self._again_ns
        self._last, self._seen_ns = scanned, mono_ns
        return not lasting
