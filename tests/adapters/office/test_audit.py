"""exam-office audit: real journals, signed and stored, read as one exam."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.core.records import JournalEvent
from gate.roster.keys import read_key
from gate.roster.manifest import Manifest, sign
from gate.sync.heartbeat import Heartbeat, encode_heartbeat
from gate.sync.wire import Topics, encode_batch
from office.__main__ import app
from office.audit.exam_versions import exam_versions, keep_version
from office.home import Home
from office.receiving.authorisation import Authorisation
from office.receiving.signers import keep_words
from office.store.database import OfficeStore
from office.store.place import chosen
from tests.unit.gate.core.test_rule_check import morning
from tests.unit.gate.core.world import EXAM, at, instant

SITE, GATE, OTHER = "wh-hs-01", "wh-hs-01-g1", "wh-hs-01-g2"
EPOCH, NOW = "00112233aabbccdd", "2027-04-10T05:00:00.000+00:00"
VERSION = f"{EXAM.id}/{SITE}/v1"
ENVELOPE = {"id", "kind", "at", "mono_ms", "clock", "seq"}
CLOSED = [("counts", {"paper": paper, "closed": "exam"}) for paper in ("am", "pm")]

Entry = tuple[str, dict[str, Any]]


def decisions(**changed: Any) -> list[Entry]:
    """What the lane wrote in one morning, with the first decision changed."""
    bodies = [{k: v for k, v in e.items() if k not in ENVELOPE} for e in morning()]
    bodies[0] |= changed
    return [("decision", body | {"exam": EXAM.id, "roster": VERSION}) for body in bodies]


def journal_of(gate: str, entries: list[Entry]) -> list[JournalEvent]:
    made: list[JournalEvent] = []
    for seq, (kind, body) in enumerate(entries, 1):
        entry = JournalEntry(kind, instant(at("08:45") + timedelta(seconds=seq)), body)
        before = made[-1]["hash"] if made else GENESIS
        made.append(seal(entry, gate=gate, epoch=EPOCH, seq=seq, boot="b", previous=before))
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    for gate in (GATE, OTHER):
        words = ["keys", "--home", str(tmp_path), "--gate", gate]
        assert CliRunner().invoke(app, words).exit_code == 0
    it = Home(tmp_path)
    manifest = Manifest(
        exam=EXAM,
        site=SITE,
        version=1,
        previous=None,
        not_before=at("06:00"),
        expires=at("20:00", 30),
        file="x.roster",
        sha256="0" * 64,
        size=0,
        counts={},
        keys={},
    )
    signing = read_key(it.office / "office-signing.key", "key")
    keep_version(it, manifest, sign(manifest, signing))
    return it


def received(home: Home, gate: str, entries: list[Entry], leave_out: int = 0) -> None:
    """The journal of `gate` as it came, without its last `leave_out` events."""
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    signing = SigningKey(read_key(home.gate(gate) / "gate-signing.key", "key"))
    events = journal_of(gate, entries)
    sent = events[: len(events) - leave_out]
    with OfficeStore(chosen(home)) as store:
        keep_words(store, home, office, NOW)
        generation = store.begin_generation(1)
        payload, _ = encode_batch(sent, hist=False, key=signing)
        beat = Heartbeat(gate, EPOCH, len(events), events[-1]["hash"], len(sent), "session")
        with store.transaction():
            batch = Authorisation(home).batch(payload, Topics(EXAM.id, SITE, gate))
            store.add(batch, exam=EXAM.id, site=SITE, now=NOW)
            store.give_receipt(gate, EPOCH, generation=generation, now=NOW, key=office)
            store.add_claim(beat, encode_heartbeat(beat, signing), NOW)


def audited(home: Home, *words: str, exam: str = EXAM.id) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["audit", exam, "--home", str(home.root), "--json", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout) if done.stdout else {}


def test_a_whole_morning_is_complete(home: Home) -> None:
    received(home, GATE, [*decisions(), *CLOSED])
    code, found = audited(home)
    assert code == 0, found
    assert (found["exam"], found["complete"], found["doubles"]) == (EXAM.id, True, [])
    (gate,) = found["gates"]
    assert (gate["gate"], gate["epoch"], gate["high"]) == (GATE, EPOCH, 7)
    assert (gate["closed"], gate["missing"], gate["conflicts"]) == (True, [], [])
    assert len(gate["head"]) == 64
    replay = found["replay"]
    assert (replay["decisions"], replay["differing"]) == (5, 0)
    assert replay["without_description"] == 0


def test_a_gate_that_is_not_closed_or_of_which_events_are_missing(home: Home) -> None:
    received(home, GATE, decisions())
    received(home, OTHER, [*decisions(key="z", ticket="Z"), *CLOSED], leave_out=1)
    code, found = audited(home)
    assert (code, found["complete"]) == (1, False)
    first, second = found["gates"]
    assert (first["closed"], first["missing"]) == (False, [])
    assert (second["closed"], second["missing"]) == (False, [[7, 7]])


def test_a_decision_that_the_rules_do_not_give_is_told(home: Home) -> None:
    late = {"found": "2027-04-10T09:30:00.000+08:00"}
    received(home, GATE, [*decisions(**late), *CLOSED])
    code, found = audited(home)
    assert (code, found["complete"], found["replay"]["differing"]) == (1, False, 1)
    (told,) = found["replay"]["differences"]
    assert (told["gate"], told["seq"], told["id"]) == (GATE, 1, f"{EPOCH}-1")
    assert (told["recorded"], told["expected"]) == ("ADMIT OK", "REFUSE TOO_LATE")
    said = CliRunner().invoke(app, ["audit", EXAM.id, "--home", str(home.root)]).stdout
    assert "recorded ADMIT OK, the rules give REFUSE TOO_LATE" in said


def test_who_entered_at_two_gates_is_listed(home: Home) -> None:
    for gate in (GATE, OTHER):
        received(home, gate, [*decisions(), *CLOSED])
    code, found = audited(home)
    (double,) = found["doubles"]
    assert (double["paper"], [there["gate"] for there in double["gates"]]) == ("am", [GATE, OTHER])
    assert code == 0, "a double is listed; the record of it is complete"


def test_a_description_that_is_not_this_offices_settles_nothing(home: Home) -> None:
    public = read_key(home.office / "office.pub", "key")
    (path,) = home.manifests.iterdir()
    assert exam_versions(home, public)(VERSION) == EXAM
    for version in (None, "", "x", 7, ["x"], f"{EXAM.id}/{SITE}/v2", f"{EXAM.id}/../{SITE}/v1"):
        assert exam_versions(home, public)(version) is None
    assert exam_versions(home, b"\1" * 32)(VERSION) is None
    path.write_bytes(path.read_bytes().replace("第一考点".encode(), "第二考点".encode()))
    assert exam_versions(home, public)(VERSION) is None
    received(home, GATE, [*decisions(), *CLOSED])
    code, found = audited(home)
    assert (code, found["replay"]["without_description"]) == (1, 5)
    assert (found["complete"], found["verdict"]) == (False, "unproven")
    said = CliRunner().invoke(app, ["audit", EXAM.id, "--home", str(home.root)]).stdout
    assert "5 not proven" in said
    assert "not proven complete" in said


def test_files_and_an_exam_that_is_not_known(home: Home, tmp_path: Path) -> None:
    received(home, GATE, [*decisions(), *CLOSED])
    out = tmp_path / "out"
    _, found = audited(home, "--out", str(out))
    assert json.loads((out / f"audit-{EXAM.id}.json").read_text(encoding="utf-8")) == found
    with (out / f"audit-{EXAM.id}.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["gate"], row["high"], row["closed"]) == (GATE, "7", "True")
    code = CliRunner().invoke(app, ["audit", "another", "--home", str(home.root)])
    assert "Nothing of exam another" in str(code.exception)
