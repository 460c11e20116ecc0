"""Which commands are published now.

A gate that was away gets what it missed. A command is published when it is new, and when its gate
says that it is ready. It goes again now and then, until the gate has answered or it has expired.
"""

from office.home import Home
from office.receiving import wall_clock
from office.receiving.gate_topics import topics_of
from office.store.database import OfficeStore

LOOK_EVERY_S = 0.5
AGAIN_S = 60.0
AT_ONCE = 200
"""Commands published in one go: the broker's queues stay short."""


class CommandOutbox:
    """Of the office at `home` with its open `store`."""

    def __init__(self, home: Home, store: OfficeStore) -> None:
        self._home = home
        self._store = store
        self._published: dict[tuple[str, str], float] = {}
        self._looked_s: float | None = None

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Topic and payload of what is to be published at `now_s`, monotonic. StorageRefused,
        StorageDamaged."""
        if self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S:
            return []
        self._looked_s = now_s
        waiting = self._store.commands.unanswered(wall_clock.now())
        still = {(name, gate) for name, gate, _ in waiting}
        self._published = {k: at for k, at in self._published.items() if k in still}
        late = [w for w in waiting if self._is_due(w[0], w[1], now_s)][:AT_ONCE]
        if not late:
            return []
        heard = {gate: exam for exam, _, gate, _ in self._store.gates()}
        found: list[tuple[str, bytes]] = []
        for name, gate, record in late:
            self._published[name, gate] = now_s
            places = topics_of(self._home, gate, heard.get(gate), "command")
            found.extend((topics.cmd, record) for topics in places)
        return found

    def _is_due(self, name: str, gate: str, now_s: float) -> bool:
        last = self._published.get((name, gate))
        return last is None or now_s - last >= AGAIN_S

    def is_back(self, gate: str) -> None:
        """`gate` has begun a connection: what it has not answered goes again at once."""
        self._published = {k: at for k, at in self._published.items() if k[1] != gate}
        self._looked_s = None

    def forget(self) -> None:
        """Our own connection is new: nothing counts as published."""
        self._published, self._looked_s = {}, None
