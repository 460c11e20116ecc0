"""Which commands are published now.

A gate that was away gets what it missed. A command is published when it is new, and when its gate
says that it is ready. It goes again now and then, until the gate has answered or it has expired.
"""

import logging

from gate.errors import InputDamaged
from gate.sync.wire import Topics
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment
from office.receiving import wall_clock
from office.store.database import OfficeStore

log = logging.getLogger(__name__)

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
        heard = {gate: (exam, site) for exam, site, gate, _ in self._store.gates()}
        found: list[tuple[str, bytes]] = []
        for name, gate, record in late:
            self._published[name, gate] = now_s
            found.extend((topics.cmd, record) for topics in self._places(gate, heard.get(gate)))
        return found

    def _is_due(self, name: str, gate: str, now_s: float) -> bool:
        last = self._published.get((name, gate))
        return last is None or now_s - last >= AGAIN_S

    def _places(self, gate: str, heard: tuple[str, str] | None) -> list[Topics]:
        """Where `gate` listens: under the exam of its last batch, and under those of its rosters,
        since it may have gone on to another."""
        enrolled = self._enrolled(gate)
        if enrolled is None or enrolled.revoked is not None:
            return []
        exams = {*enrolled.exams, *([heard[0]] if heard else [])}
        return [Topics(exam, enrolled.site, gate) for exam in sorted(exams)]

    def _enrolled(self, gate: str) -> Enrolment | None:
        """None of a unit that is gone, or whose enrolment does not read."""
        try:
            return read_enrolment(self._home.enrolment(gate))
        except InputDamaged as e:
            log.warning("the command for %s waits: %s", gate, e)
            return None

    def is_back(self, gate: str) -> None:
        """`gate` has begun a connection: what it has not answered goes again at once."""
        self._published = {k: at for k, at in self._published.items() if k[1] != gate}
        self._looked_s = None

    def forget(self) -> None:
        """Our own connection is new: nothing counts as published."""
        self._published, self._looked_s = {}, None
