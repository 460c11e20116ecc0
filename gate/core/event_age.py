"""How long ago something was recorded, by two clocks. Pure."""

from gate.core.events import Instant


def age_s(then: Instant | None, now: Instant, *, this_run: bool) -> float | None:
    """Age in seconds by the larger of two clocks; None where nobody can know.

    The monotonic one counts within this run of the program, the wall clock where it was trusted
    both times. A wall clock that was set back says nothing.
    """
    if then is None:
        return None
    ages = [(now.mono_ns - then.mono_ns) / 1e9] if this_run else []
    if then.trusted and now.trusted:
        wall_s = (now.at - then.at).total_seconds()
        ages += [wall_s] if wall_s >= 0 else []
    return max(ages, default=None)
