"""The running gate's view of what is installed: a new roster is opened when there is one."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.errors import GateError, StorageDamaged, StorageRefused
from gate.roster import shredding
from gate.roster.install import Accept, accept_any, current_manifest, open_installed
from gate.roster.manifest import Manifest
from gate.roster.open_roster import InstalledRoster
from gate.roster.refused_opening import RefusedOpening, Stamp, refused_again
from gate.roster.repository import RosterRepository, reading_refused
from gate.roster.retention import destroy_overdue, overdue

log = logging.getLogger(__name__)


class RosterInstallation:
    """Obeys the InstalledRosters port. A roster that failed to open is opened again once its files
    have changed, or after a growing wait (refused_opening.py). `accept` raises GateError for one
    that this unit cannot use. `monotonic`: seconds."""

    def __init__(
        self,
        state: Path,
        *,
        gate: str,
        sealing: bytes,
        office: bytes,
        accept: Accept = accept_any,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._gate = gate
        self._sealing = sealing
        self._office = office
        self._accept = accept
        self._monotonic = monotonic
        self._opened: Path | None = None
        self.manifest: Manifest | None = None
        """Of the roster that was opened last; None once none is installed."""
        self._refused: RefusedOpening | None = None
        self._told_lines: set[int] = set()

    @property
    def holds(self) -> bool:
        """Whether any roster is installed now. A pointer that does not read is no wipe."""
        try:
            return current_manifest(self._state) is not None
        except (StorageDamaged, StorageRefused):
            return True

    def refresh(self) -> InstalledRoster | None:
        """The installed roster where it is another than before. Errors as `open_installed`, and
        those of `accept`; the same one again while it is not yet time to open it anew."""
        path = current_manifest(self._state)
        if path is None:
            self.manifest = None
        if path is None or path == self._opened:
            return None
        stamp, refused = _stamp_of(path.parent), self._refused
        if refused is not None and not refused.is_due(stamp, self._monotonic()):
            raise refused.error.with_traceback(None)
        try:
            roster = self._open_accepted()
        except GateError as e:
            self._refused = refused_again(refused, e, stamp, self._monotonic())
            raise
        self._refused = None
        if roster is not None:
            self._opened, self.manifest = path, roster.manifest
        return roster

    def _open_accepted(self) -> InstalledRoster | None:
        roster = open_installed(self._state, self._gate, self._sealing, self._office)
        if roster is not None:
            try:
                self._accept(roster)
            except GateError:
                roster.close()
                raise
        return roster

    def recheck(self) -> None:
        """The next `refresh` verifies and opens anew what is installed."""
        self._opened = None

    def finish(self) -> str | None:
        """What was begun and cut short, by name. StorageRefused, StorageDamaged."""
        repository = RosterRepository.of(self._state)
        if not shredding.is_pending(repository):
            return None
        with repository.held():
            return shredding.finish(repository)

    def overdue(self, now: datetime) -> frozenset[str] | None:
        """The exams that stay where something is to be destroyed, None where nothing is."""
        with reading_refused(self._state):
            found = overdue(self._state, now)
        return None if found is None else found.stay

    def destroy_overdue(self, now: datetime, keep: frozenset[str]) -> list[str]:
        """What was destroyed, by name. StorageRefused: it is finished later."""
        return destroy_overdue(self._state, now, keep)

    def history(self, after: int) -> list[JsonObject]:
        """Installations and destructions numbered above `after`. StorageRefused. A line that is
        damaged is told to the log once."""
        found = RosterRepository.of(self._state).read_history(after)
        for number in found.damaged:
            if number not in self._told_lines:
                log.warning(
                    "Line %s of the roster's history is damaged and passed over: the journal does "
                    "not hear of that installation or destruction.",
                    number,
                )
        self._told_lines.update(found.damaged)
        return found.notes


def _stamp_of(folder: Path) -> Stamp:
    """What can be seen of it: a file that cannot be looked at is not among them."""
    found = []
    try:
        for file in sorted(folder.iterdir()):
            seen = file.stat()
            found.append((file.name, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino))
    except OSError:  # told by the opening that follows
        pass
    return tuple(found)
