"""Lamps, buzzer, barrier relay and acknowledge button on gpiozero.

The barrier's value means what it does to people: on = open, off = shut. With `barrier_rest`
`released` the relay is powered to keep it shut, so a dead unit lets people through; with `locked`
it is powered to open. Lamps are 1 when lit. The button closes to ground (internal pull-up).
"""

import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from gpiozero import LED, Buzzer, DigitalInputDevice, GPIOZeroError, OutputDevice

from gate.core.reasons import IDLE, Pattern
from gate.drivers.signals.rhythm import next_change, on_at
from gate.errors import SignalsMissing
from gate.platform.priority import raise_priority

CONFIRM_S = 0.02
"""A press counts when the level is still there after this: contacts bounce, and lgpio reports
edges that never were (gpiozero#1090)."""

HEADER_CHIPS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")


class Panel:
    """The outputs, moved by a caller of `advance` in time. Times are monotonic ms. Knows no
    thread, so its whole behaviour is tested without waiting.

    The schedule is absolute: every change is due at a distance from the moment of `show`. A call
    that comes late changes that edge alone; an edge whose time is over by then is left out."""

    def __init__(
        self,
        *,
        red: int,
        yellow: int,
        green: int,
        buzzer: int,
        barrier: int,
        open_s: float,
        open_wheelchair_s: float,
        barrier_rest: str,
        factory: Any,
    ) -> None:
        self._open_ms = round(open_s * 1000)
        self._longer_ms = max(self._open_ms, round(open_wheelchair_s * 1000))
        self._pattern, self._shown_ms = IDLE, 0
        self._shuts_ms: int | None = None
        self._outputs: dict[str, OutputDevice] = {}
        self._released_at_rest = barrier_rest == "released"
        with contextlib.ExitStack() as undo:
            for name, kind, pin in (
                ("red", LED, red),
                ("yellow", LED, yellow),
                ("green", LED, green),
                ("buzzer", Buzzer, buzzer),
            ):
                self._outputs[name] = undo.enter_context(kind(pin, pin_factory=factory))
            self._barrier = undo.enter_context(
                OutputDevice(barrier, active_high=not self._released_at_rest, pin_factory=factory)
            )
            undo.pop_all()

    def show(self, pattern: Pattern, now_ms: int) -> None:
        """Shows `pattern` from `now_ms` on."""
        self._pattern, self._shown_ms = pattern, now_ms
        self.advance(now_ms)

    def open_barrier(self, now_ms: int, *, longer: bool = False) -> None:
        """Opens the barrier at `now_ms` for its time. Who passes slowly is not cut short."""
        shuts_ms = now_ms + (self._longer_ms if longer else self._open_ms)
        self._shuts_ms = max(shuts_ms, self._shuts_ms or shuts_ms)
        self._barrier.on()

    def rest(self) -> None:
        """The buzzer off and the barrier where it falls without power, until it is next opened."""
        self._outputs["buzzer"].off()
        self._pattern = _silent(self._pattern)
        self._shuts_ms = None
        self._barrier.value = self._released_at_rest

    def advance(self, now_ms: int) -> int | None:
        """Bring every output to what it should be now; the moment of the next change, if any."""
        since_ms = now_ms - self._shown_ms
        on = on_at(self._pattern, since_ms)
        for name, output in self._outputs.items():
            if bool(output.value) != (name in on):
                output.value = name in on
        if self._shuts_ms is not None and now_ms >= self._shuts_ms:
            self._shuts_ms = None
            self._barrier.off()
        change = next_change(self._pattern, since_ms)
        due = None if change is None else self._shown_ms + change
        return min((t for t in (due, self._shuts_ms) if t is not None), default=None)

    def close(self) -> None:
        """Everything off, the barrier at rest, the lines given back. Again: nothing."""
        if self._barrier.closed:
            return
        self.rest()
        for output in self._outputs.values():
            output.off()
            output.close()
        self._barrier.close()


class GpioSignals:
    """The Signals port. Pins are BCM numbers, named as in gate.toml. `factory`: a gpiozero pin
    factory; None takes lgpio on the chip of the 40-pin header, or what GPIOZERO_PIN_FACTORY names.

    One thread plays the rhythm, with what priority the system allows; every call puts its first
    step on the pins before it returns.
    """

    def __init__(
        self,
        *,
        red: int,
        yellow: int,
        green: int,
        buzzer: int,
        barrier: int,
        acknowledge: int,
        open_s: float,
        open_wheelchair_s: float,
        barrier_rest: str,
        factory: Any = None,
    ) -> None:
        self._outputs: dict[str, Any] = {
            "red": red,
            "yellow": yellow,
            "green": green,
            "buzzer": buzzer,
            "barrier": barrier,
            "open_s": open_s,
            "open_wheelchair_s": open_wheelchair_s,
            "barrier_rest": barrier_rest,
        }
        self._acknowledge = acknowledge
        self._factory = factory
        self._turn = threading.Condition()
        self._stopped = True
        self._pressed = asyncio.Event()
        self._broken: SignalsMissing | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._pressed.clear()
        with _claiming(), contextlib.ExitStack() as undo:
            factory = self._factory or header_factory()
            self._panel = Panel(**self._outputs, factory=factory)
            undo.callback(self._panel.close)
            # not gpiozero's Button: that wakes ten times a second to tell a hold from a press
            self._button = DigitalInputDevice(self._acknowledge, pull_up=True, pin_factory=factory)
            undo.pop_all()
        self._button.when_activated = self._edge
        self._stopped = False
        self._thread = threading.Thread(target=self._play, name="signals", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lamps and buzzer off, barrier at rest, pins given back. Again: nothing."""
        with self._turn:
            if self._stopped:
                return
            self._stopped = True
            self._panel.close()
            self._button.when_activated = None
            self._button.close()
            self._turn.notify()
        self._thread.join()

    def show(self, pattern: Pattern) -> None:
        """Shows `pattern` from now on."""
        with self._turn:
            self._panel.show(pattern, _now_ms())
            self._turn.notify()

    def open_barrier(self, *, longer: bool = False) -> None:
        """Opens the barrier now, for its time."""
        with self._turn:
            self._panel.open_barrier(_now_ms(), longer=longer)
            self._turn.notify()

    def safe(self) -> None:
        """The buzzer off and the barrier where it falls without power; lamps stay."""
        with self._turn:
            self._panel.rest()

    async def acknowledged(self) -> None:
        """SignalsMissing where the rhythm cannot go on: the barrier would stay as it is."""
        await self._pressed.wait()
        if self._broken is not None:
            raise self._broken
        self._pressed.clear()

    def _play(self) -> None:
        raise_priority()
        try:
            with self._turn:
                while not self._stopped:
                    due_ms = self._panel.advance(_now_ms())
                    self._turn.wait(None if due_ms is None else max(0, due_ms - _now_ms()) / 1000)
        except (GPIOZeroError, OSError, *_lgpio_errors()) as e:
            self._broken = _unusable(e)
            self._loop.call_soon_threadsafe(self._pressed.set)

    def _edge(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.call_later, CONFIRM_S, self._confirm)

    def _confirm(self) -> None:
        if not self._button.closed and self._button.is_active:
            self._pressed.set()


def header_factory() -> Any:
    """lgpio on the chip that drives the 40-pin header; None where GPIOZERO_PIN_FACTORY names
    another library.

    Pi 5 kernels moved the header from gpiochip4 to gpiochip0, and gpiozero 2.0.1 does not know
    (gpiozero#1166), so the chip is found by its label.
    """
    if os.environ.get("GPIOZERO_PIN_FACTORY", "lgpio") not in ("", "lgpio"):
        return None
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory(chip=_header_chip())


def _header_chip() -> int | None:
    import lgpio

    for chip in range(16):
        if not Path(f"/dev/gpiochip{chip}").exists():
            continue
        handle = lgpio.gpiochip_open(chip)
        label = lgpio.gpio_get_chip_info(handle)[3]
        lgpio.gpiochip_close(handle)
        if str(label).startswith(HEADER_CHIPS):
            return chip
    return None


@contextlib.contextmanager
def _claiming() -> Iterator[None]:
    unusable = (GPIOZeroError, OSError, ImportError, *_lgpio_errors())
    try:
        yield
    except unusable as e:
        raise _unusable(e) from e


def _unusable(error: Exception) -> SignalsMissing:
    return SignalsMissing(
        f"The GPIO lines cannot be used ({type(error).__name__}: {error}): run on a Raspberry Pi "
        "with lgpio installed, in the group gpio, with no other program on these pins.",
        "无法使用 GPIO：请在树莓派上运行，安装 lgpio，加入 gpio 组，并确认引脚未被占用。",
        cause=str(error),
    )


def _lgpio_errors() -> tuple[type[Exception], ...]:
    """The classes of lgpio's errors; none where lgpio cannot be imported.

    lgpio makes a pipe in its working folder (LG_WD) as it is imported, and fails where it may not.
    Where LG_WD is not set, the system's folder for temporary files is used.
    """
    os.environ.setdefault("LG_WD", tempfile.gettempdir())
    try:
        import lgpio
    except (ImportError, OSError):
        return ()
    return (lgpio.error,)


def _silent(pattern: Pattern) -> Pattern:
    return Pattern(pattern.lamps, pattern.rhythm, IDLE.tone, pattern.hold_s)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
