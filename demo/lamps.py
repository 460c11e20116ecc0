"""Tells rhythms from what the outputs really did: level changes with their times, nothing else.

formats.md, Reasons: steady; slow 0.5 s on, 0.5 s off; fast 0.125 s on, 0.125 s off; double: two
0.125 s flashes each second. A tone is short or long; GAP_S of silence ends a group of them.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

LAMPS = ("red", "yellow", "green")
STEADY_S = 0.65  # longer than the longest "on" of any blinking
LONG_TONE_S = 0.35
GAP_S = 0.4
REST_S = 0.05  # a tone or edge shorter than this is the end of an older one
COUNTS = {1: "one", 2: "two", 3: "three"}


@dataclass(frozen=True, slots=True)
class Change:
    """One output changed to `on` at `at_s` of the gate's own monotonic clock."""

    at_s: float
    output: str
    on: bool


Span = tuple[float, float | None]
"""Switched on, switched off (None: still on)."""


def spans(changes: Iterable[Change], output: str) -> list[Span]:
    """When `output` was on, in order. Repeated levels count once."""
    found: list[Span] = []
    for change in changes:
        if change.output != output:
            continue
        lit = bool(found) and found[-1][1] is None
        if change.on and not lit:
            found.append((change.at_s, None))
        elif not change.on and lit:
            found[-1] = (found[-1][0], change.at_s)
    return found


def rhythm(on: list[Span], cut_s: float, now_s: float) -> str | None:
    """The name of a lamp's rhythm since `cut_s`; None while it cannot be told yet, `odd` where it
    fits none. A lamp that was lit before the cut tells nothing by when it went out."""
    if on and on[0][0] < cut_s:
        if (on[0][1] or now_s) - cut_s >= STEADY_S:
            return "steady" if len(on) == 1 else "odd"
        on = on[1:]
    if not on:
        return None
    if (on[0][1] or now_s) - on[0][0] >= STEADY_S:
        return "steady" if len(on) == 1 else "odd"
    lit = [off - start for start, off in on if off is not None]
    dark = [b[0] - a[1] for a, b in itertools.pairwise(on) if a[1] is not None]
    return _blinking(lit, dark)


def _blinking(lit: list[float], dark: list[float]) -> str | None:
    if not dark:
        return None
    if all(_near(d, 0.5) for d in (*lit, *dark)):
        return "slow"
    if not all(_near(d, 0.125) for d in lit):
        return "odd"
    kinds = ["short" if _near(d, 0.125) else "long" if _near(d, 0.625) else "odd" for d in dark]
    if set(kinds) == {"short"}:
        return "fast" if len(kinds) >= 3 else None
    alternate = all(a != b for a, b in itertools.pairwise(kinds))
    if set(kinds) == {"short", "long"} and alternate:
        return "double"
    return None if kinds == ["long"] else "odd"


def _near(seconds: float, meant: float) -> bool:
    """A busy machine moves an edge by some tens of milliseconds; no other rhythm is that near."""
    return abs(seconds - meant) <= max(0.06, 0.2 * meant)


def shown(changes: list[Change], cut_s: float, now_s: float) -> str | None:
    """`lamp:rhythm` of every lamp that was lit since `cut_s`, as a decision's `signals` name them;
    empty: dark; None while a rhythm cannot be told yet."""
    labels = []
    for lamp in LAMPS:
        on = since(spans(changes, lamp), cut_s)
        if not on or _is_left_over(on, cut_s):
            continue
        name = rhythm(on, cut_s, now_s)
        if name is None:
            return None
        labels.append(f"{lamp}:{name}")
    return " ".join(labels)


def _is_left_over(on: list[Span], cut_s: float) -> bool:
    """Lit before the cut, out soon after it, and not again: what was shown before."""
    start, off = on[0]
    return len(on) == 1 and start < cut_s and off is not None and off - cut_s < STEADY_S


def since(on: list[Span], cut_s: float) -> list[Span]:
    """What was on at `cut_s` or later."""
    return [s for s in on if s[1] is None or s[1] > cut_s]


def tones(changes: list[Change], cut_s: float, now_s: float) -> str | None:
    """The first group of tones since `cut_s`, as `two short`; `none`; None while it may still go
    on. What is left of an older tone is no tone."""
    heard = [(max(start, cut_s), off) for start, off in since(spans(changes, "buzzer"), cut_s)]
    heard = [(start, off) for start, off in heard if off is None or off - start > REST_S]
    if not heard:
        return "none" if now_s - cut_s >= GAP_S else None
    group: list[float] = []
    ended = heard[0][0]
    for start, off in heard:
        if start - ended > GAP_S:
            break
        if off is None:
            return None
        group.append(off - start)
        ended = off
    else:
        if now_s - ended < GAP_S:
            return None
    kinds = {"long" if length >= LONG_TONE_S else "short" for length in group}
    count = COUNTS.get(len(group), str(len(group)))
    return f"{count} {kinds.pop()}" if len(kinds) == 1 else f"{count} mixed"


def asked(changes: Iterable[Change], from_s: float, to_s: float) -> int:
    """How often another try was asked for: short tones that began while yellow was lit."""
    changes = list(changes)
    yellow = spans(changes, "yellow")
    return sum(
        from_s <= start < to_s
        and off is not None
        and off - start < LONG_TONE_S
        and any(a <= start + REST_S and (b is None or start < b) for a, b in yellow)
        for start, off in spans(changes, "buzzer")
    )


def held_s(changes: Iterable[Change], lamp: str, cut_s: float) -> float | None:
    """How long `lamp` was lit without a break since `cut_s`; None while it still is."""
    on = since(spans(changes, lamp), cut_s)
    return on[0][1] - max(on[0][0], cut_s) if on and on[0][1] is not None else None


def opened(changes: Iterable[Change], cut_s: float) -> bool:
    """Whether the barrier was opened since `cut_s`."""
    return any(start >= cut_s for start, _ in spans(changes, "barrier"))
