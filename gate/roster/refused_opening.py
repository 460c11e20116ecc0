"""When a roster that could not be opened is opened again. Pure, time as an argument.

It is opened when its files have changed, and else after a wait that grows. Each opening hashes the
whole file.
"""

from dataclasses import dataclass

from gate.core.backoff import backoff_s
from gate.errors import GateError

RETRY_S, RETRY_MAX_S = 1.0, 30.0
"""After the first refusal, doubled for each further one of the same files."""

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Of each file in a roster's folder: name, times of last change of content and of its entry in
nanoseconds, size, inode."""


@dataclass(frozen=True, slots=True)
class RefusedOpening:
    """Why the files of `stamp` were refused `times` in a row, the last time at `at_s` (monotonic
    seconds)."""

    error: GateError
    stamp: Stamp
    times: int
    at_s: float

    def is_due(self, stamp: Stamp, now_s: float) -> bool:
        """Whether files of `stamp` are to be opened at `now_s`."""
        return stamp != self.stamp or now_s >= self.at_s + self.wait_s

    @property
    def wait_s(self) -> float:
        """How long to wait before the next attempt, in seconds."""
        return backoff_s(self.times - 1, RETRY_S, RETRY_MAX_S)


def refused_again(
    before: RefusedOpening | None, error: GateError, stamp: Stamp, now_s: float
) -> RefusedOpening:
    """One more refusal at `now_s`. The count goes on only while `stamp` is the same."""
    times = before.times + 1 if before is not None and before.stamp == stamp else 1
    return RefusedOpening(error, stamp, times, now_s)
