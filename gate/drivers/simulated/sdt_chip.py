"""What a simulated module answers: its state table. Pure; the wire is sdt_module's."""

from enum import Enum, StrEnum

from gate.drivers.card_reader.sdt import BAUDS, Command, Reply, Request, Status
from gate.drivers.simulated.sdt_cards import SimulatedCard
from gate.drivers.simulated.sdt_wire import LINE_FAULTS


class Place(Enum):
    """How far the module has come with the card in its field."""

    EMPTY = "empty"
    PRESENT = "present"
    FOUND = "found"
    SELECTED = "selected"
    READ = "read"


class Mode(StrEnum):
    """What modules in the field do when a card that was read is looked for again.

    Sticky ones say no card until it is taken away. Alternate ones find it at the second try. Free
    ones find it at once and let it be read again.
    """

    STICKY = "sticky"
    ALTERNATE = "alternate"
    FREE = "free"


FAULTS = {
    "card-pulled": "the next read answers 41 and the card is gone",
    "unreadable": "every read answers 41 while the card lies there",
    "wrong-card": "selecting answers 40: not an identity card",
    "find-missed": "the next find answers 80 though a card lies there",
    "read-noise": "one bit of every card is flipped",
    **LINE_FAULTS,
    "reader-faulty": "every command answers 60: self-test failed",
    "reader-unauthorised": "every command answers 66: keys not loaded",
    "reader-hung": "nothing is answered until a reset (10 FF)",
    "reset-slow": "after a reset nothing is answered for 1.5 s",
    "reader-silent": "nothing is answered",
    "reader-unplugged": "the port is gone; off plugs it in again under the same name",
}
"""What each does."""

SAM_ID = bytes.fromhex("05000100D5AF34014E61BC0015CD5B07")
_READS = (Command.READ, Command.READ_WITH_FINGERPRINTS)
_ITEMS = (Command.NEWEST_ADDRESS, Command.NEWEST_ADDRESS_OLD, Command.CHIP_NUMBER)
_FAILED = {
    Command.SELECT: Status.SELECT_FAILED,
    **dict.fromkeys((*_READS, *_ITEMS), Status.READ_FAILED),
}
_LIMITS = {
    Command.SET_BAUD: range(len(BAUDS)),
    Command.SET_RF_FRAME: range(24, 256),
}
"""The values that a setting takes."""

_ALWAYS: dict[Command | None, Reply] = {
    Command.RESET: Reply(Status.DONE),
    Command.STATUS: Reply(Status.DONE),
    Command.SAM_ID: Reply(Status.DONE, SAM_ID),
}


class Chip:
    """The module without its wire. `card`: what lies on it; `faults`: those of `FAULTS` that are
    on, of which the ones about the wire are left to its owner."""

    def __init__(self, mode: Mode) -> None:
        self.card: SimulatedCard | None = None
        self.place = Place.EMPTY
        self.faults: set[str] = set()
        self._mode = mode
        self._refused = False

    def lay(self, card: SimulatedCard) -> None:
        """Lays `card` on the reader."""
        self.card = card
        self._place()

    def lift(self) -> None:
        """Takes the card away."""
        self.card = None
        self._place()

    def answer(self, request: Request) -> Reply:
        """The reply to a request that came whole, and the step it causes."""
        if "reader-faulty" in self.faults:
            return Reply(Status.SELF_TEST_FAILED)
        if "reader-unauthorised" in self.faults:
            return Reply(Status.NOT_AUTHORISED)
        if request.command in _FAILED:
            return self._with_card(request.command)
        if request.command is Command.FIND:
            return self._find()
        if request.command is Command.RESET:
            self.restart()
        if request.command in _LIMITS:
            known = len(request.data) == 1 and request.data[0] in _LIMITS[request.command]
            return Reply(Status.DONE if known else Status.BAD_COMMAND)
        return _ALWAYS.get(request.command, Reply(Status.BAD_COMMAND))

    def restart(self) -> None:
        """As after power came back: what lies there has not been found yet."""
        self._place()

    def _place(self) -> None:
        self.place = Place.PRESENT if self.card else Place.EMPTY
        self._refused = False

    def _find(self) -> Reply:
        if self.place is Place.EMPTY or "find-missed" in self.faults:
            self.faults.discard("find-missed")
            return Reply(Status.NO_CARD)
        if self.place in (Place.SELECTED, Place.READ) and self._refuses():
            return Reply(Status.NO_CARD)
        self.place = Place.FOUND
        return Reply(Status.CARD_FOUND, bytes(4))

    def _refuses(self) -> bool:
        if self._mode is Mode.ALTERNATE:
            self._refused = not self._refused
            return self._refused
        return self._mode is Mode.STICKY

    def _with_card(self, command: Command) -> Reply:
        card, place = self.card, self.place
        if card is None:
            return Reply(_FAILED[command])
        if command is Command.SELECT and place is Place.FOUND:
            return self._select()
        read_again = place is Place.READ and self._mode is Mode.FREE
        if command in _READS and (place is Place.SELECTED or read_again):
            return self._read(card, command)
        if command in _ITEMS and place in (Place.SELECTED, Place.READ):
            return card.chip_number() if command is Command.CHIP_NUMBER else card.newest_address()
        return Reply(_FAILED[command])

    def _select(self) -> Reply:
        if "wrong-card" in self.faults:
            self._place()
            return Reply(Status.CARD_TYPE_UNKNOWN)
        self.place = Place.SELECTED
        return Reply(Status.DONE, bytes(8))

    def _read(self, card: SimulatedCard, command: Command) -> Reply:
        """A card that was not read whole must be found again."""
        if "card-pulled" in self.faults:
            self.faults.discard("card-pulled")
            self.lift()
            return Reply(Status.READ_FAILED)
        if "unreadable" in self.faults:
            self._place()
            return Reply(Status.READ_FAILED)
        self.place = Place.READ
        return card.text_and_photo() if command is Command.READ else card.with_fingerprints()
