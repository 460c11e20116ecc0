"""What the outputs really did, read from level changes with their times and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from demo.schedule import (
    RHYTHMS,
    STALL_S,
    TONES,
    Edge,
    Fit,
    allowed_skips,
    edges_of,
    tell,
)

LAMPS = ("red", "yellow", "green")
DARK_S = 1.0
"""Longer than any rhythm is dark, a late edge included."""
SHORT_TONE_MAX_S = 0.5
"""A short tone whose end is late is still shorter than a long one."""
TONES_S = 5.5
"""OUT_OF_SERVICE sounds again after 6 s; by then every tone has been told."""
BEGINNINGS_MAX = 8
BACK_S = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.12)
"""The first edge is late too where the thread is stopped between its clock and its pins."""
LAMP_BEFORE_TONE_S = 0.05


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


@dataclass(frozen=True, slots=True)
class Told:
    """What was shown. `lamps`: `lamp:rhythm` of every lamp, as a decision's `signals` name them;
    empty: dark. `buzzer`: as `two short`. None: not to be told yet; `odd`: by no schedule.
    `late_s`: of every recorded edge of the lamps. `skipped`: missing flashes."""

    lamps: str | None
    buzzer: str | None
    late_s: tuple[float, ...] = ()
    skipped: int = 0

    @property
    def is_odd(self) -> bool:
        return "odd" in (self.lamps or "") or self.buzzer == "odd"

    @property
    def is_told(self) -> bool:
        return self.lamps is not None and self.buzzer is not None and not self.is_odd


def shown(changes: list[Change], cut_s: float, now_s: float) -> Told:
    """The pattern that was put up at `cut_s` or later, and what of it is recorded up to `now_s`.
    `changes` in order of time. Lamps and buzzer of a pattern share one beginning: it is looked for
    among the edges."""
    told = [
        _told_from(changes, cut_s, max(cut_s, at_s - back_s), now_s)
        for at_s in _beginnings(changes, cut_s)
        for back_s in BACK_S
    ]
    if not told:
        return Told("", "none" if now_s - cut_s > STALL_S else None)
    return _likeliest(told)


def _likeliest(told: list[Told]) -> Told:
    """What needs the fewest missing spans: while that is not told or names two, nothing is."""
    possible = [t for t in told if not t.is_odd]
    if not possible:
        return told[0]
    fewest = min(t.skipped for t in possible)
    best = [t for t in possible if t.skipped == fewest]
    whole = [t for t in best if t.is_told]
    if len({(t.lamps, t.buzzer) for t in whole}) == 1:
        return whole[0]
    return replace(best[0], lamps=None, buzzer=None) if whole else best[0]


def _beginnings(changes: list[Change], cut_s: float) -> list[float]:
    """When something was switched on, and nothing before it that was dark at the cut."""
    found: list[float] = []
    for change in changes:
        if change.at_s < cut_s or change.output not in (*LAMPS, "buzzer"):
            continue
        if change.on:
            found.append(change.at_s)
        if not _may_be_left_over(changes, change.output, cut_s):
            break
    return found[:BEGINNINGS_MAX]


def _may_be_left_over(changes: list[Change], output: str, cut_s: float) -> bool:
    """Whether it was on shortly before the cut: what was shown before may go on for a while."""
    return any(
        start < cut_s and (off is None or off > cut_s - DARK_S)
        for start, off in spans(changes, output)
    )


def _told_from(changes: list[Change], cut_s: float, start_s: float, now_s: float) -> Told:
    """What was shown, if it began at `start_s`."""
    labels: list[str] = []
    late_s: list[float] = []
    skipped = 0
    pending = False
    for lamp in LAMPS:
        seen = _recorded(changes, lamp, start_s, now_s)
        if not seen or _is_left_over(changes, lamp, start_s):
            continue
        seen, until_s = _until_dark_for_good(seen, now_s - start_s)
        best = tell(RHYTHMS, seen, until_s, allowed_skips(until_s))
        if isinstance(best, Fit):
            late_s += best.late_s
            skipped += best.skipped
        pending = pending or best is None
        labels.append(f"{lamp}:{best.name if isinstance(best, Fit) else best}")
    heard_until_s = min(now_s, start_s + TONES_S)
    heard = _recorded(changes, "buzzer", start_s, heard_until_s)
    tone = tell(TONES, heard, heard_until_s - start_s, skips=0)
    return Told(
        None if pending else " ".join(labels),
        tone.name if isinstance(tone, Fit) else tone,
        tuple(late_s),
        skipped,
    )


def _recorded(changes: list[Change], output: str, start_s: float, until_s: float) -> list[Edge]:
    """The edges since `start_s` up to `until_s`, with times from the start."""
    return edges_of(
        (max(0.0, start - start_s), None if off is None or off > until_s else off - start_s)
        for start, off in since(spans(changes, output), start_s)
        if start <= until_s
    )


def _until_dark_for_good(seen: list[Edge], until_s: float) -> tuple[list[Edge], float]:
    """A pattern that is held for a while ends between two edges of its schedule: the last edge is
    not compared, and nothing after it."""
    if not seen[-1][1] and until_s - seen[-1][0] > DARK_S:
        return seen[:-1], seen[-1][0]
    return seen, until_s


def _is_left_over(changes: list[Change], lamp: str, start_s: float) -> bool:
    """Lit before the beginning, out soon after it, and not again: what was shown before."""
    on = since(spans(changes, lamp), start_s)
    if len(on) != 1:
        return False
    start, off = on[0]
    return start < start_s and off is not None and off - start_s <= STALL_S


def since(on: list[Span], cut_s: float) -> list[Span]:
    """What was on at `cut_s` or later."""
    return [s for s in on if s[1] is None or s[1] > cut_s]


def asked(changes: Iterable[Change], from_s: float, to_s: float) -> int:
    """How often another try was asked for: short tones that began while yellow was lit."""
    changes = list(changes)
    yellow = spans(changes, "yellow")
    return sum(
        from_s <= start < to_s
        and off is not None
        and off - start < SHORT_TONE_MAX_S
        and any(a <= start + LAMP_BEFORE_TONE_S and (b is None or start < b) for a, b in yellow)
        for start, off in spans(changes, "buzzer")
    )


def held_s(changes: Iterable[Change], lamp: str, cut_s: float) -> float | None:
    """How long `lamp` was lit without a break since `cut_s`; None while it still is."""
    on = since(spans(changes, lamp), cut_s)
    return on[0][1] - max(on[0][0], cut_s) if on and on[0][1] is not None else None


def opened(changes: Iterable[Change], cut_s: float) -> bool:
    """Whether the barrier was opened since `cut_s`."""
    return any(start >= cut_s for start, _ in spans(changes, "barrier"))
