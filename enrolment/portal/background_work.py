"""The workers in the web process: a thread that does what events and uploads asked for."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from enrolment.check_worker import CheckWorker
from enrolment.worker import Worker
from gate.errors import GateError

log = logging.getLogger(__name__)
LOOKS_EVERY_S = 0.25


class BackgroundWork:
    """`now`: the clock. Stopped, it ends after what is under way."""

    def __init__(self, worker: Worker, checks: CheckWorker, now: Callable[[], datetime]) -> None:
        self._worker, self._checks, self._now = worker, checks, now
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
            try:
                self._checks.work(self._now(), 1)
                self._worker.work(self._now(), 20)
            except GateError as said:  # the database is away, a file is damaged: go on with others
                log.warning("Work was left for later: %s", type(said).__name__)
