"""What gates say of themselves, in memory: for people who look. Nothing that is stored rests on it.

A will (`lost`) may come late, after the gate is back: it counts only for the session that last said
`ready`. Whether a gate is alive is told by when it was heard last.
"""

import logging
from dataclasses import dataclass, field

from gate.sync.heartbeat import Heartbeat

log = logging.getLogger(__name__)

_ALERTS_KEPT = 20


@dataclass(slots=True)
class GateStatus:
    """What one gate has last said of itself; None before it has."""

    state: str | None = None
    session: str | None = None
    heard: str | None = None
    claims: int | None = None
    oldest_unsent_at: str | None = None
    vitals: dict[str, object] = field(default_factory=dict)
    alerts: list[dict[str, str]] = field(default_factory=list)


class Watch:
    """What each gate has last said of itself."""

    def __init__(self) -> None:
        self._gates: dict[str, GateStatus] = {}

    def beat(self, beat: Heartbeat, now: str) -> None:
        """Notes a heartbeat that was received at `now`."""
        seen = self.of(beat.gate)
        seen.heard, seen.claims = now, beat.seq
        seen.oldest_unsent_at, seen.vitals = beat.oldest_unsent_at, dict(beat.vitals)

    def note(self, gate: str, part: str, said: dict[str, str], now: str) -> None:
        """Notes what a gate said of itself at `now`.

        `part`: `state` or `alert`. `said`: bounded (office/receiving/unsigned_notes.py).
        """
        seen = self.of(gate)
        if part == "alert":
            log.error("ALARM: gate %s says: %s", gate, said.get("detail"))
            seen.alerts = [*seen.alerts, said | {"heard": now}][-_ALERTS_KEPT:]
            return
        state, session = str(said.get("state")), str(said.get("session"))
        if state == "lost" and session != seen.session and seen.session is not None:
            return  # the will of a connection that another one has followed
        seen.state, seen.session, seen.heard = state, session, now

    def seen(self, gate: str) -> dict[str, object]:
        """What `gate` has last said, ready for JSON."""
        seen = self._gates.get(gate, GateStatus())
        return {name: getattr(seen, name) for name in GateStatus.__slots__}

    def of(self, gate: str) -> GateStatus:
        """What `gate` has last said; begun where it has not been heard."""
        return self._gates.setdefault(gate, GateStatus())

    def take_over(self, seen: dict[str, GateStatus]) -> None:
        """What a worker has heard of its gates."""
        self._gates |= seen
