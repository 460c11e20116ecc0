"""What to send next: a pure function of the journal's head, the office's receipt and what this
connection has under way. Beyond a connection lives only what it sent in vain (`tried_so_far`): it
changes the order and nothing else, so losing it loses nothing."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gate.core.backoff import backoff_s
from gate.ports import Receipt
from gate.sync.wire import MAX_EVENTS

WINDOW = 4
"""Batches under way at most; the backlog uses one less, so that a live event never waits."""

RESEND_S = 10.0
RESEND_MAX_S = 300.0
"""Without a receipt a batch goes again after `RESEND_S`, doubled for each time in a row."""

FLUSH_S = 1.0
"""A live event waits so long for others to travel with, unless they fill a batch before."""

RETRY_S = 1.0
RETRY_MAX_S = 30.0
"""Between two attempts to connect: a random part of `RETRY_S`, doubled for each failure."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Slice:
    """Events `first` to `last`, both included. `hist`: backlog, not live."""

    first: int
    last: int
    hist: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A part of the journal that was sent at `at_s`, in monotonic seconds."""

    part: Slice
    at_s: float


@dataclass(frozen=True, slots=True)
class SendWindow:
    """One connection's sending. Events from `live_from` on happened while it stood. `listening`:
    the office has not said that it is away. `unheard`: batches in a row that ran into their
    timeout. `strange`: the office's database is newer than our receipt, and may not know us.
    `flush_at_s`: until then live events are collected. `tried`: went out without moving the
    receipt; goes again behind what has not been tried. `asked`: goes once more because the office
    asked for it, receipted or not."""

    live_from: int
    listening: bool = True
    sent: tuple[Sent, ...] = ()
    unheard: int = 0
    strange: bool = False
    flush_at_s: float = -math.inf
    tried: tuple[Range, ...] = ()
    asked: tuple[Range, ...] = ()

    @property
    def width(self) -> int:
        """Batches that may be under way: fewer each time that no receipt came, one while the
        office says that it is away."""
        return max(1, WINDOW >> self.unheard) if self.listening else 1

    @property
    def timeout_s(self) -> float:
        """After how many seconds without a receipt a part is sent again."""
        if not self.listening:
            return RESEND_MAX_S
        return backoff_s(self.unheard, RESEND_S, RESEND_MAX_S)


def reconnect_delay_s(failures: int, chance: float) -> float:
    """Full jitter, `chance` drawn from 0 to 1: gates that lost one broker together must not come
    back together. `failures`: attempts in a row that did not stand."""
    return chance * backoff_s(failures, RETRY_S, RETRY_MAX_S)


def begin(head: int, receipt: Receipt | None, tried: Iterable[Range] = ()) -> SendWindow:
    """A new connection of a journal that stands at `head`.

    `tried`: what the connection before sent in vain. Sending goes on behind that, or from the start
    where nothing is left. Two cards of one name end each other's connections at the broker. If each
    began at the start, the rest of a long backlog would never be sent. Only one of the two need
    know that it is forked.
    """
    tried = tuple(tried)
    left = _without(unstored(head, receipt), tried)
    return SendWindow(live_from=head + 1, tried=tried if left else ())


def tried_so_far(window: SendWindow) -> tuple[Range, ...]:
    """What this connection sent without moving the receipt."""
    return _joined(window.tried, _ranges(window.sent))


def next_slice(
    head: int, receipt: Receipt | None, window: SendWindow, now_s: float = math.inf
) -> Slice | None:
    """The next events to send, None when there is nothing to send now. Live before backlog; within
    each the lowest first, which is what the receipt misses."""
    free = window.width - len(window.sent)
    to_send = unstored(head, receipt)
    if window.strange and head and not to_send:  # one event makes a new database say what it lacks
        to_send = [(head, head)]
    wanted = _without(_joined(to_send, window.asked), _ranges(window.sent))
    untried = _without(wanted, window.tried)
    if untried or not window.unheard:
        wanted = untried
    for first, last in _clipped(wanted, window.live_from, head):
        if now_s < window.flush_at_s and last - first + 1 < MAX_EVENTS:
            break
        return _slice(first, last, hist=False) if free > 0 else None
    for first, last in _clipped(wanted, 1, window.live_from - 1):
        return _slice(first, last, hist=True) if free > (window.width > 1) else None
    return None


def unstored(head: int, receipt: Receipt | None) -> list[Range]:
    """What the office has not said it has, up to `head`."""
    if receipt is None:
        return [(1, head)] if head else []
    known = max(receipt.high, receipt.top)
    return [*receipt.missing, (known + 1, head)] if known < head else list(receipt.missing)


def backlog(head: int, receipt: Receipt | None) -> int:
    """How many events the office has not receipted."""
    return sum(last - first + 1 for first, last in unstored(head, receipt))


def note_grown(window: SendWindow, now_s: float) -> SendWindow:
    """The journal has grown. The first event after a pause opens the time in which others are
    collected; none waits longer than `FLUSH_S`."""
    if now_s < window.flush_at_s:
        return window
    return replace(window, flush_at_s=now_s + FLUSH_S)


def note_leaving(window: SendWindow) -> SendWindow:
    """The connection is about to end: nothing is collected any more."""
    return replace(window, flush_at_s=-math.inf)


def note_sent(window: SendWindow, part: Slice, now_s: float) -> SendWindow:
    """`part` was sent at `now_s`."""
    asked = tuple(_without(window.asked, [(part.first, part.last)]))
    return replace(window, sent=(*window.sent, Sent(part, now_s)), asked=asked)


def note_asked(window: SendWindow, ranges: Iterable[Range]) -> SendWindow:
    """The office asked for these events once more: each goes once, whatever is receipted."""
    asked = _joined(window.asked, ranges)
    return replace(window, asked=asked, tried=tuple(_without(window.tried, asked)))


def note_receipt(window: SendWindow, old: Receipt | None, new: Receipt) -> SendWindow:
    """What is stored is no longer under way. After a change of generation nothing is: the office's
    database may stand lower than before."""
    if old is not None and old.generation != new.generation:
        return replace(window, sent=(), unheard=0, strange=False, tried=())
    ends = [(s, unstored(s.part.last, new)) for s in window.sent]
    under_way = tuple(s for s, open_ in ends if any(_clipped(open_, s.part.first, s.part.last)))
    stands_still = old is not None and _said(old) == _said(new)
    tried = window.tried if stands_still else ()
    return replace(window, sent=under_way, unheard=0, tried=tried)


def note_alive(window: SendWindow) -> SendWindow:
    """The office has just spoken, whatever its last known state was.

    The message that it is back may be lost like any other. A gate that waits for that message would
    send one batch in five minutes.
    """
    return window if window.listening else _anew(window)


def note_fork(window: SendWindow) -> SendWindow:
    """The office has another journal's events in the places of ours, and keeps what came as a
    conflict. It gets the rest of ours too, once in a connection; none of it is receipted."""
    return replace(window, sent=(), unheard=0, tried=tried_so_far(window))


def note_time(window: SendWindow, now_s: float) -> SendWindow:
    """Batches without a receipt for too long are no longer under way: they will be sent again."""
    fresh = tuple(s for s in window.sent if now_s < s.at_s + window.timeout_s)
    if len(fresh) == len(window.sent):
        return window
    over = _ranges(s for s in window.sent if s not in fresh)
    is_new_round = not _without(over, window.tried)
    tried = _joined((), over) if is_new_round else _joined(window.tried, over)
    return replace(window, sent=fresh, unheard=window.unheard + 1, tried=tried)


def note_office(
    window: SendWindow, listening: bool, *, just_now: bool, strange: bool = False
) -> SendWindow:
    """An office that has just come is sent everything it has not receipted, at once.

    What was sent before may have met a broker that knew no reader for it.
    """
    window = replace(window, strange=strange)
    if listening and (just_now or not window.listening):
        return _anew(window)
    return replace(window, listening=listening)


def _anew(window: SendWindow) -> SendWindow:
    """Somebody listens, and nothing counts as sent."""
    return replace(window, listening=True, sent=(), unheard=0, tried=())


def _slice(first: int, last: int, *, hist: bool) -> Slice:
    return Slice(first, min(last, first + MAX_EVENTS - 1), hist)


def _clipped(ranges: Iterable[Range], low: int, high: int) -> list[Range]:
    cut = ((max(first, low), min(last, high)) for first, last in ranges)
    return [(first, last) for first, last in cut if first <= last]


def _said(receipt: Receipt) -> tuple[object, ...]:
    return receipt.high, receipt.top, receipt.missing


def _ranges(sent: Iterable[Sent]) -> list[Range]:
    return [(s.part.first, s.part.last) for s in sent]


def _joined(some: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """In order, and neighbours made one: as short as what they cover allows."""
    joined: list[Range] = []
    for first, last in sorted([*some, *others]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """`ranges` without `taken`."""
    ranges = list(ranges)
    for low, high in taken:
        ranges = [
            part
            for first, last in ranges
            for part in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if part[0] <= part[1]
        ]
    return ranges
