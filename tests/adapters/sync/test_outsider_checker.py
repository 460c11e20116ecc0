"""A signed export in other hands: the outsider's checker, and any change of any byte."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.journal_entries import event_hash
from gate.errors import InputRejected
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.export_files import Copies, inspected
from gate.sync.signed_export import Extent, written
from tests.adapters.sync.test_proofs import COUNT, EPOCH, EVENTS, NOW
from tests.checkout import ROOT
from tests.examples import examples
from tests.journal_making import EXAM, GATE, SITE

CHECKER = ROOT / "docs/examples/check-journal.mjs"
OFFICE, KEY = SigningKey(b"\x05" * 32), SigningKey(b"\x01" * 32)
PUBLIC = OFFICE.verify_key.encode()


def export() -> list[bytes]:
    extent = Extent(GATE, SITE, EXAM, EPOCH, 1, COUNT, EVENTS[0]["prev"], EVENTS[-1]["hash"])
    word = encode_enrolled(GATE, SITE, KEY.verify_key.encode(), at=NOW, office=OFFICE)
    return list(written(extent, iter(EVENTS), at=NOW, key=KEY, enrolled=json.loads(word)))


LINES = export()


def appended(lines: list[bytes]) -> list[bytes]:
    made = EVENTS[-1] | {"seq": COUNT + 1, "id": f"{EPOCH}-{COUNT + 1}"}
    made |= {"prev": EVENTS[-1]["hash"]}
    return [*lines, spelled(made | {"hash": event_hash(made["prev"], made)})]


def admitting(lines: list[bytes]) -> list[bytes]:
    prev, changed = EVENTS[0]["prev"], []
    for line in lines:
        event = json.loads(line)
        if "seq" in event:
            event |= {"outcome": "ADMIT", "prev": prev}
            prev = event["hash"] = event_hash(prev, event)
        changed.append(spelled(event))
    return changed


def spelled(event: dict[str, object]) -> bytes:
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def headless(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if not line.startswith(b'{"batch":')]


def cut(lines: list[bytes]) -> list[bytes]:
    return lines[:53]


def repeated_key(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"{", b'{"outcome":"ADMIT",', 1), *lines[4:]]


def timed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], spelled(json.loads(lines[3]) | {"ms": {"total": 1.0}}), *lines[4:]]


def ours(path: Path) -> list[int]:
    """The seqs that our own check names; [-1] where it is no export."""
    try:
        found = inspected(path, Copies(), office_public=PUBLIC)
    except InputRejected:
        return [-1]
    return [fault.seq for fault in found.faults]


def theirs(path: Path, pub: Path) -> "subprocess.CompletedProcess[str]":
    node = shutil.which("node")
    assert node, "apt install nodejs"
    return subprocess.run([node, CHECKER, path, pub], capture_output=True, text=True, check=False)


@pytest.fixture
def pub(tmp_path: Path) -> Path:
    (tmp_path / "office.pub").write_bytes(base64.b64encode(PUBLIC) + b"\n")
    return tmp_path / "office.pub"


@pytest.mark.system
def test_a_whole_export_is_whole_for_both(tmp_path: Path, pub: Path) -> None:
    file = tmp_path / "out.journal"
    file.write_bytes(b"".join(LINES))
    done = theirs(file, pub)
    assert (ours(file), done.returncode, done.stdout) == ([], 0, "whole\n"), done.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (appended, f"{GATE} {EPOCH} 121: covered by no signature"),
        (admitting, f"{GATE} {EPOCH} 1: events 1 to 50 are not what the gate signed"),
        (headless, f"{GATE} {EPOCH} 1: covered by no signature"),
        (cut, f"{GATE} {EPOCH} 51: ends at 51, signed for 120"),
        (repeated_key, "unreadable"),
        (timed, f"{GATE} {EPOCH} 3: altered"),
    ],
)
def test_each_tampering_is_named_by_both(
    tmp_path: Path, pub: Path, change: Callable[[list[bytes]], list[bytes]], named: str
) -> None:
    file = tmp_path / "out.journal"
    file.write_bytes(b"".join(change(LINES)))
    done = theirs(file, pub)
    assert done.returncode in (1, 4)
    assert named in done.stdout + done.stderr
    assert ours(file) != []


@examples(60)
@given(st.data())
def test_no_change_of_any_byte_goes_unseen(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = b"".join(LINES)
    at = data.draw(st.integers(0, len(whole) - 1))
    gone = data.draw(st.integers(0, 300))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b" ", b"\n", b'"a":1,', b"[" * 3000]))
    changed = whole[:at] + put + whole[at + gone :]
    if changed == whole:
        return
    file = tmp_path_factory.mktemp("any") / "out.journal"
    file.write_bytes(changed)
    assert ours(file) != []
