"""What a simulated module answers: its state table. Pure; the wire is sdt_module's."""

from enum import Enum, StrEnum

from gate.drivers.sdt import Command, Reply, Request, Status
from gate.drivers.simulated.sdt_cards import SimulatedCard


class Place(Enum):
    """How far the module has come with the card in its field."""

    EMPTY = "empty"
    PRESENT = "present"
    FOUND = "found"
    SELECTED = "selected"
    READ = "read"


class Mode(StrEnum):
    """What modules in the field do when a card that was read is looked for again: sticky ones say
    no card until it is taken away, alternate ones find it at the second try, free ones at once and
    let it be read again."""

    STICKY = "sticky"
    ALTERNATE = "alternate"
    FREE = "free"


SAM_ID = bytes.fromhex("05000100D5AF34014E61BC0015CD5B07")
_FAILED = {
    Command.SELECT: Status.SELECT_FAILED,
    Command.READ: Status.READ_FAILED,
    Command.NEWEST_ADDRESS: Status.READ_FAILED,
}


class Chip:
    """The module without its wire. `card` is what lies on it."""

    def __init__(self, mode: Mode) -> None:
        self.card: SimulatedCard | None = None
        self.place = Place.EMPTY
        self._mode = mode
        self._refused = False

    def lay(self, card: SimulatedCard) -> None:
        self.card = card
        self._place()

    def lift(self) -> None:
        self.card = None
        self._place()

    def answer(self, request: Request) -> Reply:
        """The reply to a request that came whole, and the step it causes."""
        match request.command:
            case Command.RESET:
                self._place()
                return Reply(Status.DONE)
            case Command.STATUS | Command.SET_RF_FRAME:
                return Reply(Status.DONE)
            case Command.SAM_ID:
                return Reply(Status.DONE, SAM_ID)
            case Command.FIND:
                return self._find()
            case Command.SELECT | Command.READ | Command.NEWEST_ADDRESS as command:
                return self._with_card(command)
            case _:
                return Reply(Status.BAD_COMMAND)

    def fail(self, command: Command) -> Reply:
        """The reply of a command that the card did not carry; it must be found again."""
        self._place()
        return Reply(_FAILED[command])

    def _place(self) -> None:
        self.place = Place.PRESENT if self.card else Place.EMPTY
        self._refused = False

    def _find(self) -> Reply:
        if self.place is Place.EMPTY:
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
            self.place = Place.SELECTED
            return Reply(Status.DONE, bytes(8))
        read_again = place is Place.READ and self._mode is Mode.FREE
        if command is Command.READ and (place is Place.SELECTED or read_again):
            self.place = Place.READ
            return card.text_and_photo()
        if command is Command.NEWEST_ADDRESS and place in (Place.SELECTED, Place.READ):
            return card.newest_address()
        return Reply(_FAILED[command])
