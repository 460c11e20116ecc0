"""Lamps, buzzer and barrier: the rhythm by the table, the panel over whole histories without
waiting, then the port with its thread on gpiozero devices."""

import asyncio
import itertools
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.reasons import ASK_AGAIN, IDLE, MEANING, Lamp, Pattern, Reason, Rhythm, Tone
from gate.drivers.signals import gpio
from gate.drivers.signals.gpio import GpioSignals, Panel
from gate.drivers.signals.rhythm import TONE_EVERY_MS, next_change, on_at
from gate.drivers.simulated import signals as simulated
from gate.drivers.simulated.signals import SimulatedSignals
from gate.errors import SignalsMissing
from gate.platform.priority import raise_priority
from tests.examples import examples

PINS = {"red": 5, "yellow": 6, "green": 13, "buzzer": 19, "barrier": 26}
SETTINGS = {
    **PINS,
    "acknowledge": 21,
    "open_s": 5.0,
    "open_wheelchair_s": 12.0,
    "barrier_rest": "released",
}


def played(pattern: Pattern, output: str, until_ms: int) -> list[tuple[int, int]]:
    """Every change of one output up to `until_ms`."""
    at, changes, state = 0, [], 0
    while at is not None and at <= until_ms:
        now = int(output in on_at(pattern, at))
        if now != state:
            changes.append((at, now))
        at, state = next_change(pattern, at), now
    return changes


def lamp(rhythm: Rhythm, hold_s: float | None = None) -> Pattern:
    return Pattern((Lamp.YELLOW,), rhythm, Tone.NONE, hold_s)


@pytest.mark.parametrize(
    ("rhythm", "changes"),
    [
        (Rhythm.STEADY, [(0, 1)]),
        (Rhythm.SLOW, [(0, 1), (500, 0), (1000, 1), (1500, 0), (2000, 1)]),
        (Rhythm.FAST, [(n * 125, 1 - n % 2) for n in range(17)]),
        (
            Rhythm.DOUBLE,
            [
                *[(0, 1), (125, 0), (250, 1), (375, 0)],
                *[(1000, 1), (1125, 0), (1250, 1), (1375, 0), (2000, 1)],
            ],
        ),
    ],
)
def test_rhythms(rhythm: Rhythm, changes: list[tuple[int, int]]) -> None:
    assert played(lamp(rhythm), "yellow", 2000) == changes


@pytest.mark.parametrize(
    ("tone", "changes"),
    [
        (Tone.NONE, []),
        (Tone.ONE_SHORT, [(0, 1), (150, 0)]),
        (Tone.TWO_SHORT, [(0, 1), (150, 0), (350, 1), (500, 0)]),
        (Tone.ONE_LONG, [(0, 1), (600, 0)]),
        (Tone.TWO_LONG, [(0, 1), (600, 0), (800, 1), (1400, 0)]),
        (Tone.THREE_LONG, [(0, 1), (600, 0), (800, 1), (1400, 0), (1600, 1), (2200, 0)]),
    ],
)
def test_tones_sound_once(tone: Tone, changes: list[tuple[int, int]]) -> None:
    pattern = Pattern((Lamp.RED,), Rhythm.FAST, tone, None)
    assert played(pattern, "buzzer", 60_000) == changes


def test_out_of_service_calls_again_and_again() -> None:
    pattern = MEANING[Reason.OUT_OF_SERVICE].pattern
    starts = [ms for ms, on in played(pattern, "buzzer", 2 * TONE_EVERY_MS) if on]
    assert starts == [0, 800, 1600, 6000, 6800, 7600, 12000]
    assert all(on_at(pattern, 0) >= {lamp} for lamp in ("red", "yellow", "green"))


@pytest.mark.parametrize("reason", Reason)
def test_what_holds_ends_dark_and_what_repeats_never_ends(reason: Reason) -> None:
    pattern = MEANING[reason].pattern
    if pattern.hold_s is None:
        assert on_at(pattern, 3_600_000) or next_change(pattern, 3_600_000) is not None
    else:
        assert on_at(pattern, 2999) or next_change(pattern, 2999) == 3000
        assert on_at(pattern, 3000) == frozenset()
        assert next_change(pattern, 3000) is None


patterns = st.builds(
    Pattern,
    st.lists(st.sampled_from(Lamp), unique=True).map(tuple),
    st.sampled_from(Rhythm),
    st.sampled_from(Tone),
    st.none() | st.integers(1, 8).map(lambda n: n / 2),
    st.booleans(),
)


@given(patterns, st.integers(0, 20_000))
@examples(100)
def test_nothing_changes_before_the_next_change(pattern: Pattern, ms: int) -> None:
    change = next_change(pattern, ms)
    upto = ms + 1500 if change is None else min(change, ms + 1500)
    assert change is None or change > ms
    assert {on_at(pattern, t) for t in range(ms, upto, 25)} == {on_at(pattern, ms)}


# -- the panel: gpiozero devices, no thread, no waiting ------------------------------------------


class Bench:
    """A panel on recorded pins, driven along its own due times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rest: str = "released") -> None:
        self.now_ms = 0
        monkeypatch.setattr(simulated.time, "monotonic_ns", lambda: self.now_ms * 1_000_000)
        self.signals = SimulatedSignals(**(SETTINGS | {"barrier_rest": rest}))
        self.panel = Panel(
            **PINS,
            open_s=5.0,
            open_wheelchair_s=12.0,
            barrier_rest=rest,
            factory=self.signals._pins,
        )

    def run_late(self, late_ms: list[int], until_ms: int) -> list[int]:
        """Along its due times, each waking late by the next of `late_ms`; when it woke."""
        woke, late = [], itertools.cycle(late_ms)
        due = self.panel.advance(self.now_ms)
        while due is not None and due + (late_by := next(late)) <= until_ms:
            self.now_ms = max(self.now_ms, due + late_by)
            woke.append(self.now_ms)
            due = self.panel.advance(self.now_ms)
        return woke

    def run_to(self, until_ms: int) -> None:
        while (due := self.panel.advance(self.now_ms)) is not None and due <= until_ms:
            self.now_ms = due
        self.now_ms = until_ms
        self.panel.advance(until_ms)

    def level(self, output: str) -> bool:
        return bool(self.signals._pins.pin(PINS[output]).state)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    return lambda rest="released": Bench(monkeypatch, rest)


def test_an_admission_as_the_pins_saw_it(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.run_to(1000)
    b.panel.show(MEANING[Reason.OK].pattern, b.now_ms)
    b.panel.open_barrier(b.now_ms)
    b.run_to(20_000)
    assert b.signals.history() == {
        "red": [],
        "yellow": [],
        "green": [[1000, 1], [4000, 0]],
        "buzzer": [[1000, 1], [1150, 0]],
        "barrier": [[0, 0], [1000, 1], [6000, 0]],
    }


def test_a_new_pattern_replaces_the_old_and_starts_its_own_rhythm(
    bench: Callable[..., Bench],
) -> None:
    b = bench()
    b.panel.show(MEANING[Reason.FACE_MISMATCH].pattern, 0)
    b.run_to(60)
    b.panel.show(MEANING[Reason.TOO_EARLY].pattern, 60)
    b.run_to(1100)
    history = b.signals.history()
    assert history["yellow"] == [[0, 1], [60, 0]]
    assert history["red"] == [[60, 1], [560, 0], [1060, 1]]
    assert history["buzzer"] == [[0, 1], [660, 0]]


@given(
    st.sampled_from([m.pattern for m in MEANING.values()]),
    st.lists(st.integers(0, 400), min_size=1, max_size=30),
)
@examples(60)
def test_a_late_edge_does_not_move_those_after_it(pattern: Pattern, late_ms: list[int]) -> None:
    """Whenever the thread wakes, every output is as the schedule has it at that very moment.

    The next edge is waited for where the schedule has it.
    """
    with pytest.MonkeyPatch.context() as patch:
        b = Bench(patch)
        b.panel.show(pattern, 0)
        woke = b.run_late(late_ms, 8000)
        history = b.signals.history()
    for output in ("red", "yellow", "green", "buzzer"):
        for at_ms, state in history[output]:
            assert bool(state) == (output in on_at(pattern, at_ms)), (output, at_ms)
    dues = [next_change(pattern, at_ms) for at_ms in [0, *woke]]
    late = itertools.cycle(late_ms)
    assert woke == [due + next(late) for due, _ in zip(dues, woke, strict=False)]


def test_opening_again_while_open_starts_the_time_anew(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.panel.open_barrier(0)
    b.run_to(3000)
    b.panel.open_barrier(3000)
    b.run_to(20_000)
    assert b.signals.history()["barrier"] == [[0, 0], [0, 1], [8000, 0]]


def test_for_a_wheelchair_it_stays_open_longer(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.panel.open_barrier(0, longer=True)
    b.run_to(20_000)
    assert b.signals.history()["barrier"] == [[0, 0], [0, 1], [12_000, 0]]


def test_the_next_person_does_not_shorten_it(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.panel.open_barrier(0, longer=True)
    b.run_to(1000)
    b.panel.open_barrier(1000)
    b.run_to(20_000)
    assert b.signals.history()["barrier"] == [[0, 0], [0, 1], [12_000, 0]]


@pytest.mark.parametrize(("rest", "shut"), [("released", True), ("locked", False)])
def test_the_relay_falls_to_its_rest(bench: Callable[..., Bench], rest: str, shut: bool) -> None:
    """`shut`: the pin's level while shut; without power the pin is low."""
    b = bench(rest)
    assert b.level("barrier") is shut
    b.panel.open_barrier(0)
    assert b.level("barrier") is not shut
    b.panel.rest()
    assert b.level("barrier") is False
    b.run_to(20_000)
    assert b.level("barrier") is False, "rest lasts until the barrier is next opened"


def test_safe_silences_and_keeps_the_lamps(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.panel.show(MEANING[Reason.OUT_OF_SERVICE].pattern, 0)
    b.panel.rest()
    b.run_to(7000)
    history = b.signals.history()
    assert history["buzzer"] == [[0, 1], [0, 0]]
    assert len(history["red"]) == 15


def test_closing_leaves_everything_off_and_may_be_repeated(bench: Callable[..., Bench]) -> None:
    b = bench()
    b.panel.show(MEANING[Reason.OUT_OF_SERVICE].pattern, 0)
    b.panel.close()
    b.panel.close()
    assert [b.level(name) for name in PINS] == [False] * 5


# -- the port ------------------------------------------------------------------------------------


@pytest.fixture(params=["simulated", pytest.param("gpio", marks=pytest.mark.hardware)])
async def signals(request: pytest.FixtureRequest) -> AsyncIterator[GpioSignals]:
    if request.param == "gpio" and "hardware" not in request.config.getoption("markexpr"):
        pytest.skip("needs the lamps: -m hardware")
    made = SimulatedSignals(**SETTINGS) if request.param == "simulated" else GpioSignals(**SETTINGS)
    async with made as entered:
        yield entered


async def test_calls_return_at_once_and_close_is_idempotent(signals: GpioSignals) -> None:
    for pattern in (ASK_AGAIN, MEANING[Reason.FACE_POOR].pattern, IDLE):
        signals.show(pattern)
    signals.open_barrier()
    signals.safe()
    signals.close()
    signals.close()


async def test_the_first_step_is_on_the_pins_when_show_returns() -> None:
    async with SimulatedSignals(**SETTINGS) as signals:
        signals.show(ASK_AGAIN)
        history = signals.history()
    assert [state for _, state in history["yellow"]] == [1]
    assert [state for _, state in history["buzzer"]] == [1]


@pytest.mark.slow
async def test_the_thread_plays_on_by_itself() -> None:
    flash = Pattern((Lamp.RED,), Rhythm.FAST, Tone.NONE, 0.3)
    async with SimulatedSignals(**SETTINGS) as signals, asyncio.timeout(10):
        signals.show(flash)
        while len(signals.history()["red"]) < 4:
            await asyncio.sleep(0.01)
        assert [state for _, state in signals.history()["red"]] == [1, 0, 1, 0]


async def test_the_thread_has_what_priority_the_system_allows() -> None:
    def play() -> None:
        raise_priority()
        allowed.append(_priority(threading.get_native_id()))

    allowed: list[tuple[int, int]] = []
    thread = threading.Thread(target=play)
    thread.start()
    thread.join()
    flash = Pattern((Lamp.RED,), Rhythm.FAST, Tone.NONE, 0.2)
    async with SimulatedSignals(**SETTINGS) as signals, asyncio.timeout(10):
        signals.show(flash)
        while len(signals.history()["red"]) < 2:  # by then the thread has begun
            await asyncio.sleep(0.01)
        assert _priority(signals._thread.native_id or 0) == allowed[0]


def _priority(thread_id: int) -> tuple[int, int]:
    return os.sched_getscheduler(thread_id), os.getpriority(os.PRIO_PROCESS, thread_id)


async def test_the_barrier_shuts_by_itself() -> None:
    async with SimulatedSignals(**(SETTINGS | {"open_s": 0.05})) as signals, asyncio.timeout(10):
        signals.open_barrier()
        while len(signals.history()["barrier"]) < 3:
            await asyncio.sleep(0.01)
        assert [state for _, state in signals.history()["barrier"]] == [0, 1, 0]


async def test_leaving_in_the_middle_of_everything_is_safe_and_it_can_be_entered_again() -> None:
    signals = SimulatedSignals(**SETTINGS)
    for _ in range(2):
        async with signals:
            signals.show(MEANING[Reason.OUT_OF_SERVICE].pattern)
            signals.open_barrier()
        last = {name: changes[-1][1] for name, changes in signals.history().items()}
        assert last == {"red": 0, "yellow": 0, "green": 0, "buzzer": 0, "barrier": 1}


@pytest.mark.slow
async def test_the_button_is_heard_even_before_anybody_waits() -> None:
    async with SimulatedSignals(**SETTINGS) as signals, asyncio.timeout(10):
        signals.press_acknowledge()
        await signals.acknowledged()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await signals.acknowledged()
        signals.press_acknowledge()
        await signals.acknowledged()


async def test_a_bounce_is_no_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "PRESS_S", 0.0)
    async with SimulatedSignals(**SETTINGS) as signals:
        signals.press_acknowledge()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await signals.acknowledged()


async def test_a_machine_without_gpio_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    with pytest.raises(SignalsMissing, match="Raspberry Pi") as caught:
        async with GpioSignals(**SETTINGS):
            pass
    assert caught.value.exit_code == 6


async def test_a_pin_taken_twice_is_refused_and_the_others_given_back() -> None:
    signals = SimulatedSignals(**(SETTINGS | {"acknowledge": 26}))
    with pytest.raises(SignalsMissing):
        async with signals:
            pass
    assert not any(signals._pins._reservations.values())


async def test_outputs_that_cannot_be_moved_any_more_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the one task that waits for the signals: a barrier that nobody shuts must end the gate."""

    def gone(*_: object) -> None:
        raise OSError("lines gone")

    async with SimulatedSignals(**SETTINGS) as signals, asyncio.timeout(10):
        waiting = asyncio.create_task(signals.acknowledged())
        monkeypatch.setattr(signals._panel, "advance", gone)
        signals.open_barrier()
        with pytest.raises(SignalsMissing, match="lines gone"):
            await waiting


@pytest.mark.parametrize(("named", "chip"), [(None, 3), ("", 3), ("lgpio", 3), ("mock", None)])
def test_the_header_chip_is_looked_for_wherever_lgpio_is_used(
    named: str | None, chip: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gpiozero takes chip 4 on a Pi 5, whatever the kernel calls the header's."""
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    if named is not None:
        monkeypatch.setenv("GPIOZERO_PIN_FACTORY", named)
    made = SimpleNamespace(LGPIOFactory=lambda chip: chip)
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", made)
    monkeypatch.setattr(gpio, "_header_chip", lambda: 3)
    assert gpio.header_factory() == chip
