"""An insider who may write to the office's database, and what verify says of it."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from gate.core.journal_entries import (
    key_id,
    seal,
)
from gate.ports import Receipt
from gate.roster.keys import read_key
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.wire import encode_receipt
from office.__main__ import app
from office.home import Home
from tests.journal_making import GATE, SITE, entry
from tests.office_proofs import (
    COUNT,
    EPOCH,
    EVENTS,
    NOW,
    admitting,
    insider,
    rewrite,
    signed_by,
    verified,
    without_proofs,
)


@pytest.fixture
def home(received: Home, tmp_path: Path) -> Home:
    shutil.copytree(received.root, tmp_path / "office")
    return Home(tmp_path / "office")


def appended(db: sqlite3.Connection) -> None:
    invented = entry(COUNT + 1, outcome="ADMIT", reason="OK")
    made = seal(
        invented, gate=GATE, epoch=EPOCH, seq=COUNT + 1, boot="b", previous=EVENTS[-1]["hash"]
    )
    rewrite(db, [*EVENTS, made])


def cut(db: sqlite3.Connection) -> None:
    rewrite(db, EVENTS[:70])


def cut_with_heads(db: sqlite3.Connection) -> None:
    cut(db)
    db.execute("DELETE FROM signed_head WHERE last > 70")
    db.execute("DELETE FROM claim")


def cut_with_heads_and_beats_but_receipts(db: sqlite3.Connection) -> None:
    rewrite(db, EVENTS[:60])
    db.execute("DELETE FROM signed_head WHERE last > 60")
    db.execute("DELETE FROM claim")


def emptied(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM event")


def heads_gone(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM signed_head")


def one_head_gone(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM signed_head WHERE last = 60")


def respelled(db: sqlite3.Connection) -> None:
    """Two outcomes in one event: which one counts depends on the reader."""
    db.execute(
        "UPDATE event SET event = replace(event, '{', '{\"outcome\":\"ADMIT\",') WHERE seq = 33"
    )


def other_signature(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE signed_head SET sig = (SELECT sig FROM signed_head WHERE last = 30) WHERE last = 90"
    )


def beat_altered(db: sqlite3.Connection) -> None:
    db.execute("UPDATE claim SET seq = 90, head = ?", (EVENTS[89]["hash"],))


def foreign_words(db: sqlite3.Connection) -> None:
    """His own key, on his own word, with everything signed anew."""
    his = SigningKey(b"\x07" * 32)
    signed_by(db, his)
    word = encode_enrolled(GATE, SITE, his.verify_key.encode(), at=NOW, office=his)
    db.execute(
        "INSERT INTO gate_key VALUES (?, ?, ?)",
        (GATE, key_id(his.verify_key.encode()), word.decode()),
    )


def edited_in_place(db: sqlite3.Connection) -> None:
    """One content, its hash left as it was."""
    db.execute("UPDATE event SET event = replace(event, 'REFUSE', 'ADMIT') WHERE seq = 33")


def timed(db: sqlite3.Connection) -> None:
    """A field that no hash covers."""
    db.execute("UPDATE event SET event = replace(event, ',\"outcome\"', ',\"ms\":{},\"outcome\"') "
               "WHERE seq = 33")  # fmt: skip


def no_text(db: sqlite3.Connection) -> None:
    db.execute("UPDATE event SET event = CAST(x'ff7b7dfe' AS TEXT) WHERE seq = 33")


def cut_with_beats_and_receipts_but_heads(db: sqlite3.Connection) -> None:
    cut(db)
    db.execute("DELETE FROM claim")
    db.execute("DELETE FROM receipt")


def admitting_without_heads_and_beats(db: sqlite3.Connection) -> None:
    """The receipts alone contradict it."""
    admitting(db)
    db.execute("DELETE FROM signed_head")
    db.execute("DELETE FROM claim")


def receipt_altered(db: sqlite3.Connection) -> None:
    db.execute("UPDATE receipt SET receipt = replace(receipt, '\"high\":60', '\"high\":59')")


def heads_of_no_form(db: sqlite3.Connection) -> None:
    """What stands beside a head is joined to it."""
    for last, beside in ((30, '{"key":["a"]}'), (60, '{"from":"x"}'), (90, "[")):
        db.execute("UPDATE signed_head SET beside = ? WHERE last = ?", (beside, last))


def test_what_was_received_is_whole(home: Home) -> None:
    code, found = verified(home)
    assert code == 0, found
    assert (found["events"], found["signed"], found["receipted"]) == (COUNT, COUNT, COUNT)
    assert (found["uncovered"], found["faults"]) == ([], [])
    assert verified(home, "--office", str(home.office / "office.pub"))[0] == 0


@pytest.mark.parametrize(
    ("change", "uncovered", "missing", "faults"),
    [
        (appended, [[121, 121]], [], []),
        (admitting, [[1, 120]], [], [(1, "altered"), (31, "altered"), (61, "altered")]),
        (heads_gone, [[1, 120]], [], []),
        (without_proofs, [[1, 120]], [], []),
        (one_head_gone, [[31, 60]], [], []),
        (cut, [[61, 70]], [[71, 120]], [(71, "cut"), (91, "cut")]),
        (cut_with_heads, [[61, 70]], [[71, 120]], []),
        (cut_with_heads_and_beats_but_receipts, [], [[61, 120]], []),
        (emptied, [], [[1, 120]], [(1, "cut"), (31, "cut")]),
        (respelled, [[31, 60]], [], [(31, "altered")]),
        (other_signature, [[61, 90]], [], [(61, "signature")]),
        (beat_altered, [], [], [(90, "signature")]),
        (foreign_words, [[1, 120]], [], [(1, "signature")]),
        (edited_in_place, [[31, 60]], [], [(31, "altered")]),
        (timed, [[31, 60]], [], [(31, "altered")]),
        (no_text, [[31, 60]], [], [(31, "altered")]),
        (cut_with_beats_and_receipts_but_heads, [[61, 70]], [[71, 120]], [(71, "cut")]),
        (
            admitting_without_heads_and_beats,
            [[1, 120]],
            [],
            [(30, "altered"), (60, "altered"), (90, "altered"), (120, "altered")],
        ),
        (receipt_altered, [], [], [(0, "signature")]),
        (heads_of_no_form, [[1, 60]], [], [(1, "signature"), (0, "signature")]),
    ],
)
def test_each_is_found_and_named(
    home: Home,
    change: Callable[[sqlite3.Connection], None],
    uncovered: list[list[int]],
    missing: list[list[int]],
    faults: list[tuple[int, str]],
) -> None:
    insider(home, change)
    code, found = verified(home)
    assert (code, found["uncovered"], found["missing"]) == (1, uncovered, missing)
    told = [(f["seq"], f["what"]) for f in found["faults"]]
    assert told[: len(faults)] == faults
    if not faults and change is not without_proofs:
        assert [w for _, w in told if w == "cut"] == []


@pytest.mark.parametrize(
    ("column", "value", "chain"),
    [("hash", "f" * 64, "event 50: altered"), ("prev", "f" * 64, "event 50: altered")],
)
def test_the_columns_beside_an_event_are_walked_too(
    home: Home, column: str, value: str, chain: str
) -> None:
    """The contents are what was signed: what the gate is told by its receipt would be another."""
    insider(home, lambda db: db.execute(f"UPDATE event SET {column} = ? WHERE seq = 50", (value,)))
    code, found = verified(home)
    assert (code, found["chain"]) == (1, chain)
    assert found["uncovered"] == []


def test_a_receipt_that_was_given_for_another_journal_counts_for_none(home: Home) -> None:
    """It would vouch for events that nobody ever had."""
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    other = Receipt(1, GATE, "0" * 16, 200, "a" * 64, (), NOW, 200)
    text = encode_receipt(other, office).decode()
    row = (GATE, EPOCH, 1, 200, "a" * 64, text)
    insider(home, lambda db: db.execute("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?)", row))
    code, found = verified(home)
    assert (code, found["receipted"], found["missing"]) == (1, COUNT, [])
    assert "It is of another journal" in found["faults"][0]["says"]


def test_a_receipt_for_nothing_with_a_head_contradicts_every_journal(home: Home) -> None:
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    other = Receipt(1, GATE, EPOCH, 0, "a" * 64, (), NOW, 0)
    text = encode_receipt(other, office).decode()
    row = (GATE, EPOCH, 1, 0, "a" * 64, text)
    insider(home, lambda db: db.execute("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?)", row))
    code, found = verified(home)
    assert code == 1
    assert [(f["seq"], f["what"]) for f in found["faults"]] == [(0, "altered")]


@pytest.mark.parametrize("proof", ["signed_head", "receipt", "claim", "mark"])
def test_a_journal_taken_out_whole_is_missed_by_any_proof_of_it(home: Home, proof: str) -> None:
    def taken_out(db: sqlite3.Connection) -> None:
        for table in {"event", "signed_head", "receipt", "claim", "mark"} - {proof}:
            db.execute(f"DELETE FROM {table}")

    insider(home, taken_out)
    code, found = verified(home)
    assert (code, found["missing"]) == (1, [[1, COUNT]])


def test_an_office_that_received_nothing_proves_nothing(home: Home) -> None:
    insider(home, lambda db: (without_proofs(db), emptied(db), db.execute("DELETE FROM mark")))
    assert verified(home) == (1, {})
    said = CliRunner().invoke(app, ["verify", "--home", str(home.root)])
    assert said.exit_code == 1
    assert "No event was received yet" in said.stdout


def test_no_depth_of_nesting_stops_the_audit(home: Home) -> None:
    def nested(db: sqlite3.Connection) -> None:
        for seq in range(1, COUNT + 1):
            text = '{"a":' + "[" * 20 * seq + "]" * 20 * seq + "}"
            db.execute("UPDATE event SET event = ? WHERE seq = ?", (text, seq))
        db.execute("UPDATE event SET event = ? WHERE seq = 77", ("[" * 100_000,))

    insider(home, nested)
    code, found = verified(home)
    assert (code, found["uncovered"]) == (1, [[1, COUNT]])


def test_the_sentence_names_gate_epoch_and_seq(home: Home) -> None:
    insider(home, appended)
    said = CliRunner().invoke(app, ["verify", "--home", str(home.root)]).stdout
    assert f"{GATE} {EPOCH}: 121 events" in said
    assert "covered by no signature of the gate: 121-121" in said
    assert "不完整" in said


def test_the_sentence_says_what_is_missing_and_which_proof_does_not_hold(home: Home) -> None:
    insider(home, cut)
    said = CliRunner().invoke(app, ["verify", "--home", str(home.root)]).stdout
    assert ", missing 71-120" in said
    assert "; events 71 to 90 were signed and are missing; events 91 to 120" in said
