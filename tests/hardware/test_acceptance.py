"""The acceptance of a board, in the order in which a technician goes through it.

On a unit: `sudo .venv/bin/python -m pytest -m hardware tests/hardware`. scripts/board does the same
with a virtual machine. The tests of a file build on each other; the first that fails is the news.
"""

import re
from contextlib import suppress

import pytest

from tests.hardware.boards import AS_UNIT, Board, BoardFault, events, status, until, verified

pytestmark = [pytest.mark.hardware, pytest.mark.long, pytest.mark.timeout(3600)]

STRANGER = "11010519491231002X 测试甲 长期"
"""A card that is on no roster."""
CANDIDATE = "110105200201010010 演示甲 长期"
RED, ACKNOWLEDGE = 5, 21


def phase(board: Board) -> str:
    return str(status(board).get("phase", "silent"))


def faults(board: Board) -> list[str]:
    return list(status(board).get("faults", ["silent"]))


def stays_for(board: Board, seconds: int) -> str:
    """The unit's state after so many seconds on the board's own clock."""
    return board.run(f"sleep {seconds}; systemctl is-active exam-gate").out.strip()


def test_it_is_in_service_by_itself(board: Board) -> None:
    assert until(lambda: phase(board), lambda p: p == "idle") == "idle"
    assert board.run("systemctl show -p NRestarts --value exam-gate").out.strip() == "0"
    known = board.run("systemd-analyze verify --man=no /etc/systemd/system/exam-gate*.service")
    assert known.code == 0, known.out
    assert "exam-gate" not in known.out, known.out


def test_a_card_is_read_and_the_red_lamp_shows_it(board: Board) -> None:
    board.lay(STRANGER)
    red = until(lambda: board.level(RED), bool)
    told = until(lambda: events(board), lambda e: any(x["kind"] == "decision" for x in e))
    board.lift()
    assert red
    (decision,) = [e for e in told if e["kind"] == "decision"]
    assert (decision["outcome"], decision["reason"]) == ("REFUSE", "NOT_ON_ROSTER")


def test_the_button_acknowledges_a_refer(board: Board) -> None:
    """Its clock is not trusted without a time server, so everybody on the roster is referred."""
    board.lay(CANDIDATE)
    until(lambda: status(board).get("unsettled"), bool)
    board.lift()
    board.press(ACKNOWLEDGE, True)
    board.press(ACKNOWLEDGE, False)
    until(lambda: status(board)["unsettled"], lambda u: u[0]["acknowledged"])


def test_the_camera_gives_frames(board: Board) -> None:
    until(lambda: faults(board), lambda f: "camera" not in f)


def test_the_reader_may_be_pulled_and_plugged_again(board: Board) -> None:
    board.unplug_reader()
    until(lambda: faults(board), lambda f: "reader" in f)
    board.plug_reader()
    until(lambda: faults(board), lambda f: "reader" not in f)
    assert board.run("systemctl show -p NRestarts --value exam-gate").out.strip() == "0"


def main_pid(board: Board) -> str:
    return board.run("systemctl show -p MainPID --value exam-gate").out.strip()


def camera_pid(board: Board) -> str:
    """Of the camera's own process; empty while there is none."""
    return board.run("pgrep -f gate[.]drivers[.]camera_child").out.strip()


def test_an_abort_of_the_cameras_process_does_not_end_the_gate(board: Board) -> None:
    gate, before = main_pid(board), until(lambda: camera_pid(board), bool)
    board.run(f"kill -ABRT {before}")
    until(lambda: camera_pid(board), lambda pid: pid not in {"", before})
    until(lambda: faults(board), lambda f: "camera" not in f)
    said = board.run("journalctl -u exam-gate -n 50 --no-pager -o cat").out
    assert "SIGABRT" in said, said
    assert main_pid(board) == gate


def test_a_camera_that_goes_comes_back(board: Board) -> None:
    gate = main_pid(board)
    board.run("echo vimc.0 >/sys/bus/platform/drivers/vimc/unbind")
    until(lambda: faults(board), lambda f: f == ["silent"] or "camera" in f)
    board.run("echo vimc.0 >/sys/bus/platform/drivers/vimc/bind")
    until(lambda: faults(board), lambda f: not f)
    assert main_pid(board) == gate
    assert verified(board)["chain"] == "verified"


def test_a_hung_program_is_killed_and_started_again(board: Board) -> None:
    """WatchdogSec= of the unit: systemd ends a program that does not beat."""
    before = board.run("systemctl show -p MainPID --value exam-gate").out.strip()
    board.run(f"kill -STOP {before}; sleep 25")
    until(
        board.run("systemctl show -p MainPID --value exam-gate").out.strip,
        lambda pid: pid not in {before, "0"},
    )
    until(lambda: phase(board), lambda p: p == "idle")


def test_a_full_disk_is_told_and_nothing_is_lost(board: Board) -> None:
    before = verified(board)["events"]
    fill = "/var/lib/exam-gate/acceptance-fill"
    board.run(f"dd if=/dev/zero of={fill} bs=1M; sync")
    until(lambda: phase(board), lambda p: p == "out-of-service")
    board.run(f"rm -f {fill}; sync")
    until(lambda: phase(board), lambda p: p == "idle")
    assert verified(board)["events"] >= before


def test_a_clock_set_back_is_told_and_not_trusted(board: Board) -> None:
    board.run("date -s '-1 hour'")
    board.lay(STRANGER)
    until(lambda: events(board)[-1], lambda e: e["kind"] in {"decision", "clock"})
    board.lift()
    told = status(board)
    board.run("date -s '+1 hour'")
    assert told["clock"]["trusted"] is False
    assert verified(board)["chain"] == "verified"


def test_a_mistake_in_gate_toml_is_told_and_starts_no_reboots(board: Board) -> None:
    boot = board.run("cat /proc/sys/kernel/random/boot_id").out
    board.run("cp -a /etc/exam-gate/gate.toml /run/gate.toml.right")
    board.run("sed -i 's/^site/sight/' /etc/exam-gate/gate.toml; systemctl restart exam-gate")
    until(
        board.run("systemctl is-active exam-gate-out-of-service").out.strip,
        lambda state: state == "active",
    )
    shown = board.run("systemctl show -p ExecMainStatus --value exam-gate").out.strip()
    said = board.run("journalctl -u exam-gate -n 20 --no-pager -o cat").out
    assert shown == "3"
    assert "sight" in said, said
    assert stays_for(board, 60) == "failed"
    assert board.run("cat /proc/sys/kernel/random/boot_id").out == boot
    board.run("cp -a /run/gate.toml.right /etc/exam-gate/gate.toml")
    board.run("systemctl reset-failed exam-gate; systemctl restart exam-gate")
    until(lambda: phase(board), lambda p: p == "idle")


def test_selftest_runs_as_the_units_user_from_any_folder(board: Board) -> None:
    board.run("systemctl stop exam-gate")
    answer = board.run(f"cd /; {AS_UNIT} selftest")
    board.run("systemctl start exam-gate")
    assert answer.code in {0, 6, 8}, answer.out  # no broker stands here
    assert "lgd-nfy" not in answer.out
    until(lambda: phase(board), lambda p: p == "idle")


def test_the_watchdog_resets_a_kernel_that_hangs(board: Board) -> None:
    before = verified(board)["events"]
    with suppress(BoardFault):  # nothing answers any more
        board.run("echo 0 >/proc/sys/kernel/panic; sync; echo c >/proc/sysrq-trigger")
    board.await_reset(240)
    until(lambda: phase(board), lambda p: p == "idle")
    assert verified(board)["events"] > before


def test_the_log_shows_no_traceback(board: Board) -> None:
    said = board.run("journalctl -u exam-gate --no-pager -o cat").out
    assert not re.findall(r"^Traceback.*", said, re.MULTILINE)
