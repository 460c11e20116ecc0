"""The office hears itself through the broker: a connection that stands and carries nothing is
noticed. Pure, time as an argument in monotonic seconds."""

from dataclasses import dataclass

from gate.sync.wire import encode_note

OWN_HEARTBEAT = "eg/1/office/hb"
EVERY_S = 10.0
DEAF_S = 30.0
"""So long after it was said, a heartbeat that has not come back counts as lost: three of them."""


@dataclass(slots=True)
class OwnHeartbeat:
    """Of one connection, which is named by `session`. `heard_s`: when the last one came back."""

    session: str
    began_s: float
    said_s: float | None = None
    heard_s: float | None = None

    def due(self, now_s: float) -> bool:
        """Whether the next heartbeat is due at `now_s`, monotonic."""
        return self.said_s is None or now_s - self.said_s >= EVERY_S

    def say(self, now_s: float) -> bytes:
        """The payload of a heartbeat that is sent at `now_s`, monotonic."""
        self.said_s = now_s
        return encode_note(session=self.session)

    def hear(self, said: dict[str, object], now_s: float) -> None:
        """One of an earlier connection, which the broker has kept, says nothing of this one."""
        if said.get("session") == self.session:
            self.heard_s = now_s

    def is_deaf(self, now_s: float) -> bool:
        """Whether our own heartbeats have not come back for too long at `now_s`, monotonic."""
        last_s = self.began_s if self.heard_s is None else self.heard_s
        return self.said_s is not None and now_s - last_s > DEAF_S + EVERY_S
