"""The mirror: decisions as flat JSON for tools of others, off unless the office switches it on.

It names no candidate and proves nothing. What is lost of it is lost: batches carry the truth.
"""

from gate.core.json_types import JsonObject
from gate.core.records import JournalEvent
from gate.ports import Journal
from gate.sync.envelope import compact
from gate.sync.wire import Topics

KINDS = frozenset({"decision", "verdict"})
FIELDS = (
    *("seq", "at", "clock", "kind", "paper", "room", "source", "document", "outcome", "reason"),
    *("doubtful", "score", "normalised", "threshold", "fmr", "frames", "quality", "attempt"),
)


AT_ONCE = 50
"""Events looked at in one go."""


class Mirror:
    """Of one connection under `topics`, from the journal's place `seq` on: what happened before
    lies in the batches."""

    def __init__(self, topics: Topics, seq: int) -> None:
        self._topics, self._seq = topics, seq

    async def fresh(self, journal: Journal, *, is_on: bool) -> list[bytes]:
        """Payloads of what was journaled since the last call; none while it is off.
        StorageRefused."""
        first, head = self._seq + 1, journal.head.seq
        if not is_on:
            self._seq = head
        if not is_on or first > head:
            return []
        events = await journal.read(first, AT_ONCE)
        self._seq += len(events)
        return [found for e in events if (found := mirrored(e, self._topics)) is not None]


def mirrored(event: JournalEvent, topics: Topics) -> bytes | None:
    """The payload for `event`; None for one that is not mirrored."""
    if event["kind"] not in KINDS:
        return None
    flat: JsonObject = {"gate": topics.gate, "site": topics.site, "exam": topics.exam}
    flat |= {name: value for name, value in event.items() if name in FIELDS}
    return compact(flat)
