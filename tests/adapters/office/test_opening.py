"""The office's database opened: one receive, one writer, and none begun anew in silence."""

import fcntl
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.errors import InputDamaged, StorageDamaged, StorageRefused, UsageError
from office.home import Home
from office.store import locks
from office.store.database import OfficeStore
from office.store.locks import ReceiveLock, WriterLock
from office.store.opening import begin_generation, open_received, open_receiving, read_record
from tests.mqtt_making import free_port, made_home
from tests.waiting import until


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "office")


def test_the_first_database_is_begun_without_a_question(home: Home) -> None:
    with pytest.raises(InputDamaged, match="Nothing was received yet"):
        open_received(home)
    with open_receiving(home) as store:
        assert begin_generation(home, store, 5) == 5
    assert read_record(home).generation == 5
    assert not list(home.root.glob(".*"))
    with open_received(home) as store:
        assert store.generation() == 5


@pytest.mark.parametrize("left", ["nothing", "0 bytes", "a log"])
def test_one_that_is_gone_or_empty_is_not_begun_anew_in_silence(home: Home, left: str) -> None:
    with open_receiving(home) as store:
        begin_generation(home, store, 5)
    home.database.unlink()
    if left == "0 bytes":
        home.database.touch()
    if left == "a log":
        home.record.unlink()
        home.database.with_name("office.sqlite-wal").write_bytes(b"x" * 100)
    for opening in (open_receiving, open_received):
        with pytest.raises(StorageDamaged, match="--new-database"):
            opening(home)
    with open_receiving(home, new=True) as store:
        assert begin_generation(home, store, 5) == (5 if left == "a log" else 6)


def test_nothing_of_a_lost_database_comes_into_the_new_one(home: Home) -> None:
    """SQLite would take the log that lies beside a database for its own."""
    with open_receiving(home) as store:
        begin_generation(home, store, 5)
        logs = {
            path: path.read_bytes()
            for end in ("-wal", "-shm")
            if (path := home.database.with_name(f"office.sqlite{end}")).exists()
        }
    assert any(map(len, logs.values()))
    home.database.unlink()
    for path, content in logs.items():
        path.write_bytes(content)
    with open_receiving(home, new=True) as store:
        assert store.generation() is None


def test_a_begin_that_was_cut_short_is_begun_again(home: Home) -> None:
    home.root.mkdir(mode=0o700)
    for end in ("", "-wal", "-shm", "-journal"):
        home.database.with_name(f".office.sqlite.new{end}").write_bytes(b"half a database")
    with open_receiving(home) as store:
        assert begin_generation(home, store, 5) == 5
    assert not list(home.root.glob(".*"))


@pytest.mark.parametrize("at", ["opening", "transaction", "closing"])
def test_whatever_writes_waits_for_the_lock(
    home: Home, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The last to close moves the log into the file, the first to open may roll one back."""
    store = open_receiving(home)
    writes: dict[str, Callable[[], object]] = {
        "opening": lambda: OfficeStore(home.database),
        "transaction": lambda: store.begin_generation(1),
        "closing": store.__exit__,
    }
    monkeypatch.setattr(locks, "WAIT_S", 0.0)
    with WriterLock(home.database), pytest.raises(StorageRefused, match="Another program"):
        writes[at]()
    writes[at]()
    if at != "closing":
        store.__exit__()


def test_an_empty_file_is_no_first_database(home: Home) -> None:
    home.root.mkdir()
    home.database.touch()
    with pytest.raises(StorageDamaged, match="0 bytes"):
        open_receiving(home)


def test_a_new_database_takes_no_old_ones_place(home: Home) -> None:
    open_receiving(home).__exit__()
    with pytest.raises(UsageError, match="move it away first"):
        open_receiving(home, new=True)


def test_a_clock_that_was_once_years_ahead_costs_no_restored_backup_its_generation(
    home: Home,
) -> None:
    now, ahead = 1_800_000_000_000, 4_000_000_000_000
    with open_receiving(home) as store:
        begin_generation(home, store, now)
    backup = home.database.read_bytes()
    with open_receiving(home) as store:
        assert begin_generation(home, store, ahead) == ahead
    home.database.write_bytes(backup)
    with open_receiving(home) as store:
        assert store.generation() == now
        assert begin_generation(home, store, now + 60_000) == ahead + 1


def test_a_record_that_cannot_be_read_is_told(home: Home) -> None:
    with open_receiving(home) as store:
        begin_generation(home, store, 5)
        home.record.write_text("{")
        with pytest.raises(StorageDamaged, match="cannot be read"):
            begin_generation(home, store, 6)


def test_a_second_writer_waits_and_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_receiving(home) as store, open_receiving(home) as other:
        entered, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with WriterLock(home.database):
                entered.set()
                leave.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        assert entered.wait(20)
        monkeypatch.setattr(locks, "WAIT_S", 0.0)
        with pytest.raises(StorageRefused, match="Another program has been writing"):
            store.begin_generation(1)
        monkeypatch.setattr(locks, "WAIT_S", 30.0)
        threading.Timer(0.01, leave.set).start()
        assert other.begin_generation(7) == 7
        holder.join(20)


def test_writing_holds_the_lock_from_begin_to_commit(home: Home) -> None:
    with open_receiving(home) as store:
        place = home.database.with_name("office.sqlite.writing")
        with place.open() as probe:
            with store.transaction(), pytest.raises(BlockingIOError):
                fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_receive_at_a_home(home: Home) -> None:
    with ReceiveLock(home.root):
        with pytest.raises(StorageRefused, match="Another exam-office receive"):
            ReceiveLock(home.root).__enter__()
        with OfficeStore(home.database):  # import and verify go on beside it
            pass
    with ReceiveLock(home.root):
        pass


@pytest.mark.system
def test_the_second_receive_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    home = made_home(tmp_path / "office")
    words = [
        sys.executable,
        "-m",
        "office",
        "receive",
        "--home",
        str(home.root),
        "--host",
        "127.0.0.1",
        "--port",
        str(free_port()),
    ]
    first = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        until(home.record.exists, 60)
        second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert second.returncode == 7
        assert f"Another exam-office receive (process {first.pid})" in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        first.kill()
        first.wait()
    third = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    generation = json.loads(home.record.read_text())["generation"]
    until(lambda: json.loads(home.record.read_text())["generation"] > generation, 60)
    third.send_signal(signal.SIGTERM)
    assert third.wait(60) == 0
