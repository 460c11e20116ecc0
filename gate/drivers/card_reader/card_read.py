"""Select a card that was found, and read it: once, as far as a damaged line allows."""

from typing import NamedTuple, Protocol

from gate.core.card import IdCard
from gate.drivers.card_reader.sdt import Command, Reply, Status, StatusRemedy, text_block
from gate.drivers.card_reader.sdt_text import parse_card
from gate.drivers.card_reader.serial_faults import Silence
from gate.errors import SdtError
from gate.ports import Clock

LAY_AGAIN = "lay-again"
NOT_AN_ID_CARD = "not-an-id-card"
LINE_NOISE = "line-noise"
_REASON = {StatusRemedy.NOT_AN_ID_CARD: NOT_AN_ID_CARD, StatusRemedy.RESEND: LINE_NOISE}


class ReaderLink(Protocol):
    """What `SerialLink` gives."""

    def ask(self, command: Command) -> Reply:
        """One request, one reply. Silence; SdtError (damaged bytes); LinkClosing; ReaderMissing."""

    def ask_twice(self, command: Command) -> Reply:
        """As `ask`, and sends again once when the line was noisy."""

    def drain(self) -> None:
        """Drops what comes until the line has been quiet for one gap."""

    def revive(self) -> None:
        """Brings a silent module back. Stuck."""

    def reset(self) -> None:
        """The module forgets the card it holds and finds it anew. Stuck."""


class Read(NamedTuple):
    """A card that was read.

    `mono_ns`: when the last byte had come.
    """

    card: IdCard
    mono_ns: int


class Failed(NamedTuple):
    """`reason` as `CardUnreadable` has it; `final`: another try would not change it."""

    reason: str
    final: bool = False


def reason_of(reply: Reply) -> str:
    """Why nothing was read, from a status."""
    return _REASON.get(reply.remedy, LAY_AGAIN)


def read_card(link: ReaderLink, clock: Clock) -> Read | Failed:
    """The card that was found. ReaderMissing where the module or its port fails."""
    try:
        selected = link.ask(Command.SELECT)
        # After noise the module may have selected all the same; the read tells.
        if selected.remedy not in (StatusRemedy.NONE, StatusRemedy.RESEND):
            return _failed(selected)
    except SdtError:
        link.drain()
    except Silence:
        link.revive()
        return Failed(LAY_AGAIN)
    return _read_selected(link, clock)


def _read_selected(link: ReaderLink, clock: Clock) -> Read | Failed:
    """Twice where the line was noisy: some modules give it again, others answer 41 then."""
    noisy = False
    for _ in range(2):
        try:
            reply = link.ask(Command.READ)
            read_mono_ns = clock.now().mono_ns
        except SdtError:
            noisy = True
            link.drain()
            continue
        except Silence:
            link.revive()
            return Failed(LINE_NOISE)
        if reply.remedy is StatusRemedy.RESEND:
            noisy = True
        elif reply.sw3 == Status.DONE:
            return _parsed(reply, read_mono_ns)
        else:
            return Failed(LINE_NOISE) if noisy else _failed(reply)
    return Failed(LINE_NOISE)


def _failed(reply: Reply) -> Failed:
    reason = reason_of(reply)
    return Failed(reason, final=reason == NOT_AN_ID_CARD)


def _parsed(reply: Reply, read_mono_ns: int) -> Read | Failed:
    """What was read whole would be read so again."""
    try:
        return Read(parse_card(text_block(reply)), read_mono_ns)
    except SdtError as e:
        return Failed(NOT_AN_ID_CARD if e.reason == "type" else LAY_AGAIN, final=True)
