"""A journal as a signed file: written by a gate, checked by anybody, taken in by the office."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.core.journal_entries import event_hash
from gate.roster.keys import read_key, write_key
from gate.sync import wire
from gate.sync.receipts import judge
from office.audit.journal_audit import audit, is_whole
from office.home import Home
from office.keys.enrolment import revoke
from office.receiving.authorisation import Authorisation
from office.receiving.importing import Imported, Importer
from office.receiving.signers import signers
from office.store.database import OfficeStore
from tests.journal_making import GATE, OTHER, entry, fill, opened
from tests.mqtt_making import free_port, made_home, sending, unit_folder, uplink_of
from tests.waiting import soon

pytestmark = pytest.mark.system

NOW = "2027-04-10T01:00:00.000+00:00"
COUNT = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
async def unit(home: Home, tmp_path: Path) -> Path:
    """A unit's folder with a journal of `COUNT` events."""
    folder = tmp_path / "unit"
    unit_folder(home, folder)
    async with opened(folder) as journal:
        await fill(journal, COUNT)
    return folder


def run(*words: object, home: Path | None = None) -> "subprocess.CompletedProcess[str]":
    program, *rest = map(str, words)
    return subprocess.run(
        [sys.executable, "-m", program, *rest],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home or "/nonexistent"), "PYTHONPATH": "."},
    )


def exported(unit: Path, out: Path, *more: str) -> Path:
    said = run(
        "gate", "journal", "export", "--signed", "--config", unit / "gate.toml", "--out", out, *more
    )
    assert said.returncode == 0, said.stderr
    return out


def verified(*words: object) -> tuple[int, list[dict[str, object]]]:
    said = run("office", "verify", "--json", *words)
    found = json.loads(said.stdout)["files"] if said.stdout else [{"error": said.stderr}]
    return said.returncode, found


def test_a_whole_file_is_verified_with_public_keys_only(unit: Path, tmp_path: Path) -> None:
    file = exported(unit, tmp_path / "out.journal")
    code, (found,) = verified(file, "--office", unit / "office.pub")
    assert (code, found["chain"], found["events"]) == (0, "verified", COUNT)
    assert (found["vouched"], found["faults"]) == ("office", [])
    code, (found,) = verified(file)
    assert (code, found["vouched"]) == (0, None)
    said = run("gate", "journal", "verify", file, "--office", unit / "office.pub")
    assert (said.returncode, "120 events, verified" in said.stdout) == (0, True)


def test_into_a_folder_it_has_a_name_that_says_what_it_is(unit: Path, tmp_path: Path) -> None:
    exported(unit, tmp_path, "--first", "101")
    (file,) = tmp_path.glob(f"{GATE}_*_101-120.journal")
    code, (found,) = verified(file, "--office", unit / "office.pub")
    assert (code, found["events"], found["last"]) == (0, 20, 120)
    assert list(tmp_path.glob(".*")) == []


def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines(keepends=True)


def at(lines: list[str], seq: int) -> int:
    """Where event `seq` stands."""
    (place,) = (n for n, line in enumerate(lines) if json.loads(line).get("seq") == seq)
    return place


def edited(lines: list[str]) -> list[str]:
    n = at(lines, 70)
    return [*lines[:n], lines[n].replace('"000000000069"', '"000000000068"'), *lines[n + 1 :]]


def cut(first: int, last: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[: at(lines, first)], *lines[at(lines, last) + 1 :]]


def swapped(lines: list[str]) -> list[str]:
    n = at(lines, 70)
    return [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]


@pytest.mark.parametrize(
    ("change", "seq", "what", "says"),
    [
        (edited, 70, "altered", "event 70: altered"),
        (cut(70, 72), 70, "cut", "events 70 to 72 are missing"),
        (cut(1, 3), 1, "cut", "events 1 to 3 are missing"),
        (lambda lines: lines[: at(lines, 101)], 101, "cut", "events 101 to 120 are missing"),
        (lambda lines: lines[:-1], 101, "cut", "the signature of events 101 to 120 is missing"),
        (swapped, 70, "order", "event 70: order"),
        (lambda lines: [*lines[:40], "{]\n", *lines[40:]], 40, "unreadable", "behind event 39"),
        (lambda lines: [*lines[:-1], lines[-1][:-40]], 121, "unreadable", "behind event 120"),
    ],
    ids=["edit", "middle", "head", "tail", "signature", "swap", "junk", "torn"],
)
def test_what_was_done_to_it_is_named_by_seq(
    unit: Path,
    tmp_path: Path,
    change: Callable[[list[str]], list[str]],
    seq: int,
    what: str,
    says: str,
) -> None:
    file = exported(unit, tmp_path / "out.journal")
    file.write_text("".join(change(lines_of(file))), encoding="utf-8")
    code, (found,) = verified(file, "--office", unit / "office.pub")
    assert code == 1
    assert (found["faults"][0]["seq"], found["faults"][0]["what"]) == (seq, what)
    assert says in str(found["chain"])


def test_events_signed_anew_by_another_key_are_refused(unit: Path, tmp_path: Path) -> None:
    """Whoever rewrites everything must sign with a key that the office never enrolled."""
    write_key(unit / "gate-signing.key", bytes(SigningKey.generate()), private=True)
    file = exported(unit, tmp_path / "out.journal")
    code, (found,) = verified(file, "--office", unit / "office.pub")
    assert (code, "not signed with the key of gate" in str(found)) == (5, True)


def test_a_file_of_another_office_is_refused(unit: Path, tmp_path: Path) -> None:
    file = exported(unit, tmp_path / "out.journal")
    write_key(tmp_path / "o.pub", SigningKey.generate().verify_key.encode(), private=False)
    assert verified(file, "--office", tmp_path / "o.pub")[0] == 5


@pytest.mark.parametrize("content", [b"", b"{}\n", b"junk " * 100_000, b"SQLite format 3\x00"])
def test_what_is_no_export_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert verified(tmp_path / "x")[0] == 4
    assert verified(tmp_path / "absent")[0] == 4


async def test_two_copies_of_one_card_are_told_by_where_they_part(
    unit: Path, tmp_path: Path
) -> None:
    first = exported(unit, tmp_path / "a.journal", "--first", "1")
    copy = unit.parent / "copy"
    shutil.copytree(unit, copy)
    for folder, note in ((unit, "on the card"), (copy, "on the copy")):
        async with opened(folder) as journal:
            await journal.append(entry(121, note=note))
            await journal.append(entry(122))
    one, other = exported(unit, tmp_path / "b"), exported(copy, tmp_path / "c")
    assert verified(first, one, "--office", unit / "office.pub")[0] == 0
    code, found = verified(one, other, "--office", unit / "office.pub")
    assert code == 1
    assert found[0]["faults"] == []
    assert [(f["seq"], f["what"]) for f in found[1]["faults"]] == [(121, "fork"), (122, "fork")]
    said = run("gate", "journal", "verify", one, other, "--office", unit / "office.pub").stdout
    assert "events 121 to 122 are others in the other copy" in said


def taken(home: Home, store: OfficeStore, file: Path) -> Imported:
    key = SigningKey(read_key(home.office / "office-signing.key", "key"))
    return Importer(Authorisation(home), store, key, NOW).take(file)


async def test_the_office_takes_it_in_and_answers(home: Home, unit: Path, tmp_path: Path) -> None:
    file = exported(unit, tmp_path / "out.journal")
    with OfficeStore(tmp_path / "office.sqlite") as store:
        done = taken(home, store, file)
        assert (done.events, done.high, done.refused, done.conflicts) == (COUNT, COUNT, [], [])
        again = taken(home, store, file)
        assert (again.events, again.is_complete) == (0, True)
        ((gate, epoch),) = store.journals()
        assert is_whole(audit(store, gate, epoch, signers(store, home, None)(gate)))
    assert done.receipt is not None
    receipt = wire.decode_receipt(done.receipt, read_key(unit / "office.pub", "key"))
    async with opened(unit) as journal:
        judge(receipt, known=None, gate=GATE, head=journal.head, ours=journal.head.hash)


def test_of_a_damaged_file_the_rest_is_taken(home: Home, unit: Path, tmp_path: Path) -> None:
    file = exported(unit, tmp_path / "out.journal")
    file.write_text("".join(edited(lines_of(file))), encoding="utf-8")
    with OfficeStore(tmp_path / "office.sqlite") as store:
        done = taken(home, store, file)
        assert (done.events, done.high, done.is_complete) == (70, 50, False)
        assert done.refused[0].startswith("events 51 to 100: ")
        ((gate, epoch),) = store.journals()
        assert audit(store, gate, epoch, signers(store, home, None)(gate))["missing"] == [[51, 100]]


def test_the_command_leaves_a_receipt_and_says_what_it_took(
    home: Home, unit: Path, tmp_path: Path
) -> None:
    file = exported(unit, tmp_path / "out.journal")
    said = run("office", "import", file, "--home", home.root, "--json")
    assert said.returncode == 0, said.stderr
    (found,) = json.loads(said.stdout)["files"]
    assert (found["new"], found["complete"], found["gate"]) == (COUNT, True, GATE)
    assert Path(found["receipt"]).exists()
    assert run("office", "verify", "--home", home.root).returncode == 0


def test_an_unknown_or_revoked_gate_is_refused(unit: Path, tmp_path: Path) -> None:
    file = exported(unit, tmp_path / "out.journal")
    other = made_home(tmp_path / "other-office")  # it enrolled another unit under this name
    assert run("office", "import", file, "--home", other.root).returncode == 5
    other.enrolment(GATE).unlink()
    said = run("office", "import", file, "--home", other.root)
    assert (said.returncode, "not enrolled" in said.stderr) == (5, True)
    revoke(other, OTHER, "stolen")
    with pytest.raises(PermissionError, match="struck off: stolen"):
        Authorisation(other).admit(OTHER, wire.Topics("e", "wh-hs-01", OTHER), "batch")


async def test_a_unit_without_a_network_gets_its_receipt_by_stick(
    home: Home, unit: Path, tmp_path: Path
) -> None:
    file = exported(unit, tmp_path / "out.journal")
    assert run("office", "import", file, "--home", home.root).returncode == 0
    receipt = tmp_path / "out.journal.receipt"
    words = ("gate", "journal", "receipt", receipt, "--config", unit / "gate.toml")
    said = run(*words)
    assert (said.returncode, "has events 1 to 120 of 120" in said.stdout) == (0, True)
    async with opened(unit) as journal:
        uplink = uplink_of(home, free_port(), journal, inbox=unit / "receipt.inbox")
        async with sending(uplink):
            await soon(lambda: uplink.status["receipted"] == COUNT)
            assert (uplink.status["unsent"], uplink.status["connected"]) == (0, False)
            await soon(lambda: not (unit / "receipt.inbox").exists())
        kept = await journal.receipt()
    assert kept is not None
    assert kept.high == COUNT
    receipt.write_text(receipt.read_text().replace('"high":120', '"high":119'))
    assert run(*words).returncode == 5
    receipt.write_text("junk")
    assert run(*words).returncode == 4


@pytest.fixture
def plain(unit: Path, tmp_path: Path) -> list[str]:
    """The lines of an export without --signed."""
    out = tmp_path / "events.jsonl"
    done = run("gate", "journal", "export", "--config", unit / "gate.toml", "--out", out)
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("change", "seq", "what"),
    [
        (lambda x: [*x[:4], x[4].replace("000000000004", "000000000005"), *x[5:]], 5, "altered"),
        (lambda x: x[:4] + x[5:], 5, "gap"),
        (lambda x: [*x[:4], x[5], x[4], *x[6:]], 5, "order"),
    ],
)
def test_the_office_names_what_was_done_to_a_plain_export(
    plain: list[str], tmp_path: Path, change: Callable[[list[str]], list[str]], seq: int, what: str
) -> None:
    file = tmp_path / "carried.jsonl"
    file.write_text("".join(plain), encoding="utf-8")
    assert verified(file)[0] == 0
    file.write_text("".join(change(plain)), encoding="utf-8")
    code, (found,) = verified(file)
    assert (code, found["first_bad"], found["what"]) == (1, seq, what)


def test_two_plain_exports_of_a_copied_card_part_where_they_are_named(
    plain: list[str], tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    ours.write_text("".join(plain), encoding="utf-8")
    last = json.loads(plain[-1])
    other = last | {"ticket": "999999999999"}
    other["hash"] = event_hash(last["prev"], other)
    theirs.write_text("".join(plain[:-1]) + json.dumps(other) + "\n", encoding="utf-8")
    for program in ("gate journal", "office"):
        done = run(*program.split(), "verify", ours, theirs)
        assert done.returncode == 1, done.stderr
        assert f"event {COUNT}: fork" in done.stdout
