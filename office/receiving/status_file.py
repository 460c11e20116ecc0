"""What the office counts, kept as JSON for other programs. Nothing that is stored rests on it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

_EVERY_S = 0.5
"""With a thousand gates it is half a megabyte: too much to write behind each transaction."""

Status = Callable[[], dict[str, object]]


class StatusFile:
    """At `path`; None: nowhere. `now_s`: monotonic seconds."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._is_behind = False
        self._written_s: float | None = None

    def changed(self) -> None:
        """What it should say has changed."""
        self._is_behind = True

    def write_changed(self, status: Status, now_s: float) -> None:
        """`status` at `now_s`, where it has changed and the last one is old enough."""
        if self._is_behind and (self._written_s is None or now_s - self._written_s >= _EVERY_S):
            self.write(status, now_s)

    def write(self, status: Status, now_s: float) -> None:
        """`status` at `now_s`, whole or not at all. A place that takes nothing is told and changes
        nothing else."""
        self._is_behind, self._written_s = False, now_s
        if self._path is None:
            return
        part = self._path.with_name(self._path.name + ".part")
        try:
            part.write_text(json.dumps(status()), encoding="utf-8")
            part.replace(self._path)
        except OSError as e:
            log.warning("%s cannot be written: %s", self._path, e.strerror)
