"""How fast a gate sends: below the rates at which the broker's guard refuses. Pure."""

from dataclasses import dataclass

from gate.sync.envelope import MAX_BYTES

MESSAGES_PER_S, MESSAGES_BURST = 30.0, 200.0
BYTES_PER_S, BYTES_BURST = 768 * 1024.0, 4 * 1024 * 1024.0
"""Of batches: three quarters of the guard's rates and half its bursts
(firmware_config/mosquitto/guard/limits.h); states, alerts and heartbeats come on top."""


@dataclass(slots=True)
class Pace:
    """What may still be sent, over all connections; `now_s`: monotonic seconds."""

    messages: float = MESSAGES_BURST
    size: float = BYTES_BURST
    at_s: float | None = None

    def may_send(self, now_s: float) -> bool:
        """Whether there is room for a batch of any size."""
        passed = 0.0 if self.at_s is None else max(0.0, now_s - self.at_s)
        self.at_s = now_s
        self.messages = min(MESSAGES_BURST, self.messages + passed * MESSAGES_PER_S)
        self.size = min(BYTES_BURST, self.size + passed * BYTES_PER_S)
        return self.messages >= 1 and self.size >= MAX_BYTES

    def note_sent(self, size: int) -> None:
        """A message was sent.

        `size`: bytes of the payload.
        """
        self.messages -= 1
        self.size -= size
