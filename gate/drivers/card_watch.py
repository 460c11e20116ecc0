"""Find, select, read, and whether a card still lies there. Knows the module by `ask` alone.

Modules differ in what they say of a card that was read. Some find it again, some never, some at
the second try, so "no card" proves nothing: as the makers' own demos do, a failed find is followed
by a read of the newest address, which only a card that was read can answer. And a find that
succeeds without a gap before it may be the same card, or another laid in its place: it is read
again and told only if the number differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gate.core.card import IdCard
from gate.core.events import CardPresented, CardRemoved, CardUnreadable, Instant
from gate.drivers.sdt import Command, Remedy, Reply, Status, text_block
from gate.drivers.sdt_text import parse_card
from gate.drivers.serial_link import Silence
from gate.errors import ReaderMissing, SdtError
from gate.ports import Clock

LAY_AGAIN = "lay-again"
NOT_AN_ID_CARD = "not-an-id-card"
LINE_NOISE = "line-noise"

_REASON = {Remedy.NOT_AN_ID_CARD: NOT_AN_ID_CARD, Remedy.RESEND: LINE_NOISE}
_NOISY_POLLS_MAX = 5

CardEvent = CardPresented | CardUnreadable | CardRemoved


class Link(Protocol):
    """What `SerialLink` gives."""

    def ask(self, command: Command) -> Reply: ...
    def ask_twice(self, command: Command) -> Reply: ...
    def drain(self) -> None: ...
    def prove_alive(self) -> None: ...


@dataclass(slots=True)
class _Lying:
    """What lies there. `number` None: it could not be read. `missed`: the module has said "no
    card" since, so that the next find is a new laying."""

    number: str | None
    missed: bool = False


class CardWatch:
    """One poll at a time; `tell` gets what happened, in order."""

    def __init__(self, link: Link, clock: Clock, tell: Callable[[CardEvent], None]) -> None:
        self._link = link
        self._clock = clock
        self._tell = tell
        self._lying: _Lying | None = None
        self._asks_address = True
        self._noisy_polls = 0

    def poll(self) -> None:
        """Look once and read what is new. ReaderMissing; what `Link` raises otherwise."""
        try:
            reply = self._find()
        except SdtError as e:
            self._count_noise(e)
            return
        self._noisy_polls = 0
        if reply.sw3 == Status.CARD_FOUND:
            found = self._clock.now()
            self._settle(found, self._read())
        elif reply.remedy in (Remedy.LAY_AGAIN, Remedy.NOT_AN_ID_CARD):
            self._settle(self._clock.now(), _reason(reply))
        else:
            self._nothing_found()

    def _find(self) -> Reply:
        """One retry: a find may fail with the card there and the next one succeed."""
        reply = self._ask_alive(Command.FIND)
        return self._ask_alive(Command.FIND) if reply.sw3 == Status.NO_CARD else reply

    def _ask_alive(self, command: Command) -> Reply:
        try:
            return self._link.ask_twice(command)
        except Silence:
            self._link.drain()
            self._link.prove_alive()
            return self._link.ask_twice(command)

    def _count_noise(self, error: SdtError) -> None:
        self._noisy_polls += 1
        if self._noisy_polls >= _NOISY_POLLS_MAX:
            raise ReaderMissing(
                "The card reader's line is too noisy: check its cable, shorten it or lower the "
                "speed.",
                "读卡器线路干扰严重：请检查或更换连接线，或降低波特率。",
            ) from error

    def _read(self) -> tuple[IdCard, int] | str:
        """The card and when its last byte came, or why it could not be read."""
        try:
            selected = self._link.ask(Command.SELECT)
            # After noise the module may have selected all the same; the read tells.
            if selected.remedy not in (Remedy.NONE, Remedy.RESEND):
                return _reason(selected)
        except SdtError:
            self._link.drain()
        except Silence:
            self._link.drain()
            self._link.prove_alive()
            return LAY_AGAIN
        return self._read_selected()

    def _read_selected(self) -> tuple[IdCard, int] | str:
        noisy = False
        for _ in range(2):
            try:
                reply = self._link.ask(Command.READ)
                read_mono_ns = self._clock.now().mono_ns
            except SdtError:
                noisy = True
                self._link.drain()
                continue
            except Silence:
                self._link.drain()
                self._link.prove_alive()
                return LINE_NOISE
            if reply.remedy is Remedy.RESEND:
                noisy = True
                continue
            if reply.sw3 != Status.DONE:
                return LINE_NOISE if noisy else _reason(reply)
            return _parsed(reply, read_mono_ns)
        return LINE_NOISE

    def _settle(self, found: Instant, read: tuple[IdCard, int] | str) -> None:
        lying = self._lying
        if isinstance(read, str):
            self._settle_unreadable(found, read)
            return
        card, read_mono_ns = read
        if lying and lying.number == card.number and not lying.missed:
            return
        if lying and (lying.number or lying.missed):
            self._tell(CardRemoved(found))
        self._lying = _Lying(card.number)
        self._tell(CardPresented(card, found, read_mono_ns))
        self._look_after_read()

    def _settle_unreadable(self, found: Instant, reason: str) -> None:
        """A card that could not be read is told once and tried again quietly while it lies."""
        if self._lying and not self._lying.missed:
            return
        if self._lying:
            self._tell(CardRemoved(found))
        self._lying = _Lying(None)
        self._tell(CardUnreadable(found, reason))

    def _look_after_read(self) -> None:
        """At once, so that a module which hides a read card is known before the next poll."""
        try:
            if self._find().sw3 != Status.CARD_FOUND:
                self._nothing_found()
        except SdtError:
            self._link.drain()

    def _nothing_found(self) -> None:
        if self._lying is None:
            return
        if self._answers_as_read():
            self._lying.missed = True
            return
        self._lying = None
        self._tell(CardRemoved(self._clock.now()))

    def _answers_as_read(self) -> bool:
        if not self._asks_address:
            return False
        try:
            return self._link.ask_twice(Command.NEWEST_ADDRESS).remedy is Remedy.NONE
        except SdtError:
            self._link.drain()
            return True  # noise proves nothing; the next poll asks again
        except Silence:
            self._link.drain()
            self._link.prove_alive()
            self._asks_address = False
            return False


def _parsed(reply: Reply, read_mono_ns: int) -> tuple[IdCard, int] | str:
    try:
        return parse_card(text_block(reply)), read_mono_ns
    except SdtError as e:
        return NOT_AN_ID_CARD if e.reason == "type" else LAY_AGAIN


def _reason(reply: Reply) -> str:
    return _REASON.get(reply.remedy, LAY_AGAIN)
