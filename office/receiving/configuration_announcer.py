"""Announces on each gate's retained topic which configuration it should go by."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from nacl.signing import SigningKey

from gate.core.configuration import Changes
from gate.sync.configuration_wire import encode_desired
from office.distribution.configuration import desired_now
from office.home import Home
from office.receiving import wall_clock
from office.receiving.gate_topics import topics_of
from office.store.database import OfficeStore

LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class ConfigurationAnnouncer:
    """Of the office at `home` with its open `store`. Signed anew each day: a gate takes none that
    is older than a week."""

    home: Home
    store: OfficeStore
    signing: SigningKey
    _told: dict[str, tuple[Changes, str]] = field(default_factory=dict)
    """By topic: what was said of it, and on which day."""
    _looked_s: float | None = None
    _stamp: tuple[object, ...] | None = None

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Topic and payload of what is to be published, retained, at `now_s`, monotonic.
        StorageRefused, StorageDamaged."""
        if self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S:
            return []
        self._looked_s = now_s
        at = datetime.fromisoformat(wall_clock.now()).astimezone(UTC)
        day = f"{at:%Y-%m-%d}"
        stamp = (*self.store.commands.stamp(), day)
        if stamp == self._stamp:
            return []
        self._stamp = stamp
        wanted = desired_now(self.store, at)
        heard = {gate: exam for exam, _, gate, _ in self.store.gates()} if wanted else {}
        now = {
            topics.cfg: (gate, changes)
            for gate, changes in wanted.items()
            for topics in topics_of(self.home, gate, heard.get(gate), "configuration")
        }
        gone = [(topic, b"") for topic in self._told if topic not in now]
        fresh = [
            (topic, encode_desired(gate, changes, at, self.signing))
            for topic, (gate, changes) in now.items()
            if self._told.get(topic) != (changes, day)
        ]
        self._told = {topic: (changes, day) for topic, (_, changes) in now.items()}
        return fresh + gone

    def forget(self) -> None:
        """Our connection is new, and the broker may be: everything is said again."""
        self._told, self._looked_s, self._stamp = {}, None, None
