"""What the office counts of the messages that came: believed, refused, contradicting."""

import time
from collections import Counter
from dataclasses import dataclass, field

from gate.errors import InputRejected
from gate.platform.printable_text import printable
from gate.sync.link import Message
from office.receiving.fair_queue import sender_of
from office.receiving.refusals import Refusals


@dataclass(slots=True)
class Counts:
    """What the receiver has counted since its start.

    `rejected`: messages that were not believed, `refusals` has them by gate and reason. `taken`:
    batches, heartbeats, states and alerts that were believed, by gate.
    """

    batches: int = 0
    events: int = 0
    rejected: int = 0
    conflicts: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    refusals: Refusals = field(default_factory=Refusals)

    def reject(self, what: str, message: Message, error: InputRejected) -> None:
        """Counts and logs a message that was not believed.

        `what`: a batch or a note.
        """
        self.reject_many(sender_of(message.topic), _reason(what, error))

    def reject_many(self, gate: str, reason: str, count: int = 1) -> None:
        """`gate` as a topic has it: anybody may have written it."""
        self.refusals.add(printable(gate[:64]), reason, time.monotonic(), count)
        self.rejected += count


def _reason(what: str, error: InputRejected) -> str:
    """Without what differs from message to message: a flood of garbage has few reasons."""
    return printable(f"{what}: {error.en.partition(':')[0].rstrip('.')}"[:160])
