"""How gates of one site come to know the same: each numbers its own entries and asks for gaps.

The numbers are those of the gate's own journal, so a restart gives the same. A message that is
played again holds nothing new. What was heard counts once it is in the journal. Nothing here waits
for anybody, and a site without a network loses nothing but the knowledge of the others.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from nacl.signing import SigningKey

from gate.core.events import PeersHeard
from gate.core.records import JournalEvent
from gate.core.site_entries import SiteEntry, entry_of
from gate.errors import InputRejected, Refused
from gate.sync.site_wire import PAGE, SitePage, decode_page, encode_page

log = logging.getLogger(__name__)

EPOCHS_MAX = 8
"""Journals of one gate that are listened to: a gate begins a new one when its disk is lost."""

WAITING_MAX = 200
ASK_S = 2.0
"""Between two questions, and half of it between two answers to one gate."""
ASK_MAX_S = 60.0
"""What a gate cannot tell any more is asked for ever more rarely."""
PAGES_AT_ONCE = 5


class DoubleAlert(NamedTuple):
    """A double that the office is to be told of. `who`: paper and the beginning of the keyed
    number. `place`: epoch and number of its journal event. `this_run`: it was found since the
    start."""

    other_gate: str
    who: str
    place: tuple[str, int]
    this_run: bool

    def is_told(self, epoch: str, receipted: int) -> bool:
        """Whether the office has it from an earlier run: its receipt covers the event. `receipted`:
        up to which number of `epoch`."""
        return not self.this_run and self.place[0] == epoch and self.place[1] <= receipted


class SiteExchange:
    """Of the gate `gate`. Called from the loop's thread only; time is given in seconds."""

    def __init__(self, gate: str, signing: SigningKey) -> None:
        self._gate = gate
        self._signing = signing
        self._exam = ""
        self._keys: Mapping[str, bytes] = {}
        self._epoch = ""
        self._own: dict[str, list[SiteEntry]] = {}
        self._have: dict[str, dict[tuple[str, str], int]] = {}
        self._deliver: Callable[[PeersHeard], None] | None = None
        self.alerts: deque[DoubleAlert] = deque(maxlen=WAITING_MAX)
        self.refused: Counter[str] = Counter()
        self._totals: dict[tuple[str, str], int] = {}
        self._told = 0
        self._asks_first = False
        self._asked_s, self._wait_s = float("-inf"), ASK_S
        self._answered_s: dict[str, float] = {}
        self._resend_from: int | None = None

    # -- from this gate's own journal ------------------------------------------------------------

    def use(self, exam: str, keys: Mapping[str, bytes]) -> None:
        """The exam, and the gates of the site with the keys that they sign with."""
        if exam != self._exam:
            self._totals = {}
        self._exam = exam
        self._keys = {gate: key for gate, key in keys.items() if gate != self._gate}
        self.connected()

    def deliver_to(self, deliver: Callable[[PeersHeard], None]) -> None:
        """Who is given what was heard, on the loop's thread."""
        self._deliver = deliver

    def add(self, event: JournalEvent, *, this_run: bool = True) -> None:
        """An event of this gate's own journal, of this run or an earlier one."""
        exam, kind = event.get("exam"), event["kind"]
        if event["epoch"] != self._epoch:
            self._epoch, self._own = event["epoch"], {}
        if not exam:
            return
        if kind == "heard":
            known = self._have.setdefault(exam, {})
            place = event["from_gate"], event["from_epoch"]
            known[place] = max(known.get(place, 0), event["to"])
            self._wait_s = ASK_S
            return
        if kind == "double" and event["key"]:
            who = f"{event['paper']} {event['key'][:16]}"
            at = event["epoch"], event.get("seq", 0)
            self.alerts.append(DoubleAlert(event["other_gate"], who, at, this_run))
        entry = entry_of(event)
        if entry is not None:
            self._own.setdefault(exam, []).append(entry)

    @property
    def peers(self) -> tuple[str, ...]:
        """The other gates of the site."""
        return tuple(self._keys)

    # -- from the broker -------------------------------------------------------------------------

    def connected(self) -> None:
        """The broker is there: say what there is, and ask for what is not known."""
        self._told, self._asks_first = 0, True
        self._asked_s, self._wait_s = float("-inf"), ASK_S

    def hear(self, gate: str, payload: bytes, now_s: float) -> None:
        """A message under the topic of `gate`. InputRejected where it is not believed; the reason
        is counted."""
        if gate == self._gate or not self._keys:
            return
        try:
            page = decode_page(payload, self._keys)
            if (page.gate, page.exam) != (gate, self._exam):
                raise InputRejected("A page of entries under another gate's or exam's topic.")
            self._take(page)
        except InputRejected as e:
            self.refused["signature" if isinstance(e, Refused) else "form"] += 1
            raise
        self._note_question(page, now_s)

    def _take(self, page: SitePage) -> None:
        known = self._have.setdefault(self._exam, {})
        place = page.gate, page.epoch
        if place not in known and sum(g == page.gate for g, _ in known) >= EPOCHS_MAX:
            raise InputRejected(f"Gate {page.gate} tells of too many journals.")
        known_to = known.get(place, 0)
        if page.first <= known_to + 1 and page.last > known_to:
            fresh = page.entries[known_to + 1 - page.first :]
            if self._deliver is not None:
                self._deliver(PeersHeard(self._exam, page.gate, page.epoch, page.last, fresh))
        self._totals[place] = max(page.total, self._totals.get(place, 0))

    def _note_question(self, page: SitePage, now_s: float) -> None:
        if page.have is None:
            return
        theirs = page.have.get((self._gate, self._epoch), 0)
        recently = now_s - self._answered_s.get(page.gate, float("-inf")) < ASK_S / 2
        if theirs >= len(self._entries) or recently:
            return
        self._answered_s[page.gate] = now_s
        before = self._resend_from
        self._resend_from = theirs if before is None else min(theirs, before)

    @property
    def _entries(self) -> list[SiteEntry]:
        return self._own.get(self._exam, [])

    # -- to the broker ---------------------------------------------------------------------------

    def outgoing(self, now_s: float) -> list[tuple[bytes, bool]]:
        """Payloads to be published now, each with whether the broker retains it. The newest page
        is retained: who comes later sees that there is something to ask for."""
        if not self._keys or not self._epoch:
            return []
        pages: list[tuple[SitePage, bool]] = []
        entries = self._entries
        while self._resend_from is not None and len(pages) < PAGES_AT_ONCE:
            pages.append((self._page(self._resend_from, None), False))
            done = self._resend_from + PAGE
            self._resend_from = done if done < len(entries) else None
        asks = self._asks_first or (self._lacks and now_s - self._asked_s >= self._wait_s)
        if asks or len(entries) > self._told:
            have = dict(self._have.get(self._exam, {})) if asks else None
            pages.append((self._page(max(len(entries) - PAGE, self._told), have), True))
            if asks:
                self._wait_s = ASK_S if self._asks_first else min(2 * self._wait_s, ASK_MAX_S)
                self._asks_first, self._asked_s = False, now_s
            self._told = len(entries)
        return [(encode_page(page, self._signing), retain) for page, retain in pages]

    @property
    def _lacks(self) -> bool:
        """Whether some gate has told of more than is known of it."""
        known = self._have.get(self._exam, {})
        return any(known.get(place, 0) < total for place, total in self._totals.items())

    def _page(self, after: int, have: Mapping[tuple[str, str], int] | None) -> SitePage:
        entries = self._entries
        part = tuple(entries[after : after + PAGE])
        return SitePage(
            self._exam,
            self._gate,
            self._epoch,
            after + 1,
            after + len(part),
            len(entries),
            part,
            have,
        )
