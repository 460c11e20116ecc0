"""The board's newest overview, and who follows it: one thread reads the database, pages wait."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from gate.core.json_types import JsonObject
from gate.errors import GateError, InputDamaged
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from gate.web.changes import ChangeEvent, Changes
from office.board import readings
from office.board.board_counts import BoardCounts
from office.board.overview import Expected, gates_of, overview
from office.home import Home
from office.keys.enrolment import enrolments
from office.store.connection import Database
from office.store.database import OfficeStore
from office.store.opening import open_received

log = logging.getLogger(__name__)

LOOK_S = 0.25
"""From one look at the database to the next."""
_SETTLED_NS = 2_000_000_000
"""Two changes of a folder within the clock's step look like one."""
_EXPECTED_BYTES_MAX = 1 << 24
_T = TypeVar("_T")


class BoardFeed(Changes):
    """`reached`: whether the database answered the last look."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self.home = home
        self.reached = False
        self.overview: JsonObject = {}
        self.gates: list[JsonObject] = []
        self.counts = BoardCounts()
        self.expected: Expected = {}
        self._thread = ThreadPoolExecutor(1, "database")
        self._store: OfficeStore | None = None
        self._new: readings.NewEvents | None = None
        self._sites: dict[str, str] = {}
        self._files: list[int] | None = None
        self._cases = (0, 0)
        self._settled = 0

    @property
    def state(self) -> ChangeEvent:
        """Everything, at the position of the newest change."""
        data = {"position": self.position, "reached": self.reached, **self.overview}
        return ChangeEvent(self.position, "state", data)

    @property
    def health(self) -> JsonObject:
        """Whether the database answers."""
        return {"reached": self.reached}

    async def ask(self, question: Callable[[Database], _T]) -> _T:
        """The answer of `question`, in the thread of the database. GateError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: question(self._opened().database))

    async def run(self) -> None:
        """Looks at the database for as long as it runs."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                seen = await loop.run_in_executor(self._thread, self._look)
                self._tell(seen)
            except GateError as e:
                self._tell_away(e)
            await asyncio.sleep(0 if self.overview.get("behind") else LOOK_S)

    def look_once(self) -> JsonObject:
        """One overview without pages, for a terminal. GateError."""
        seen = self._thread.submit(self._look).result()
        while seen[1]["behind"]:
            seen = self._thread.submit(self._look).result()
        self.gates, self.overview = seen
        self.close()
        return self.overview

    def close(self) -> None:
        """Ends the connection; the next look makes a new one. StorageRefused."""
        if self._store is not None:
            self._thread.submit(self._store.__exit__).result()

    def _opened(self) -> OfficeStore:
        if self._store is None:
            self._store = open_received(self.home)
            self._new = readings.NewEvents(self._store.database)
            self.counts = BoardCounts()
        return self._store

    def _look(self) -> tuple[list[JsonObject], JsonObject]:
        database = self._opened().database
        assert self._new is not None
        self.counts.add(self._new)
        settled = readings.settlements(database)
        if self.counts.cases_moved or settled != self._settled:
            self._cases = readings.case_counts(database)
            self.counts.cases_moved, self._settled = False, settled
        self._read_files()
        rows = readings.view(database, "gates", {}, most=1 << 20)
        gates = gates_of(rows, self._sites, self.counts, datetime.now(UTC))
        whole = readings.view(database, "completeness", {}, most=1 << 20)
        alerts = readings.view(database, "alerts", {})
        seen = overview(
            gates,
            completeness=whole,
            alerts=alerts,
            cases=self._cases,
            counts=self.counts,
            expected=self.expected,
        )
        return gates, seen | {"behind": self._new.behind}

    def _read_files(self) -> None:
        """Enrolments and expected candidates, where their folders have changed. Each file is
        replaced by a rename, which changes its folder."""
        changed = [_changed_ns(self.home.gates), _changed_ns(self.home.office)]
        if self._files == changed:
            return
        is_settled = max(changed) < time.time_ns() - _SETTLED_NS
        self.expected = expected_of(self.home)
        self._sites = {gate: e.site for gate, e in enrolments(self.home).items()}
        self._files = changed if is_settled else None

    def _tell(self, seen: tuple[list[JsonObject], JsonObject]) -> None:
        was_reached = self.reached
        has_changed = seen != (self.gates, self.overview)
        self.gates, self.overview = seen
        self.reached = True
        if not was_reached:
            self.publish("state", {"reached": True, **self.overview})
        elif has_changed:
            self.publish("counts", self.overview)

    def _tell_away(self, error: GateError) -> None:
        if self.reached or not self.overview:
            log.warning("The database gives nothing: %s", error)
        if self.reached:
            self.reached = False
            self.publish("health", self.health)
        if not isinstance(error, InputDamaged):
            self.overview = self.overview or {"error": str(error)}


def _changed_ns(folder: Path) -> int:
    """When a name in `folder` changed last, ns since 1970; 0 where it cannot be looked at."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def expected_of(home: Home) -> Expected:
    """Candidates by exam, paper, site and room, as the last builds of rosters saw them."""
    found = {}
    for path in sorted(home.office.glob("expected-*.json")):
        try:
            body = decode_json(read_regular(path, _EXPECTED_BYTES_MAX))
        except (OSError, ValueError):
            log.warning("%s cannot be read: nothing is expected of its papers", path)
            continue
        if isinstance(body, dict):
            found[path.stem.removeprefix("expected-")] = {
                paper: {site: _rooms(said) for site, said in sites.items()}
                for paper, sites in body.items()
            }
    return found


def _rooms(said: int | dict[str, int]) -> dict[str, int]:
    """By room; a build of an earlier version kept the sum alone."""
    return {"": said} if isinstance(said, int) else said
