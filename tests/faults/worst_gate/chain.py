"""A gate's journal in memory, as signed batches."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from nacl.signing import SigningKey

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.sync.wire import encode_batch


@dataclass(slots=True)
class Chain:
    gate: str
    epoch: str
    key: SigningKey
    seq: int = 0
    head: str = field(default=GENESIS)

    def batch(self, events: int, filling: str = "") -> tuple[bytes, int]:
        """The next `events` events, or as many of them as one batch takes; the last one's seq."""
        made, previous = [], self.head
        for seq in range(self.seq + 1, self.seq + events + 1):
            now = Instant(datetime.now(UTC), seq * 1_000_000, True)
            entry = JournalEntry("decision", now, {"ticket": f"{seq:012d}", "filling": filling})
            made.append(
                seal(
                    entry,
                    gate=self.gate,
                    epoch=self.epoch,
                    seq=seq,
                    boot="boot-1",
                    previous=previous,
                )
            )
            previous = str(made[-1]["hash"])
        payload, count = encode_batch(made, hist=False, key=self.key)
        self.seq, self.head = self.seq + count, str(made[count - 1]["hash"])
        return payload, self.seq
