"""An office's file of before SQLAlchemy, taken over: nothing is lost, its journals are whole."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import key_id
from gate.errors import InputDamaged, Refused, StorageBroken, UsageError
from office.__main__ import app
from office.audit.journal_audit import audit
from office.store import take_over
from office.store.database import OfficeStore
from office.store.migrating import KEPT, migrated
from office.store.place import ENVIRONMENT, Place, place_of, shown

OLD = Path(__file__).with_name("data") / "office-schema-4.sql"
OFFICE = SigningKey(b"\x0f" * 32).verify_key.encode()
ONE, TWO = ("wh-hs-01-g1", "00112233aabbccdd"), ("wh-hs-01-g2", "8899aabb00112233")


def old_office(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD.read_text(encoding="utf-8"))
    return path


def keys(number: int) -> dict[str, bytes]:
    public = SigningKey(bytes([number]) * 32).verify_key.encode()
    return {key_id(public): public}


def test_an_old_file_is_taken_over_whole(tmp_path: Path, office_place: Place) -> None:
    old = old_office(tmp_path / "old.sqlite")
    done, kept = migrated(old, office_place)
    assert kept == old
    rows = {name: count for name, (count, _) in done.tables.items()}
    assert rows == {
        "office": 1,
        "event": 60,
        "conflict": 3,
        "mark": 2,
        "signed_head": 7,
        "claim": 1,
        "gate_key": 2,
        "receipt": 5,
        "settlement": 1,
        **dict.fromkeys(
            (*("command", "command_target", "command_result", "gate_said", "gate_state", "alert"),),
            0,
        ),
    }
    with OfficeStore(office_place) as store:
        first = audit(store, *ONE, keys(1), OFFICE)
        assert (first["events"], first["high"], first["conflicts"]) == (40, 40, [20, 21, 22])
        assert (first["chain"], first["uncovered"], first["faults"]) == ("verified", [], [])
        second = audit(store, *TWO, keys(2), OFFICE)
        assert (second["missing"], second["claims"], second["receipted"]) == ([[11, 20]], 30, 10)
        receipt = store.receipt(*TWO, generation=1, now="t")
        assert (receipt.high, receipt.missing, receipt.top) == (10, ((11, 20),), 30)
        assert [k.decision for k in store.settlements.of_exam("hb-zk-2027-04")]


def test_the_views_of_a_database_that_was_taken_over(tmp_path: Path, office_place: Place) -> None:
    migrated(old_office(tmp_path / "old.sqlite"), office_place)
    with OfficeStore(office_place) as store:
        found = store.database.execute("SELECT * FROM v_case ORDER BY gate, seq").mappings()
        cases = [(row["decision"], row["doubtful"], row["office_verdict"]) for row in found]
        assert cases[0] == (f"{ONE[1]}-7", 1, "admit")
        assert len(cases) == 5 + 3
        event = store.database.execute("SELECT * FROM v_event WHERE seq = 1 ORDER BY gate")
        assert event.mappings().first()["ticket"] == "010127100001"
        rows = store.database.execute(
            "SELECT gate, high, missing, verdict FROM v_completeness ORDER BY gate"
        ).fetchall()
        assert [tuple(row) for row in rows] == [
            (ONE[0], 40, 0, "conflict"),
            (TWO[0], 10, 10, "missing"),
        ]


def test_today_s_file_moves_to_another_database(tmp_path: Path, office_place: Place) -> None:
    """From SQLite to PostgreSQL when the office grows."""
    today = tmp_path / "today.sqlite"
    before, _ = migrated(old_office(tmp_path / "old.sqlite"), today)
    after, _ = migrated(today, office_place)
    assert after == before


def test_in_its_own_place_the_old_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = old_office(tmp_path / "office.sqlite")
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    with pytest.raises(Refused, match="exam-office migrate"):
        OfficeStore(old)
    done = CliRunner().invoke(app, ["migrate", "--home", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["tables"]["event"]["rows"] == 60
    assert Path(told["from"]) == tmp_path / f"office.sqlite{KEPT}"
    with OfficeStore(old) as store:
        assert store.high(*ONE) == 40
    with closing(sqlite3.connect(told["from"])) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (60,)
    with pytest.raises(UsageError, match="earlier migration"):
        migrated(old, old)


def test_a_database_that_holds_something_takes_nothing_over(
    tmp_path: Path, office_place: Place
) -> None:
    old = old_office(tmp_path / "old.sqlite")
    migrated(old, office_place)
    with pytest.raises(UsageError, match="holds an office's data already"):
        migrated(old, office_place)


def test_what_differs_after_copying_stops_it_and_leaves_nothing(
    tmp_path: Path, office_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = old_office(tmp_path / "old.sqlite")
    written = OfficeStore.write_events
    monkeypatch.setattr(OfficeStore, "write_events", lambda s, rows: written(s, rows[:-1]))
    with pytest.raises(StorageBroken, match=r"event was not copied whole \(60 rows read, 59"):
        take_over.take_over(old, office_place)
    with OfficeStore(office_place) as store:
        assert store.journals() == []


def test_a_file_that_is_no_office_is_told(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk " * 1000)
    sqlite3.connect(tmp_path / "empty").execute("CREATE TABLE x (y)")
    for name in ("junk", "empty", "none"):
        with pytest.raises(InputDamaged, match=name):
            migrated(tmp_path / name, tmp_path / "new.sqlite")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--database", "mysql://x/y", "verify"], 2),
        (["verify", "--database"], 2),
        (["verify", "--database=sqlite:////nowhere/at/all.sqlite"], 4),
        (["--database", "sqlite:////nowhere/at/all.sqlite", "verify"], 4),
    ],
)
def test_the_option_stands_before_or_after_the_verb(
    tmp_path: Path, words: list[str], code: int
) -> None:
    done = CliRunner().invoke(app, [*words, "--home", str(tmp_path)])
    assert getattr(done.exception, "exit_code", done.exit_code) == code


def test_no_password_is_shown() -> None:
    place = place_of("postgresql://a:secret@db/exam?sslmode=require&password=secret")
    assert shown(place) == "postgresql+psycopg://a@db/exam?sslmode=require"
