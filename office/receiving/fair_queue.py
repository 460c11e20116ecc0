"""The messages of a link, queued by gate: none waits behind a flood of another gate.

The network's thread posts, the office's own thread takes. The number of waiting messages of a gate
is bounded. Further ones are acknowledged at once, so that the broker goes on to the messages of
others, and dropped. Nothing is lost: a batch without a receipt is sent again.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable

from gate.sync.link import Acked, LinkEvent, Message
from office.receiving.worker_events import WorkerEvent

WAITING_MAX = 16
"""Messages of one gate that wait: four times what it has under way. Well below the quota of
unacknowledged messages (`AT_ONCE`), or one gate could use it up."""
AT_ONCE, OF_ONE = 200, 4
"""Messages in one transaction at most, and of one gate. As many come from the broker before it
waits for an acknowledgement, which follows a commit."""


def sender_of(topic: str) -> str:
    """The gate of a gate's topic; the office's own are one sender."""
    parts = topic.split("/")
    return parts[4] if len(parts) > 5 else "office"


class FairQueue:
    """`refuse` is called in the network's thread with each message that finds no room."""

    def __init__(self, refuse: Callable[[Message], None]) -> None:
        self._refuse = refuse
        self._changed = threading.Condition()
        self._others: deque[LinkEvent | WorkerEvent] = deque()
        self._waiting: dict[str, deque[Message]] = {}
        self._refused: Counter[str] = Counter()
        self._hears_acks = False

    def hear_acks(self) -> None:
        """From now on the broker's acknowledgements come too. Each receipt has one, and nothing
        rests on it: a gate that missed a receipt asks again."""
        self._hears_acks = True

    def post(self, event: LinkEvent | WorkerEvent) -> None:
        """Adds `event`; from any thread. A message of a gate with too many waiting is refused."""
        if isinstance(event, Acked) and not self._hears_acks:
            return
        with self._changed:
            if not isinstance(event, Message):
                self._others.append(event)
            elif not self._has_room(event):
                self._refused[sender_of(event.topic)] += 1
                self._refuse(event)
                return
            self._changed.notify()

    def _has_room(self, message: Message) -> bool:
        waiting = self._waiting.setdefault(sender_of(message.topic), deque())
        if len(waiting) >= WAITING_MAX:
            return False
        waiting.append(message)
        return True

    def next(
        self, timeout_s: float, *, messages: bool = True
    ) -> LinkEvent | WorkerEvent | list[Message] | None:
        """A change of the connection, or a worker's answer, before anything else; None after
        `timeout_s` without any. `messages`: False leaves the messages waiting."""
        with self._changed:
            self._changed.wait_for(lambda: self._others or (messages and self._waiting), timeout_s)
            if self._others:
                return self._others.popleft()
            return self._turns() if messages and self._waiting else None

    def _turns(self) -> list[Message]:
        """One message of each gate in turn; who was left over comes first the next time."""
        found: list[Message] = []
        for _ in range(OF_ONE):
            for gate in list(self._waiting):
                if len(found) == AT_ONCE:
                    return found
                waiting = self._waiting.pop(gate)
                found.append(waiting.popleft())
                if waiting:
                    self._waiting[gate] = waiting  # behind all others
        return found

    def has_of(self, gate: str) -> bool:
        """Whether something of it waits."""
        with self._changed:
            return gate in self._waiting

    def refused(self) -> Counter[str]:
        """By gate, since it was last asked."""
        with self._changed:
            refused, self._refused = self._refused, Counter()
            return refused
