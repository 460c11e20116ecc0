"""What is done beside the pages, in a thread: orders, ticket numbers, messages."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from gate.errors import GateError

log = logging.getLogger(__name__)
LOOKS_EVERY_S = 0.25
AT_MOST = 20


Work = Callable[[datetime, int], int]


class BackgroundWork:
    """`works`: each does up to so many tasks. `now`: the clock. Stopped, it ends after what is
    under way."""

    def __init__(self, works: Sequence[Work], now: Callable[[], datetime]) -> None:
        self._works, self._now = works, now
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="enrolment work", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it, and waits for that."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(LOOKS_EVERY_S):
            for work in self._works:
                try:
                    work(self._now(), AT_MOST)
                except GateError as said:  # the database or a network is away: go on with others
                    log.warning("Work was left for later: %s", said)
