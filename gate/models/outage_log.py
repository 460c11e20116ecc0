"""One line in the log when a camera gives no pictures any more, and one when it does again."""

import logging

from gate.errors import GateError


class OutageLog:
    """`begins`: with a %s for the error; `ends`. One thread."""

    def __init__(self, log: logging.Logger, begins: str, ends: str) -> None:
        self._log, self._begins, self._ends = log, begins, ends
        self._is_out = False

    def tell(self, error: GateError | None) -> None:
        """How it went this time; None where nothing is wrong."""
        if error is not None and not self._is_out:
            self._log.warning(self._begins, error.en)
        elif error is None and self._is_out:
            self._log.info(self._ends)
        self._is_out = error is not None
