"""The console's ways to its gate: one connection that follows, and one for each browser session.

The gate counts wrong PINs by connection. So whoever guesses on one browser slows nobody else down.
"""

import asyncio
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from gate.console.feed import Feed
from gate.core.backoff import backoff_s
from gate.core.json_types import JsonObject
from gate.errors import GateError, NetworkFault
from gate.platform.json_lines import ask, follow
from gate.platform.lasting_connection import LastingConnection

log = logging.getLogger(__name__)

ANSWER_S = 30.0
"""A verdict waits for a record, and a record for a disk."""
CONNECTIONS_MAX = 12
"""Browser sessions with a connection; the one longest unused goes. A gate takes 32 of one user."""
_FIRST_S, _LONGEST_S = 0.1, 2.0

STATUS_OF_EXIT = {1: 404, 2: 400, 5: 403, 7: 503, 8: 503}
"""HTTP status by the exit code of the gate's refusal; 409 for others."""


class GateSaid(Exception):
    """The gate did not do what was asked. `zh`, `en`: its sentence. `exit_code`: of formats.md."""

    def __init__(self, en: str, zh: str, exit_code: int) -> None:
        super().__init__(en)
        self.en, self.zh, self.exit_code = en, zh, exit_code


class Gate(Protocol):
    """What a page may ask of the gate."""

    async def ask(self, request: JsonObject, link: str) -> JsonObject:
        """The answer to one request of the browser session that `link` stands for. GateSaid where
        it was refused or nobody answers."""

    def leave(self, link: str) -> None:
        """The browser session has ended."""


class GateLink:
    """The gate behind the staff socket at `path`, which may come and go."""

    def __init__(self, path: Path, feed: Feed) -> None:
        self._path = path
        self._feed = feed
        self._connections: OrderedDict[str, LastingConnection] = OrderedDict()

    async def ask(self, request: JsonObject, link: str) -> JsonObject:
        """The answer to one request of the browser session that `link` stands for. GateSaid where
        it was refused or nobody answers.

        What does something waits for its turn on the session's connection. A question that finds
        it busy takes one of its own, so that no sheet keeps a page waiting.
        """
        connection = self._of(link)
        try:
            if "ask" in request and connection.is_busy:
                answer = await ask(self._path, request, ANSWER_S)
            else:
                answer = await connection.ask(request, ANSWER_S)
        except GateError as e:
            raise GateSaid(e.en, e.zh, e.exit_code) from e
        if "error" in answer:
            raise GateSaid(
                str(answer["error"]), str(answer.get("zh", "")), int(answer.get("exit", 2))
            )
        return answer

    def leave(self, link: str) -> None:
        """The browser session has ended."""
        connection = self._connections.pop(link, None)
        if connection is not None:
            connection.close()

    def _of(self, link: str) -> LastingConnection:
        connection = self._connections.pop(link, None) or LastingConnection(self._path)
        self._connections[link] = connection  # the youngest stands last
        waiting = [old for old, c in self._connections.items() if not c.is_busy and old != link]
        for old in waiting[: max(0, len(self._connections) - CONNECTIONS_MAX)]:
            self.leave(old)
        return connection

    async def run(self) -> None:
        """Follow the gate until cancelled. One that is away is looked for again and again."""
        failures = 0
        while True:
            try:
                async for line in follow(self._path, {"ask": "follow"}):
                    failures = 0
                    self._feed.reached(True)
                    self._feed.take(line)
            except NetworkFault as e:
                log.debug("%s", e.en)
            if self._feed.is_reached:
                log.warning("the gate at %s is gone", self._path)
            self._feed.reached(False)
            await asyncio.sleep(backoff_s(failures, _FIRST_S, _LONGEST_S))
            failures += 1
