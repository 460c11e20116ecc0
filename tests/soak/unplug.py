"""The reader unplugged and plugged in again at every step of a read."""

import asyncio
import random
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import monotonic

from gate.core.card import IdCard
from gate.core.events import CardPresented, ReaderBack, ReaderLost
from gate.drivers.card_reader.reader import Patience, SerialCardReader
from gate.drivers.card_reader.sdt import Command, Request
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.sdt_wire import Perfect, Piece
from tests.soak.cards import Inbox, WallClock, people

STEPS = (
    Command.STATUS,
    Command.RESET,
    Command.NEWEST_ADDRESS,
    Command.FIND,
    Command.SELECT,
    Command.READ,
    "in the data",
)
HANG_S = 5.0


@dataclass
class Tally:
    rounds: int = 0
    presented: int = 0
    """Rounds after which the card that lay there came, whole."""
    wrong: int = 0
    not_lost: int = 0
    not_back: int = 0
    longest_lost_s: float = 0.0
    longest_back_s: float = 0.0
    longest_card_s: float = 0.0

    @property
    def good(self) -> bool:
        slow = max(self.longest_lost_s, self.longest_back_s, self.longest_card_s) > HANG_S
        bad = self.wrong + self.not_lost + self.not_back
        return self.presented == self.rounds and not bad and not slow

    def summary(self) -> dict[str, float]:
        return asdict(self)


class Hand:
    """Pulls the plug at a step, on the module's own thread; as a wire, between two bytes."""

    def __init__(self, seed: int) -> None:
        self.module: SdtModule | None = None
        self.pulled = threading.Event()
        self._random = random.Random(seed)
        self._step: Command | str | None = None

    def arm(self, step: Command | str) -> None:
        self.pulled.clear()
        self._step = step

    def heard(self, request: Request) -> None:
        opening = self._step is Command.STATUS and request.command is Command.RESET
        if request.command is self._step or opening:  # a module that boots may miss the status
            self._pull()

    def carry(self, data: bytes) -> Iterator[Piece]:
        cut = self._random.randrange(1, 80) if len(data) > 1000 else None
        for n, piece in enumerate(Perfect().carry(data)):
            if n == cut and self._step == STEPS[-1]:
                self._pull()
            yield piece

    def _pull(self) -> None:
        assert self.module
        self._step = None
        self.module.fault("reader-unplugged", True)
        self.pulled.set()


async def run(
    rounds: int,
    seed: int,
    latency_scale: float,
    paced: bool,
    poll_s: float = 0.3,
    patience: Patience | None = None,
) -> Tally:
    """In every other round another card lies there when the plug goes in again."""
    tally, hand = Tally(), Hand(seed)
    cards = people(rounds + 1, seed)
    module = SdtModule(latency_scale=latency_scale, paced=paced, wire=hand, heard=hand.heard)
    with module:
        hand.module = module
        module.lay(cards[0])
        reader = SerialCardReader(module.port, 115200, WallClock(), poll_s, patience, dwell_s=0)
        async with reader, asyncio.TaskGroup() as group:
            inbox = Inbox(reader)
            filling = group.create_task(inbox.fill())
            for n in range(rounds):
                before, after = cards[n // 2], cards[(n + 1) // 2]
                await _round(STEPS[n % len(STEPS)], before, after, hand, module, inbox, tally)
            filling.cancel()
    return tally


async def _round(
    step: Command | str,
    before: IdCard,
    after: IdCard,
    hand: Hand,
    module: SdtModule,
    inbox: Inbox,
    tally: Tally,
) -> None:
    tally.rounds += 1
    since = len(inbox.events)
    hand.arm(step)
    if step in (Command.SELECT, Command.READ, STEPS[-1]):  # a card that was read is not read again
        await asyncio.to_thread(module.lift)
        await asyncio.to_thread(module.lay, before)
    elif step in (Command.STATUS, Command.RESET):  # asked when the port is opened
        await asyncio.to_thread(module.fault, "reader-unplugged", True)
        await inbox.until(ReaderLost, since)
        await asyncio.to_thread(module.fault, "reader-unplugged", False)
    await asyncio.to_thread(hand.pulled.wait, 15)
    began = monotonic()
    tally.not_lost += not await inbox.until(ReaderLost, since)
    tally.longest_lost_s = max(tally.longest_lost_s, monotonic() - began)
    await asyncio.to_thread(module.lay, after)
    plugged, began = len(inbox.events), monotonic()
    await asyncio.to_thread(module.fault, "reader-unplugged", False)
    tally.not_back += not await inbox.holds(lambda: _is_there(inbox))
    tally.longest_back_s = max(tally.longest_back_s, monotonic() - began)
    came = await inbox.until(CardPresented, plugged)
    tally.longest_card_s = max(tally.longest_card_s, monotonic() - began)
    _count(came, before, after, since, plugged, inbox, tally)


def _is_there(inbox: Inbox) -> bool:
    """What was last told of the reader. On a busy machine it may be back before the plug is pulled
    in the round's step. It may be pulled so shortly that nobody is told of a loss."""
    told = [e for e, _ in inbox.events if isinstance(e, ReaderLost | ReaderBack)]
    return isinstance(told[-1], ReaderBack)


def _count(
    came: bool, before: IdCard, after: IdCard, since: int, plugged: int, inbox: Inbox, tally: Tally
) -> None:
    def cards(first: int) -> list[IdCard]:
        return [e.card for e, _ in inbox.events[first:] if isinstance(e, CardPresented)]

    tally.presented += came and cards(plugged) == [after]
    tally.wrong += sum(card not in (before, after) for card in cards(since))
    tally.wrong += sum(card != after for card in cards(plugged))
