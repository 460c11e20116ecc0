"""The restore drill: a backup is made while events come, lost with the machine, and put back."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.errors import InputDamaged, Refused, StorageRefused
from office.audit.journal_audit import audit
from office.home import Home
from office.receiving.gate_status import Watch
from office.receiving.message_intake import MessageIntake
from office.receiving.receive import Receiver
from office.store.backup import BEFORE, back_up, restore
from office.store.database import OfficeStore
from office.store.opening import begin_generation, read_record
from office.store.place import Place
from tests.contracts.test_office_store import EPOCH, EVENTS, GATE, KEYS, add
from tests.postgresql_server import PostgresqlServer


def another(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Place:
    """An empty place of the same kind: a new machine."""
    if isinstance(place, Path):
        return tmp_path / "new-machine" / "office.sqlite"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.create()


def test_a_backup_is_restored_on_a_new_machine(
    request: pytest.FixtureRequest, tmp_path: Path, office_place: Place
) -> None:
    home, out = Home(tmp_path / "office"), tmp_path / "backup"
    with OfficeStore(office_place) as store:
        before = begin_generation(home, store, 1000)
        add(store, EVENTS[:40])
        back_up(office_place, out)
        add(store, EVENTS[40:60])  # lost with the machine
    place = another(request, office_place, tmp_path)
    assert restore(out, place) == before
    with OfficeStore(place) as store:
        found = audit(store, GATE, EPOCH, KEYS)
        assert (found["events"], found["chain"], found["faults"]) == (40, "verified", [])
        assert begin_generation(home, store, 1) > before  # so the gate sends again
        add(store, EVENTS[:60])
        assert store.high(GATE, EPOCH) == 60


def test_a_backup_takes_no_place_of_a_newer_base(tmp_path: Path, office_place: Place) -> None:
    out = tmp_path / "backup"
    with OfficeStore(office_place) as store:
        store.begin_generation(1000)
        add(store, EVENTS[:40])
        back_up(office_place, out)
        add(store, EVENTS[40:60])
    with pytest.raises(Refused, match=r"--replace|not empty"):
        restore(out, office_place)
    with OfficeStore(office_place) as store:
        assert store.high(GATE, EPOCH) == 60
    with pytest.raises(InputDamaged, match="is there"):
        back_up(office_place, out)


def test_what_a_restore_replaces_is_kept(tmp_path: Path) -> None:
    place, out = tmp_path / "office.sqlite", tmp_path / "backup"
    with OfficeStore(place) as store:
        store.begin_generation(1000)
        back_up(place, out)
        add(store, EVENTS[:10])
    restore(out, place, replace=True)
    with OfficeStore(place) as store:
        assert store.high(GATE, EPOCH) == 0
    with OfficeStore(tmp_path / f"office.sqlite{BEFORE}") as store:
        assert store.high(GATE, EPOCH) == 10


def test_what_is_no_backup_is_told(tmp_path: Path, office_place: Place) -> None:
    (tmp_path / "junk").write_bytes(b"junk " * 1000)
    with pytest.raises(InputDamaged, match="no backup"):
        restore(tmp_path / "junk", office_place)


def test_an_older_base_under_a_running_office_begins_a_generation(
    tmp_path: Path, office_place: Place
) -> None:
    """Or gates would go by receipts of events that are no longer there."""
    home, key = Home(tmp_path / "office"), SigningKey(b"\x02" * 32)
    with OfficeStore(office_place) as store:
        store.begin_generation(1000)
        receiver = object.__new__(Receiver)
        receiver.home, receiver.store = home, store
        receiver.intake = MessageIntake(home, store, 2000, key, Watch())  # what it had begun
        receiver._look_for_older_database()
        assert receiver.generation > 2000
        assert store.generation() == receiver.generation == read_record(home).generation


@pytest.mark.system
def test_two_offices_do_not_receive_into_one_database(
    postgresql: PostgresqlServer, empty_office: str
) -> None:
    place = postgresql.create(empty_office)
    with OfficeStore(place) as one, OfficeStore(place) as other:
        one.database.receive_alone()
        with pytest.raises(StorageRefused, match="Another exam-office receive"):
            other.database.receive_alone()
    with OfficeStore(place) as third:
        third.database.receive_alone()
