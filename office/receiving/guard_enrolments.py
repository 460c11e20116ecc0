"""Tells the broker's guard who is enrolled where.

A gate publishes under its own exam and site alone. One that was struck off is disconnected.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.errors import InputDamaged
from gate.sync.envelope import ID
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment

log = logging.getLogger(__name__)

GUARD_CONTROL = "$CONTROL/exam-gate/v1"
LOOK_EVERY_S = 5.0
_PART_BYTES = 30_000

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(slots=True)
class EnrolmentFiles:
    """The enrolments of `home`, read again when a file of them has changed."""

    home: Home
    _stamp: Stamp | None = None
    _looked_s: float | None = None

    def changes(self, now_s: float) -> list[bytes]:
        """Messages for the guard where something has changed; `now_s`: monotonic seconds."""
        if self._looked_s is not None and now_s - self._looked_s < LOOK_EVERY_S:
            return []
        self._looked_s = now_s
        stamp = self._stamped()
        if stamp == self._stamp:
            return []
        self._stamp = stamp
        return list(messages(self._read()))

    def forget(self) -> None:
        """A broker that has begun anew knows nobody."""
        self._stamp = self._looked_s = None

    def _stamped(self) -> Stamp:
        found = []
        for path in sorted(self.home.gates.glob("*.json")):
            try:
                seen = path.stat()
            except OSError:  # it is being removed
                continue
            found.append((path.name, seen.st_mtime_ns, seen.st_size, seen.st_ino))
        return tuple(found)

    def _read(self) -> Iterator[Enrolment]:
        for path in sorted(self.home.gates.glob("*.json")):
            try:
                yield read_enrolment(path)
            except InputDamaged as e:  # the office takes nothing of that gate, and says why
                log.warning("%s", e)


def messages(enrolments: Iterable[Enrolment]) -> Iterator[bytes]:
    """Lines `gate site exam,exam`, or `gate site !` of one that was struck off, as few messages as
    the broker takes."""
    part = b""
    for line in filter(None, map(_line, enrolments)):
        if len(part) + len(line) > _PART_BYTES:
            yield part
            part = b""
        part += line
    if part:
        yield part


def _line(enrolled: Enrolment) -> bytes:
    """Nothing of one whose names the guard would read as something else."""
    words = (enrolled.gate, enrolled.site, *enrolled.exams)
    if not all(ID.fullmatch(word) for word in words):
        return b""
    what = "!" if enrolled.revoked is not None else ",".join(enrolled.exams)
    return f"{enrolled.gate} {enrolled.site} {what}".rstrip().encode() + b"\n"
