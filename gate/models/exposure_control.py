"""Exposure of the face instead of the room: its brightness to the camera's exposure value. Pure.

A camera meters the whole picture. Before a window it makes the window grey and the face black. So
the face is metered by itself. The camera's own automatic exposure is shifted until the face is as
bright as a portrait. Time comes with each frame; nothing waits here.
"""

import math
from dataclasses import dataclass, replace

TARGET_LUMA = 118.0
"""Mean luma of the face, 0 to 255, that is aimed at: the mid grey of sRGB."""
DEAD_STOPS = 1.0
"""So far off, in stops, nothing is changed: luma 84 to 164. People differ, and so do bright walls.
The recogniser does not mind."""
GAIN = 0.8
"""Of the error that one step takes away. A camera's tone curve may be steeper than sRGB by half."""
STEP_MAX = 1.5
EV_MIN, EV_MAX = -2.0, 3.0
"""Stops. Above it is noise, below it a face that is burnt out by something else than exposure."""
SETTLE_NS = 300_000_000
"""From a step, in ns, until the camera has followed it: sensors take three frames, libcamera's own
control some more. What is seen before then is not judged."""
KEEP_NS = 3_000_000_000
"""Without a face for so long, in ns, the camera is left to itself again. The next in the queue
stands before the same window and comes sooner."""
SEEK_NS = 600_000_000
"""A person is awaited and no face found for so long, in ns: a black face is not found at all."""
SEEK_EV = (1.5, 3.0, -1.5, 0.0)
"""What is tried then, one after the other, in stops."""
EFFECT_MIN = 0.25
"""Of a step, as the face shows it. With less the camera is at the end of its time and gain, and
asking for more would only have to be undone."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is asked of the camera, and what is known of it.

    `ev`: exposure value in stops beside the camera's own. `changed_ns`: when it last changed.
    `seen_ns`: the newest frame with a face. `missed_ns`: the first without one in which a person
    was awaited, None where nobody is missed. All are monotonic in ns. `step`: the last change, in
    stops, while its effect is not yet known, with the face's brightness `before` it. `low`, `high`:
    the ends of this camera in this light, as far as it has shown them. `sought`: how many values
    have been tried in search of a face.
    """

    ev: float = 0.0
    changed_ns: int = -SETTLE_NS
    seen_ns: int = -KEEP_NS
    missed_ns: int | None = None
    step: float = 0.0
    before: float = 0.0
    low: float = EV_MIN
    high: float = EV_MAX
    sought: int = 0


def after_frame(now: Exposure, mono_ns: int, luma: float | None, awaited: bool) -> Exposure:
    """The exposure after one more frame.

    `mono_ns`: when the frame was exposed, monotonic in ns. `luma`: mean luma of the face, 0 to 255,
    None where there is no face. `awaited`: a person is to be judged now.
    """
    settling = mono_ns - now.changed_ns < SETTLE_NS
    if luma is None:
        return _without_face(now, mono_ns, awaited, settling)
    seen = replace(now, seen_ns=mono_ns, missed_ns=None, sought=0)
    if settling:
        return seen
    stops = _stops(luma)
    if seen.step:
        seen = _answered(seen, stops, mono_ns)
    return seen if seen.changed_ns == mono_ns else _corrected(seen, stops, mono_ns)


def _corrected(now: Exposure, stops: float, mono_ns: int) -> Exposure:
    error = _stops(TARGET_LUMA) - stops
    if abs(error) <= DEAD_STOPS:
        return now
    step = max(-STEP_MAX, min(STEP_MAX, GAIN * error))
    ev = max(now.low, min(now.high, now.ev + step))
    if ev == now.ev:
        return now
    return replace(now, ev=ev, changed_ns=mono_ns, step=ev - now.ev, before=stops)


def _answered(now: Exposure, stops: float, mono_ns: int) -> Exposure:
    """The last step has had its time. One without effect is undone, and not tried again on this
    person."""
    known = replace(now, step=0.0, before=0.0)
    if (stops - now.before) / now.step >= EFFECT_MIN:
        return known
    ev = now.ev - now.step
    undone = replace(known, ev=ev, changed_ns=mono_ns)
    return replace(undone, high=ev) if now.step > 0 else replace(undone, low=ev)


def _without_face(now: Exposure, mono_ns: int, awaited: bool, settling: bool) -> Exposure:
    if not awaited:
        left = Exposure(seen_ns=now.seen_ns)
        gone = mono_ns - now.seen_ns >= KEEP_NS
        return left if gone else replace(now, missed_ns=None)
    missed_ns = mono_ns if now.missed_ns is None else now.missed_ns
    if settling or mono_ns - missed_ns < SEEK_NS:
        return replace(now, missed_ns=missed_ns)
    ev = SEEK_EV[now.sought % len(SEEK_EV)]
    return Exposure(ev, mono_ns, now.seen_ns, missed_ns, sought=now.sought + 1)


def _stops(luma: float) -> float:
    """Light behind an sRGB value of 0 to 255, in stops below white."""
    value = max(4.0, min(255.0, luma)) / 255
    linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return math.log2(linear)
