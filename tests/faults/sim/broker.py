"""An MQTT broker: QoS 1, sessions, retained messages, wills, and what a killed broker does to them.
It knows nothing of what it carries."""

import copy
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from random import Random
from typing import TYPE_CHECKING

from gate.sync.link import Acked, Message, Up
from tests.faults.sim.loop import VirtualLoop

if TYPE_CHECKING:
    from tests.faults.sim.link import SimLink

QUEUE_MAX = 40
"""Beyond this an absent client's messages are dropped without a word, as mosquitto does (there
1,000 by default; less here, so that it happens)."""

RECEIVE_MAXIMUM = 8
"""Not yet acknowledged at once, as a client asks for it (MQTT 5, 3.1.2.11.3)."""


@dataclass(slots=True)
class Trouble:
    """How bad the network is, each between 0 and 1 but `delay_s`."""

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_s: float = 0.02


@dataclass(slots=True)
class Session:
    """What the broker keeps of one client. `queue`: not acknowledged yet, in order; the first
    `under_way` of it were sent on this connection."""

    topics: list[str] = field(default_factory=list)
    queue: list[Message] = field(default_factory=list)
    under_way: int = 0
    keeps: bool = False


class Broker:
    """One per world. `up`: it answers; `cut`: names that the network does not reach."""

    def __init__(self, loop: VirtualLoop, rng: Random, hits: Counter[str]) -> None:
        self.loop = loop
        self.rng = rng
        self.hits = hits
        self.up = True
        self.cut: set[str] = set()
        self.trouble = Trouble()
        self.sessions: dict[str, Session] = {}
        self.retained: dict[str, bytes] = {}
        self.links: dict[str, SimLink] = {}
        self.saved: tuple[dict[str, Session], dict[str, bytes]] = ({}, {})
        self.meddler: Callable[[str, bytes], bytes] | None = None
        self.heard: deque[tuple[str, bytes]] = deque(maxlen=60)
        self._mid = 0

    # -- faults ------------------------------------------------------------------------------------

    def die(self, *, wiped: bool) -> None:
        """Killed: what was not saved is gone; with `wiped` everything is."""
        self.up = False
        for link in list(self.links.values()):
            link.broken("the broker is gone")
        self.links = {}
        self.sessions, self.retained = ({}, {}) if wiped else copy.deepcopy(self.saved)

    def save(self) -> None:
        """mosquitto's autosave."""
        self.saved = copy.deepcopy((self.sessions, self.retained))

    def disconnect(self, name: str) -> None:
        """The network between `name` and the broker breaks once."""
        link = self.links.pop(name, None)
        if link is not None:
            self.lost(link)
            link.broken("connection reset")

    # -- clients -----------------------------------------------------------------------------------

    def connect(self, link: "SimLink") -> None:
        name = link.address.name
        if not self.up or name in self.cut:
            link.broken("refused")
            return
        former = self.links.pop(name, None)
        if former is not None:  # MQTT 5, 3.1.4: the newer connection takes over
            self.hits["session taken over"] += 1
            self.lost(former)
            former.broken("session taken over")
        if not link.keep_session_s or name not in self.sessions:
            self.sessions[name] = Session(keeps=link.keep_session_s > 0)
        self.links[name] = link
        link.stood = True
        link.post(Up())
        session = self.sessions[name]
        self.hits["redelivered"] += len(session.queue)
        session.under_way = 0
        self._send(link, session)

    def lost(self, link: "SimLink") -> None:
        """A connection ended without a DISCONNECT: its will is published."""
        if link.stood and not link.left:
            self.retained[link.will.topic] = link.will.payload
            self._route(link.will.topic, link.will.payload)
        self._clean(link)

    def bye(self, link: "SimLink") -> None:
        if self.links.get(link.address.name) is link:
            del self.links[link.address.name]
            self._clean(link)

    def _clean(self, link: "SimLink") -> None:
        session = self.sessions.get(link.address.name)
        if session is not None and not session.keeps:
            self.sessions.pop(link.address.name)

    def subscribe(self, link: "SimLink", topics: tuple[str, ...]) -> None:
        session = self.sessions.get(link.address.name)
        if session is None or link.drains:
            return
        for topic in topics:
            if topic not in session.topics:
                session.topics.append(topic)
            for known, payload in self.retained.items():
                if _matches(topic, known):
                    self._queue(link.address.name, session, known, payload, retained=True)

    def receive(
        self, link: "SimLink", mid: int, topic: str, payload: bytes, qos: int, retain: bool
    ) -> None:
        if retain:
            self.retained[topic] = payload
        self.heard.append((topic, payload))
        self._route(topic, self.meddler(topic, payload) if self.meddler else payload, qos)
        if qos:
            link.later(lambda: link.post(Acked(mid, None)))

    def acked(self, link: "SimLink", mid: int) -> None:
        session = self.sessions.get(link.address.name)
        if session is None or not (self.links.get(link.address.name) is link or link.drains):
            return
        for place, message in enumerate(session.queue):
            if message.mid == mid:
                del session.queue[place]
                session.under_way -= place < session.under_way
                if not link.drains:
                    self._send(link, session)
                return

    def inject(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """A message of somebody who got into the broker."""
        if retain:
            self.retained[topic] = payload
        self._route(topic, payload)

    # -- carrying ----------------------------------------------------------------------------------

    def _route(self, topic: str, payload: bytes, qos: int = 1) -> None:
        for name, session in self.sessions.items():
            if not any(_matches(pattern, topic) for pattern in session.topics):
                continue
            if not qos:
                reader = self.links.get(name)
                if reader is not None and self.rng.random() >= self.trouble.drop:
                    reader.later(partial(reader.arrive, Message(topic, payload, 0, False)))
            else:
                self._queue(name, session, topic, payload, retained=False)

    def _queue(
        self, name: str, session: Session, topic: str, payload: bytes, *, retained: bool
    ) -> None:
        if len(session.queue) >= QUEUE_MAX:
            self.hits["queue overflow"] += 1
            return
        if self.rng.random() < self.trouble.drop:
            self.hits["dropped"] += 1
            return
        self._mid += 1
        session.queue.append(Message(topic, payload, self._mid, retained))
        link = self.links.get(name)
        if link is not None:
            self._send(link, session)

    def _send(self, link: "SimLink", session: Session) -> None:
        while session.under_way < min(RECEIVE_MAXIMUM, len(session.queue)):
            message = session.queue[session.under_way]
            session.under_way += 1
            link.later(partial(link.arrive, message))
            if self.rng.random() < self.trouble.duplicate:
                self.hits["duplicated"] += 1
                link.later(partial(link.arrive, message))


@lru_cache(maxsize=4096)
def _matches(pattern: str, topic: str) -> bool:
    if pattern == topic:
        return True
    if "+" not in pattern:
        return False
    parts, wanted = topic.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        w in ("+", p) for w, p in zip(wanted, parts, strict=True)
    )
