"""Taking what a link posts, by a thread that may block."""

import contextlib
import queue
import time

from gate.sync.link import Acked, Down, LinkEvent, Message, MqttConnection, Up
from gate.sync.wire import OFFICE_STATE

AT_ONCE = 200
"""Messages in one transaction at most."""

_GOODBYE_S = 2.0


def next_news(news: "queue.Queue[LinkEvent]") -> LinkEvent | None:
    """None after a moment without any."""
    with contextlib.suppress(queue.Empty):
        return news.get(timeout=0.2)
    return None


def waiting(news: "queue.Queue[LinkEvent]") -> list[Message]:
    """Further batches that are already here, up to the next change of the connection."""
    found: list[Message] = []
    while len(found) < AT_ONCE and not news.empty():
        event = news.queue[0]
        if isinstance(event, Up | Down):
            break
        news.get()
        if isinstance(event, Message):
            found.append(event)
    return found


def goodbye(link: MqttConnection, news: "queue.Queue[LinkEvent]", last_words: bytes) -> None:
    """Say them, and wait a moment for the broker to take them."""
    said = link.publish(OFFICE_STATE, last_words, retain=True)
    until = time.monotonic() + _GOODBYE_S
    while time.monotonic() < until:
        event = next_news(news)
        if isinstance(event, Down) or (isinstance(event, Acked) and event.mid == said):
            return
