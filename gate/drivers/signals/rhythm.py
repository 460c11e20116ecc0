"""What is lit and sounding at which moment of a pattern (formats.md, Reasons). Pure, in ms.

Every rhythm and tone is a list of spans that are on, `[start, end)`, repeated every `period_ms` or
played once. All moments count from the moment the pattern is shown, so lamps of one pattern and
its buzzer never drift apart.
"""

from dataclasses import dataclass

from gate.core.reasons import Pattern, Rhythm, Tone

SHORT_MS, LONG_MS, GAP_MS = 150, 600, 200
TONE_EVERY_MS = 6000
"""How often a repeated tone begins anew: heard across a corridor, not maddening."""

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """`period_ms` None: played once."""

    on: Spans
    period_ms: int | None

    def lit(self, ms: int) -> bool:
        """Whether it is on, `ms` milliseconds after the pattern began."""
        at = ms if self.period_ms is None else ms % self.period_ms
        return any(start <= at < end for start, end in self.on)

    def next_edge(self, ms: int) -> int | None:
        """The first moment after `ms` at which it may change; None: never again."""
        base = 0 if self.period_ms is None else ms - ms % self.period_ms
        edges = sorted(edge for span in self.on for edge in span)
        if self.period_ms is not None:
            edges += [self.period_ms + edge for edge in edges]
        return next((base + edge for edge in edges if base + edge > ms), None)


_FOREVER = 10**15
LAMP: dict[Rhythm, Beat] = {
    Rhythm.STEADY: Beat(((0, _FOREVER),), None),
    Rhythm.SLOW: Beat(((0, 500),), 1000),
    Rhythm.FAST: Beat(((0, 125),), 250),
    Rhythm.DOUBLE: Beat(((0, 125), (250, 375)), 1000),
}


def _beeps(count: int, length_ms: int) -> Spans:
    pace = length_ms + GAP_MS
    return tuple((i * pace, i * pace + length_ms) for i in range(count))


TONE: dict[Tone, Spans] = {
    Tone.NONE: (),
    Tone.ONE_SHORT: _beeps(1, SHORT_MS),
    Tone.TWO_SHORT: _beeps(2, SHORT_MS),
    Tone.ONE_LONG: _beeps(1, LONG_MS),
    Tone.TWO_LONG: _beeps(2, LONG_MS),
    Tone.THREE_LONG: _beeps(3, LONG_MS),
}


def on_at(pattern: Pattern, ms: int) -> frozenset[str]:
    """Names of the outputs that are on `ms` after the pattern was shown: lamps and `buzzer`."""
    if _is_over(pattern, ms):
        return frozenset()
    lamps = pattern.lamps if LAMP[pattern.rhythm].lit(ms) else ()
    sounds = ("buzzer",) if _tone(pattern).lit(ms) else ()
    return frozenset([*(str(lamp) for lamp in lamps), *sounds])


def next_change(pattern: Pattern, ms: int) -> int | None:
    """The first moment after `ms` at which `on_at` may differ; None: never again."""
    if _is_over(pattern, ms):
        return None
    edges = [_tone(pattern).next_edge(ms), _hold_ms(pattern)]
    if pattern.lamps and pattern.rhythm is not Rhythm.STEADY:
        edges.append(LAMP[pattern.rhythm].next_edge(ms))
    return min((e for e in edges if e is not None), default=None)


def _tone(pattern: Pattern) -> Beat:
    return Beat(TONE[pattern.tone], TONE_EVERY_MS if pattern.tone_repeats else None)


def _hold_ms(pattern: Pattern) -> int | None:
    return None if pattern.hold_s is None else round(pattern.hold_s * 1000)


def _is_over(pattern: Pattern, ms: int) -> bool:
    hold_ms = _hold_ms(pattern)
    return hold_ms is not None and ms >= hold_ms
