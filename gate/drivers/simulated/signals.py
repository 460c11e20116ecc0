"""The real signals on pins that exist only in memory, and everything they ever did."""

import threading
import time
from collections import deque
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin

from gate.drivers.signals.gpio import GpioSignals

HISTORY_MAX = 20_000
"""Changes kept of each output: over half an hour of the fastest rhythm."""
PRESS_S = 0.2
OUTPUTS = ("red", "yellow", "green", "buzzer", "barrier")


class SimulatedSignals(GpioSignals):
    """`GpioSignals` with gpiozero's MockFactory under it; arguments as there, but no factory."""

    def __init__(self, **settings: Any) -> None:
        self._watched = [_Output(settings[name]) for name in OUTPUTS]
        inverted = settings["barrier_rest"] == "released"
        self._inverted = {"barrier"} if inverted else set()
        self._pins = MockFactory(pin_class=_recording(self._watched))
        self._button_number = settings["acknowledge"]
        super().__init__(**settings, factory=self._pins)

    def history(self) -> dict[str, list[list[int]]]:
        """`[monotonic ms, state]` of every change, oldest first, for red, yellow, green, buzzer
        and barrier. State 1: lit, sounding, open. What happened at one pin stays in order; the
        oldest of more than HISTORY_MAX is dropped."""
        return {
            name: [
                [ms, int(level != (name in self._inverted))] for ms, level in list(output.changes)
            ]
            for name, output in zip(OUTPUTS, self._watched, strict=True)
        }

    def press_acknowledge(self) -> None:
        """A finger on the button for PRESS_S. Returns at once."""
        pin = self._pins.pin(self._button_number)
        pin.drive_low()
        release = threading.Timer(PRESS_S, pin.drive_high)
        release.daemon = True
        release.start()


class _Output:
    def __init__(self, number: int) -> None:
        self.number = number
        self.changes: deque[tuple[int, bool]] = deque(maxlen=HISTORY_MAX)


def _recording(outputs: list[_Output]) -> type[MockPin]:
    """A pin class that keeps each level change of `outputs`; gpiozero's own record has no end."""
    by_name = {f"GPIO{output.number}": output for output in outputs}

    class RecordingPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
        def _change_state(self, value: bool) -> bool:
            changed = bool(super()._change_state(value))
            self.clear_states()
            output = by_name.get(self.info.name)
            if changed and output is not None:
                output.changes.append((time.monotonic_ns() // 1_000_000, value))
            return changed

    return RecordingPin
