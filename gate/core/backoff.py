"""How long to wait before the next attempt, where each failure makes the wait longer. Pure: who
waits adds its own chance, so that many that failed together do not come back together."""

_DOUBLINGS_MAX = 64
"""More change nothing, and the power of a count that grows for weeks would overflow."""


def backoff_s(failures: int, first_s: float, most_s: float) -> float:
    """Seconds to wait: `first_s` doubled `failures` times, at most `most_s`; both 0 or more.
    `failures`: the failures in a row that lengthen the wait, 0 for the shortest."""
    return min(most_s, first_s * 2.0 ** min(failures, _DOUBLINGS_MAX))
