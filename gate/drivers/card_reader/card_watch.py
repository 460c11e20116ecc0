"""One look after another at the reader: find, select, read. Knows the module by `ask` alone.

Modules differ in what they say of a card that was read. Some find it again, some never, some at the
second try. So "no card" proves nothing. A failed find is followed by a request that only a card
that was read can answer, as the makers' own demos do. `card_table.TABLE` alone decides what is
reported of each look.
"""

from collections.abc import Callable
from typing import NamedTuple

from gate.core.card import IdCard
from gate.core.events import CardPresented, CardRemoved, CardUnreadable, Instant
from gate.drivers.card_reader.card_read import (
    LAY_AGAIN,
    NOT_AN_ID_CARD,
    Read,
    ReaderLink,
    read_card,
    reason_of,
)
from gate.drivers.card_reader.presence_table import LOST, TABLE, Presence, Sight, Tell
from gate.drivers.card_reader.sdt import Command, Reply, Status, StatusRemedy, damaged
from gate.drivers.card_reader.serial_faults import Silence, Stuck, noisy
from gate.errors import SdtError
from gate.ports import Clock

DWELL_S = 0.5
"""A contact that wobbles comes back sooner, a hand that lays a card again later."""

_NOISY_LOOKS_RESET, _NOISY_LOOKS_MAX = 5, 10
_FIND_ANYWAY_S = 5.0
_ITEMS = (Command.NEWEST_ADDRESS, Command.CHIP_NUMBER)

CardEvent = CardPresented | CardUnreadable | CardRemoved


class _Card(NamedTuple):
    card: IdCard
    found: Instant
    read_mono_ns: int


class _Failed(NamedTuple):
    reason: str
    found: Instant


_Look = _Card | _Failed | Sight


class Laying(NamedTuple):
    """What was told last of the reader's table.

    `number`: of the card that was presented, None where none was.
    """

    presence: Presence
    number: str | None


NOTHING_LIES = Laying(Presence.EMPTY, None)


class CardWatch:
    """One poll at a time; `tell` gets what happened, in order. `dwell_s`: how long a card that was
    read may be out of contact and still be the same laying. `laying`: what was told before the port
    was opened anew. It goes on where it is found again, and its end is told where it is not."""

    def __init__(
        self,
        link: ReaderLink,
        clock: Clock,
        tell: Callable[[CardEvent], None],
        dwell_s: float = DWELL_S,
        laying: Laying = NOTHING_LIES,
    ) -> None:
        self._link = link
        self._clock = clock
        self._tell = tell
        self._dwell_ns = round(dwell_s * 1e9)
        self._presence, self._number = laying
        if self._presence is Presence.READ or self._presence in LOST:
            self._presence = Presence.LIFTED
        self._failed: _Failed | None = None
        self._contact_ns = self._find_ns = 0
        self._presence_command: Command | None = None
        self._finds_again = False
        self._noisy_looks = 0

    @property
    def laying(self) -> Laying:
        """What was told last."""
        return Laying(self._presence, self._number)

    def begin(self) -> None:
        """Resets the module, so that a card it has read before is found anew.

        Then chooses the item whose answer means that a read card still lies there. It must be one
        that is not answered now.
        """
        self._link.reset()
        self._presence_command = self._unanswered_item()
        self._contact_ns = self._clock.now().mono_ns  # no look was possible until now

    def _unanswered_item(self) -> Command | None:
        for item in _ITEMS:
            try:
                if self._link.ask_twice(item).remedy is not StatusRemedy.NONE:
                    return item
            except SdtError:
                self._link.drain()
            except Silence:
                self._link.revive()
        return None

    def find_again(self) -> None:
        """What was read is found anew and presented once more, though it never left. The module is
        reset, because it may hide a card that it has read. Raises Stuck, and what `ReaderLink`
        raises otherwise."""
        if self._presence is not Presence.READ and self._presence not in LOST:
            return  # nothing lies there, or what does is tried again by itself
        self._presence, self._contact_ns = Presence.SOUGHT, self._clock.now().mono_ns
        self._link.reset()

    def poll(self) -> None:
        """Look once and read what is new. Stuck; what `ReaderLink` raises otherwise."""
        try:
            look = self._look()
        except SdtError as e:
            self._count_noise(e)
            return
        self._noisy_looks = 0
        self._settle(look)

    # -- from a look to what is told ---------------------------------------------------------------

    def _settle(self, look: _Look) -> None:
        now = self._clock.now()
        self._failed = look if isinstance(look, _Failed) else self._failed
        away = (self._presence in LOST and look is not Sight.STILL) or (
            self._presence is Presence.SOUGHT and look is Sight.NOTHING
        )
        if away and now.mono_ns - self._contact_ns >= self._dwell_ns:
            self._step(Sight.DWELL_OVER, look, now)
        sight = self._sight(look)
        if sight in (Sight.STILL, Sight.SAME, Sight.NEW):
            self._contact_ns = now.mono_ns
        self._finds_again |= sight is Sight.SAME and self._presence is Presence.READ
        self._step(sight, look, now)

    def _sight(self, look: _Look) -> Sight:
        if isinstance(look, _Card):
            return Sight.SAME if look.card.number == self._number else Sight.NEW
        if isinstance(look, _Failed):
            return Sight.NO_ID_CARD if look.reason == NOT_AN_ID_CARD else Sight.UNREADABLE
        return look

    def _step(self, sight: Sight, look: _Look, now: Instant) -> None:
        self._presence, tells = TABLE[self._presence, sight]
        for tell in tells:
            if tell is Tell.REMOVED:
                self._number = None
                self._tell(CardRemoved(now))
            elif tell is Tell.PRESENTED and isinstance(look, _Card):
                self._number = look.card.number
                self._tell(CardPresented(look.card, look.found, look.read_mono_ns))
            elif tell is Tell.UNREADABLE and self._failed is not None:
                self._number = None
                self._tell(CardUnreadable(self._failed.found, self._failed.reason))

    def _count_noise(self, error: SdtError) -> None:
        self._noisy_looks += 1
        if self._noisy_looks >= _NOISY_LOOKS_MAX:
            raise noisy() from error
        self._link.drain()
        if self._noisy_looks == _NOISY_LOOKS_RESET:
            self._link.reset()

    # -- one look ----------------------------------------------------------------------------------

    def _look(self) -> _Look:
        lay = self._presence not in (Presence.EMPTY, Presence.SOUGHT)
        if lay and self._presence_first() and self._still_there():
            return Sight.STILL
        reply = self._find()
        if reply.remedy is StatusRemedy.WAIT:
            return Sight.STILL if lay and self._still_there() else Sight.NOTHING
        if reply.remedy is StatusRemedy.RESEND:
            raise damaged("status")
        found = self._clock.now()
        self._find_ns = found.mono_ns
        if reply.sw3 != Status.CARD_FOUND:
            return _Failed(reason_of(reply), found)
        return self._read(found)

    def _presence_first(self) -> bool:
        """On a module that finds a read card again, each find costs a whole read.

        Every 5 s is enough in case it goes on answering for a card that has left.
        """
        since_ns = self._clock.now().mono_ns - self._find_ns
        was_read = self._presence is Presence.READ or self._presence in LOST
        return was_read and self._finds_again and since_ns < _FIND_ANYWAY_S * 1e9

    def _find(self) -> Reply:
        """One retry: a find may fail with the card there and the next one succeed."""
        reply = self._ask_alive(Command.FIND)
        return self._ask_alive(Command.FIND) if reply.remedy is StatusRemedy.WAIT else reply

    def _ask_alive(self, command: Command) -> Reply:
        """As `ask_twice`, climbing the ladder while the module is silent. Stuck at its top."""
        for rung in (self._link.revive, self._link.reset):
            try:
                return self._link.ask_twice(command)
            except Silence:
                rung()
                self._contact_ns = self._clock.now().mono_ns  # no look was possible meanwhile
        try:
            return self._link.ask_twice(command)
        except Silence as e:
            raise Stuck(e.en, e.zh) from e

    def _still_there(self) -> bool:
        """Twice, because one failure is no removal."""
        return any(self._answers_as_read() for _ in range(2))

    def _answers_as_read(self) -> bool:
        if self._presence_command is None:
            return False
        try:
            return self._link.ask_twice(self._presence_command).remedy is StatusRemedy.NONE
        except Silence:
            self._presence_command = None
            self._link.revive()
            return False

    def _read(self, found: Instant) -> _Look:
        """A card that moved is found and tried once more before anybody is troubled."""
        tries = 1 if self._presence is Presence.UNREAD else 2
        reason = LAY_AGAIN
        for n in range(tries):
            if n and self._find().sw3 != Status.CARD_FOUND:
                break
            read = read_card(self._link, self._clock)
            if isinstance(read, Read):
                return _Card(read.card, found, read.mono_ns)
            reason = read.reason
            if read.final:
                break
            self._link.reset()  # or a module that hides a card it has begun to read hides this one
        return _Failed(reason, found)
