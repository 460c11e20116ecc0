"""A thousand cards in a row through pseudo-terminal and driver, and what came of each."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import monotonic, monotonic_ns

from gate.core.card import DocumentKind, Expiry, IdCard, check_character, icao_check
from gate.core.events import CardPresented, CardRemoved, CardUnreadable, Instant
from gate.drivers.card_reader.reader import Patience, SerialCardReader
from gate.drivers.card_reader.sdt_text import WITH_CHIP
from gate.drivers.simulated.sdt_module import SdtModule
from gate.ports import ReaderEvent

LONGEST_S = 15.0
"""A card that has not come by then is missed."""


class WallClock:
    boot = "soak"

    def now(self) -> Instant:
        return Instant(datetime.now(UTC), monotonic_ns(), True)


def people(count: int, seed: int) -> list[IdCard]:
    """`count` cards of all kinds that have a chip, no number twice."""
    rng = random.Random(seed)
    return [_card(n, rng) for n in range(count)]


def _card(n: int, rng: random.Random) -> IdCard:
    born = date(1960, 1, 1) + timedelta(days=rng.randrange(18000))
    kind = rng.choice(WITH_CHIP)
    until = rng.choice([date(2035, 1, 1), Expiry.LONG_TERM, Expiry.UNKNOWN])
    name = rng.choice([f"测试{n}", f"阿·测 试{n}", "测"])
    if kind is DocumentKind.FOREIGNER and n % 2:
        first_14 = f"KAZ{n:04d}{born:%y%m%d}1"
        number, name = first_14 + icao_check(first_14), f"TEST, ALPHA {n}"
    else:
        region = {"residence-permit": "810000", "foreigner": "932682"}.get(kind, "110105")
        first_17 = f"{region}{born:%Y%m%d}{n % 1000:03d}"
        number = first_17 + check_character(first_17)
    return IdCard(kind, number, name, date(2020, 1, 1), until)


@dataclass
class Tally:
    cards: int = 0
    right: int = 0
    wrong: int = 0
    twice: int = 0
    missed: int = 0
    unreadable: int = 0
    lost: int = 0
    seconds: float = 0.0
    wire_to_event_ms: list[float] = field(default_factory=list)

    @property
    def good(self) -> bool:
        bad = self.wrong + self.twice + self.missed + self.unreadable + self.lost
        return self.right == self.cards and not bad

    def summary(self) -> dict[str, float]:
        ordered = sorted(self.wire_to_event_ms)
        counts = {k: v for k, v in asdict(self).items() if not isinstance(v, list)}
        return counts | {
            "wire_to_event_ms_median": ordered[len(ordered) // 2],
            "wire_to_event_ms_max": ordered[-1],
        }


class Inbox:
    """Takes every event the moment it comes."""

    def __init__(self, reader: SerialCardReader) -> None:
        self.events: list[tuple[ReaderEvent, int]] = []
        self._reader = reader
        self._more = asyncio.Event()

    async def fill(self) -> None:
        async for event in self._reader.events():
            self.events.append((event, monotonic_ns()))
            self._more.set()

    async def until(self, kind: type, since: int) -> bool:
        """Whether an event of `kind` has come after the first `since` ones, within `LONGEST_S`."""
        return await self.holds(lambda: any(isinstance(e, kind) for e, _ in self.events[since:]))

    async def holds(self, met: Callable[[], bool]) -> bool:
        """Whether `met` holds at once or after an event that comes within `LONGEST_S`."""
        try:
            async with asyncio.timeout(LONGEST_S):
                while not met():
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            return False
        return True


async def run(
    count: int,
    seed: int,
    latency_scale: float,
    paced: bool,
    poll_s: float = 0.3,
    patience: Patience | None = None,
    hand_s: Callable[[], float] = lambda: 0.0,
    show: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Each card is laid when the one before has left the field; `hand_s`: what hands take."""
    tally, began = Tally(cards=count), monotonic()
    with SdtModule(latency_scale=latency_scale, paced=paced) as module:
        reader = SerialCardReader(module.port, 115200, WallClock(), poll_s, patience)
        async with reader, asyncio.TaskGroup() as group:
            inbox = Inbox(reader)
            filling = group.create_task(inbox.fill())
            for card in people(count, seed):
                await _one(card, module, inbox, tally, hand_s)
                show(tally)
            filling.cancel()
    tally.seconds = round(monotonic() - began, 1)
    return tally


async def _one(
    card: IdCard, module: SdtModule, inbox: Inbox, tally: Tally, hand_s: Callable[[], float]
) -> None:
    since = len(inbox.events)
    await asyncio.to_thread(module.lay, card)
    if not await inbox.until(CardPresented, since):
        tally.missed += 1
    sent_ns = module.last_byte_mono_ns
    await asyncio.sleep(hand_s())
    await asyncio.to_thread(module.lift)
    await asyncio.sleep(hand_s())
    _count(card, inbox.events[since:], sent_ns, tally)


def _count(card: IdCard, events: list[tuple[ReaderEvent, int]], sent_ns: int, tally: Tally) -> None:
    presented = [(e, at) for e, at in events if isinstance(e, CardPresented)]
    right = [at for e, at in presented if e.card == card]
    tally.right += bool(right)
    tally.twice += max(0, len(right) - 1)
    tally.wrong += len(presented) - len(right)
    tally.unreadable += sum(isinstance(e, CardUnreadable) for e, _ in events)
    others = (CardPresented, CardUnreadable, CardRemoved)
    tally.lost += sum(not isinstance(e, others) for e, _ in events)
    if right and sent_ns <= right[0]:
        tally.wire_to_event_ms.append((right[0] - sent_ns) / 1e6)
