"""sd_notify over a real datagram socket; the watchdog hungers when a task goes silent."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.platform.service_manager import ServiceManager
from gate.service import watchdog
from gate.service.watchdog import Health


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(2.0)
        yield listener


def told(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


def on_systemd(
    environment: dict[str, str], monotonic: Callable[[], float] = time.monotonic
) -> Health:
    return Health(environment, monotonic, ServiceManager(environment).tell)


def test_waiting_ready_and_stopping(manager: socket.socket, tmp_path: Path) -> None:
    unit = on_systemd(environment(tmp_path))
    unit.waiting("out of service")
    unit.ready("at work")
    unit.stopping()
    assert told(manager) == "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=out of service"
    assert told(manager) == "READY=1\nSTATUS=at work"
    assert told(manager) == "STOPPING=1"


def test_the_abstract_namespace_is_understood() -> None:
    name = f"exam-gate-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        listener.settimeout(2.0)
        on_systemd({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert told(listener) == "STOPPING=1"


async def test_the_watchdog_is_fed_while_all_beat(manager: socket.socket, tmp_path: Path) -> None:
    unit = on_systemd(environment(tmp_path, WATCHDOG_USEC="2000", WATCHDOG_PID=str(os.getpid())))
    unit.expect("decide", 60.0)
    feeding = asyncio.create_task(unit.feed_watchdog())
    assert await asyncio.to_thread(told, manager) == "WATCHDOG=1"
    feeding.cancel()


def test_a_silent_task_is_overdue_until_it_beats() -> None:
    now = [100.0]
    unit = Health({}, monotonic=lambda: now[0])
    unit.expect("decide", 10.0)
    now[0] += 11.0
    assert unit.overdue == ["decide"]
    unit.beat("decide")
    assert unit.overdue == []


async def test_a_starved_watchdog_is_fed_again_after_the_beat(
    manager: socket.socket, tmp_path: Path
) -> None:
    now = [100.0]
    unit = on_systemd(environment(tmp_path, WATCHDOG_USEC="2000"), monotonic=lambda: now[0])
    unit.expect("decide", 10.0)
    now[0] += 11.0
    feeding = asyncio.create_task(unit.feed_watchdog())
    for _ in range(3):
        await asyncio.sleep(0)
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        told(manager)
    manager.settimeout(2.0)
    unit.beat("decide")
    assert await asyncio.to_thread(told, manager) == "WATCHDOG=1"
    feeding.cancel()


@pytest.mark.parametrize(
    ("environment", "ping_s"),
    [
        ({}, 10.0),
        ({"WATCHDOG_USEC": "20000000"}, 10.0),
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, 10.0),
    ],
)
def test_the_interval_is_half_of_what_systemd_asks(
    environment: dict[str, str], ping_s: float
) -> None:
    assert watchdog._watchdog_s(environment) == ping_s


def test_without_systemd_nothing_is_sent() -> None:
    on_systemd({}).ready("alone")
