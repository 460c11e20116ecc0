"""What every Clock keeps, on the system's and the simulated one; then what each adds."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gate.core.clock_trust import BoardClock
from gate.drivers import clock as system
from gate.drivers.clock import SystemClock, is_disciplined
from gate.drivers.rtc import BoardClockWatch, read_rtc
from gate.drivers.simulated.clock import SimulatedClock
from gate.errors import UsageError

EIGHT = datetime(2027, 4, 10, 8, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(params=[SystemClock, SimulatedClock, lambda: SimulatedClock(EIGHT)])
def clock(request: pytest.FixtureRequest) -> SystemClock | SimulatedClock:
    return request.param()


def test_time_is_aware_and_neither_part_goes_back(clock: SystemClock | SimulatedClock) -> None:
    instants = [clock.now() for _ in range(50)]
    assert all(i.at.utcoffset() is not None for i in instants)
    assert instants == sorted(instants, key=lambda i: i.mono_ns)
    assert instants == sorted(instants, key=lambda i: i.at)


def test_boot_is_the_kernels(clock: SystemClock | SimulatedClock) -> None:
    assert clock.boot == SystemClock().boot
    assert len(clock.boot) == 36


@pytest.mark.parametrize(
    ("state", "status", "trusted"),
    [(0, 0x2001, True), (1, 0, True), (5, 0x40, False), (0, 0x40, False), (5, 0, False)],
)
def test_the_kernels_word(state: int, status: int, trusted: bool) -> None:
    assert is_disciplined(state, status) is trusted


def test_the_kernel_answers_here() -> None:
    answer = system.ask_kernel()
    assert answer is None or answer[0] in range(6)


@pytest.mark.parametrize("mark", [True, False])
def test_without_adjtimex_timesyncds_mark_counts(
    mark: bool, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "synchronized"
    if mark:
        path.touch()
    monkeypatch.setattr(system, "ask_kernel", lambda: None)
    monkeypatch.setattr(system, "_TIMESYNCD_MARK", path)
    assert SystemClock().now().trusted is mark


@pytest.mark.parametrize(("built", "trusted"), [(2020, True), (2999, False)])
def test_a_time_before_the_build_is_never_trusted(
    built: int, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "ask_kernel", lambda: (0, 0))
    monkeypatch.setattr(system, "BUILT", datetime(built, 1, 1, tzinfo=UTC))
    assert SystemClock().now().trusted is trusted


def test_the_kernel_is_asked_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(system, "ask_kernel", lambda: asked.append(1) or (0, 0))
    monkeypatch.setattr(system, "CACHE_NS", 10**15)
    clock = SystemClock()
    assert all(clock.now().trusted for _ in range(100))
    assert len(asked) == 1


def test_frozen_stands_still_while_the_monotonic_runs() -> None:
    clock = SimulatedClock()
    clock.set(at=EIGHT, run=False)
    first, second = clock.now(), clock.now()
    assert first.at == second.at == EIGHT
    assert second.mono_ns > first.mono_ns


def test_set_keeps_what_is_not_named() -> None:
    clock = SimulatedClock(EIGHT)
    clock.set(trusted=False)
    clock.set(run=False)
    frozen = clock.now()
    assert frozen.at == clock.now().at
    assert not clock.now().trusted
    clock.set(at=EIGHT)
    assert (clock.now().at, clock.now().trusted) == (EIGHT, False)


def test_running_goes_on_from_where_it_was_set() -> None:
    clock = SimulatedClock()
    set_to = clock.set(at=EIGHT, run=True)
    later = clock.now()
    passed = timedelta(microseconds=(later.mono_ns - set_to.mono_ns) / 1000)
    assert abs(later.at - EIGHT - passed) <= timedelta(microseconds=2)


def test_a_time_without_offset_is_refused_and_nothing_changes() -> None:
    clock = SimulatedClock(EIGHT)
    clock.set(run=False)
    before = clock.now().at
    with pytest.raises(UsageError, match="offset"):
        clock.set(at=datetime(2027, 4, 10, 8, 45), run=True, trusted=False)
    assert (clock.now().at, clock.now().trusted) == (before, True)


def test_a_simulated_clock_runs_on_to_the_end_of_the_calendar() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    clock = SimulatedClock(last)
    assert clock.now().at == last


# -- the board's clock -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("1810000000\n", datetime.fromtimestamp(1810000000, UTC)),
        ("0\n", datetime(1970, 1, 1, tzinfo=UTC)),
        ("", None),
        ("not a number", None),
        ("9" * 30, None),
    ],
)
def test_the_boards_clock_is_read_in_utc(shown: str, said: datetime | None, tmp_path: Path) -> None:
    (tmp_path / "rtc0").mkdir()
    (tmp_path / "rtc0" / "since_epoch").write_text(shown)
    assert read_rtc(tmp_path) == said


def test_a_board_without_a_clock(tmp_path: Path) -> None:
    assert read_rtc(tmp_path) is read_rtc(tmp_path / "none") is None


def test_an_empty_battery_is_remembered_after_the_kernel_has_set_the_boards_clock(
    tmp_path: Path,
) -> None:
    watch = BoardClockWatch(tmp_path)
    assert watch.look() is BoardClock.NONE
    rtc = tmp_path / "rtc0"
    rtc.mkdir()
    (rtc / "since_epoch").write_text("1810000000\n")
    assert watch.look() is BoardClock.OK
    (rtc / "battery_voltage").write_text("2100000\n")
    assert watch.look() is BoardClock.LOW
    (rtc / "since_epoch").write_text("86400\n")
    assert watch.look() is BoardClock.LOST
    (rtc / "since_epoch").write_text("1810000000\n")
    (rtc / "battery_voltage").write_text("3000000\n")
    assert watch.look() is BoardClock.LOST
    assert BoardClockWatch(tmp_path).look() is BoardClock.OK


@pytest.mark.parametrize("said", ["", "?", "9" * 400])
def test_a_voltage_that_is_no_number_says_nothing(said: str, tmp_path: Path) -> None:
    (tmp_path / "rtc0").mkdir()
    (tmp_path / "rtc0" / "since_epoch").write_text("1810000000\n")
    (tmp_path / "rtc0" / "battery_voltage").write_text(said)
    assert BoardClockWatch(tmp_path).look() is BoardClock.OK
