"""A connection to the broker and the network under it: delays, losses, what still arrives of a dead
process."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gate.errors import NetworkFault
from gate.sync.link import Address, Down, LinkEvent, Message, Will
from tests.faults.sim.broker import Broker
from tests.faults.sim.process import Process


class SimLink:
    """Obeys what `gate.sync.link.Link` promises, over this network."""

    broker: Broker
    owner: Process

    def __init__(
        self,
        address: Address,
        post: Callable[[LinkEvent], None],
        will: Will,
        keep_session_s: int = 0,
    ) -> None:
        self.address = address
        self.will = will
        self.keep_session_s = keep_session_s
        self.stood = self.left = self.ended = self.drains = False
        self._post = post
        self._mid = 0
        self._arrives = 0.0

    def open(self) -> None:
        self.later(lambda: None if self.ended else self.broker.connect(self))

    def subscribe(self, *topics: str) -> int:
        self._step("subscribe")
        self._up(lambda: self.broker.subscribe(self, topics), sure=True)
        return 0

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int:
        self._mid += 1
        mid = self._mid
        self._step("before a publish")
        self._up(lambda: self.broker.receive(self, mid, topic, payload, qos, retain))
        self._step("after a publish")
        return mid

    def ack(self, mid: int) -> None:
        self._step("before an ack")
        self._up(lambda: self.broker.acked(self, mid), sure=True)

    def leave(self) -> None:
        self.left = True
        self.broker.bye(self)
        self.broken(None)

    def killed(self) -> None:
        """Its process is gone; what the kernel had taken may still arrive."""
        self.ended = True
        self.drains = self.broker.rng.random() < 0.7

    # -- the network's side ------------------------------------------------------------------------

    def post(self, event: LinkEvent) -> None:
        if not self.ended:
            self.ended = isinstance(event, Down)
            self._post(event)

    def broken(self, detail: str | None) -> None:
        self.post(Down(None if detail is None else NetworkFault(detail)))

    def later(self, work: Callable[[], Any]) -> None:
        """Behind what is under way on this connection, unless it is overtaken."""
        rng, trouble, loop = self.broker.rng, self.broker.trouble, self.broker.loop
        at = loop.time() + rng.uniform(0, trouble.delay_s)
        if rng.random() >= trouble.reorder:
            at = self._arrives = max(at, self._arrives)
        loop.call_at(at, work)

    def arrive(self, message: Message) -> None:
        if not self._stands():
            return
        self.post(message)
        if not self.keep_session_s:  # paho acknowledges by itself
            self.broker.acked(self, message.mid)

    def _up(self, work: Callable[[], None], *, sure: bool = False) -> None:
        """`sure`: TCP does not lose one packet of many; only a broker drops a publication."""
        if self.ended:
            return
        if not sure and self.broker.rng.random() < self.broker.trouble.drop:
            self.broker.hits["dropped"] += 1
            return
        self.later(partial(self._reach, work))

    def _reach(self, work: Callable[[], None]) -> None:
        if self.drains or self._stands():
            work()
        else:
            self.broker.hits["lost in transit"] += 1

    def _stands(self) -> bool:
        return self.broker.links.get(self.address.name) is self

    def _step(self, point: str) -> None:
        self.owner.step(point)
