"""Why the recogniser sees hardly a face, and what the person can do about it. Pure.

Every frame that comes here is refused already, by its feature norm. So no measure has to prove a
fault; the one that is furthest from what sound frames have is named. Bounds and how often each is
right: docs/models-and-accuracy.md.
"""

from gate.core.reasons import Advice
from gate.ports import Quality

BURNT = 0.35
BRIGHT = 200.0
DARK = 55.0
WINDOW_LUMA = 240.0
"""What a quarter of the surrounding exceeds where a window or the sky is in it: it burns out. A
white wall in even light does not, even behind a dark face."""
DIM, VEILED_SPREAD = 90.0, 22.0
"""What a window does to a face: its exposure falls, or stray light takes its contrast. A white wall
does neither."""
LEAN_DEG = 15.0
FAR_PX = 40.0
BLURRED = 60.0
GRAINY = 2500.0
"""Sharpness that no face has: the noise of a sensor that has too little light."""
DOWN = 0.72


def likely_cause(quality: Quality) -> Advice:
    """What would most likely help this face: the first cause that holds, else to look straight."""
    causes = {
        Advice.LESS_LIGHT: quality.burnt > BURNT or quality.brightness > BRIGHT,
        Advice.TURN_FROM_WINDOW: is_before_a_window(quality),
        Advice.MORE_LIGHT: quality.brightness < DARK or quality.sharpness > GRAINY,
        Advice.LOOK_STRAIGHT: abs(quality.roll_deg) > LEAN_DEG,
        Advice.HOLD_STILL: quality.sharpness < BLURRED,
        Advice.COME_CLOSER: quality.eyes_px < FAR_PX,
        Advice.LOOK_UP: quality.pitch > DOWN,
    }
    return next((advice for advice, holds in causes.items() if holds), Advice.LOOK_STRAIGHT)


def is_before_a_window(quality: Quality) -> bool:
    """Whether the light comes from behind the person."""
    if quality.surrounding is None or quality.surrounding < WINDOW_LUMA:
        return False
    return quality.brightness < DIM or quality.spread < VEILED_SPREAD
