"""The console's two ways to its gate: one connection that follows, and one for each request."""

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from gate.console.feed import Feed
from gate.core.backoff import backoff_s
from gate.core.json_types import JsonObject
from gate.errors import GateError, NetworkFault
from gate.platform.json_lines import ask, follow

log = logging.getLogger(__name__)

ANSWER_S = 30.0
"""A verdict waits for a record, and a record for a disk."""
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

    async def ask(self, request: JsonObject) -> JsonObject:
        """The answer to one request. GateSaid where it was refused or nobody answers."""


class GateLink:
    """The gate behind the staff socket at `path`, which may come and go."""

    def __init__(self, path: Path, feed: Feed) -> None:
        self._path = path
        self._feed = feed

    async def ask(self, request: JsonObject) -> JsonObject:
        """The answer to one request. GateSaid where it was refused or nobody answers."""
        try:
            answer = await ask(self._path, request, ANSWER_S)
        except GateError as e:
            raise GateSaid(e.en, e.zh, e.exit_code) from e
        if "error" in answer:
            raise GateSaid(
                str(answer["error"]), str(answer.get("zh", "")), int(answer.get("exit", 2))
            )
        return answer

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
