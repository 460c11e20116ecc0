"""The office's last words on a connection."""

import time

from gate.sync.link import Acked, Down, MqttConnection
from gate.sync.wire import OFFICE_STATE
from office.receiving.fair_queue import FairQueue

_GOODBYE_S = 2.0


def goodbye(link: MqttConnection, link_queue: FairQueue, last_words: bytes) -> None:
    """Say them, and wait a moment for the broker to take them."""
    link_queue.hear_acks()
    said = link.publish(OFFICE_STATE, last_words, retain=True)
    until = time.monotonic() + _GOODBYE_S
    while time.monotonic() < until:
        event = link_queue.next(0.2)
        if isinstance(event, Down) or (isinstance(event, Acked) and event.mid == said):
            return
