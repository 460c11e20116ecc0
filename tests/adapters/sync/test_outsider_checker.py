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

from gate.core.journal_entries import GENESIS, event_hash, key_id, seal
from gate.core.records import JournalEvent
from gate.errors import InputRejected
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.export_files import Copies, inspected
from gate.sync.signed_export import Extent, written
from tests.checkout import ROOT
from tests.examples import examples
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry
from tests.office_proofs import COUNT, EPOCH, EVENTS, NOW
from tests.old_liveness import OLD_LINES

CHECKER = ROOT / "docs/examples/check-journal.mjs"
OFFICE, KEY = SigningKey(b"\x05" * 32), SigningKey(b"\x01" * 32)
PUBLIC = OFFICE.verify_key.encode()


def export() -> list[bytes]:
    extent = Extent(GATE, SITE, EXAM, EPOCH, 1, COUNT, EVENTS[0]["prev"], EVENTS[-1]["hash"])
    word = encode_enrolled(GATE, SITE, KEY.verify_key.encode(), at=NOW, office=OFFICE)
    return list(written(extent, iter(EVENTS), at=NOW, key=KEY, enrolled=json.loads(word)))


LINES = export()


Change = Callable[[list[bytes]], list[bytes]]


def spelled(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def line(number: int, change: Callable[[bytes], bytes]) -> Change:
    """That line (from 1) changed."""
    return lambda lines: [*lines[: number - 1], change(lines[number - 1]), *lines[number:]]


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def swapped(text: bytes) -> bytes:
        assert old in text
        return text.replace(old, new, 1)

    return swapped


def fields(**changed: object) -> Callable[[bytes], bytes]:
    return lambda text: spelled(json.loads(text) | changed)


def rehashed(text: bytes) -> bytes:
    """Another outcome, with a hash that fits it."""
    event = json.loads(text) | {"outcome": "ADMIT"}
    return spelled(event | {"hash": event_hash(event["prev"], event)})


def moved(text: bytes) -> bytes:
    """The same content behind another event, with a hash that fits."""
    event = json.loads(text) | {"prev": "a" * 64}
    return spelled(event | {"hash": event_hash("a" * 64, event)})


def other_base64(text: bytes) -> bytes:
    """The same 64 bytes, as a careless encoder spells them."""
    head = json.loads(text)["batch"]
    last = base64.b64encode(base64.b64decode(head["sig"])).decode()[-3]
    at = ALPHABET.index(last)
    return spelled({"batch": head | {"sig": head["sig"][:-3] + ALPHABET[at + 1] + "=="}})


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def signed_by_nobody(text: bytes) -> bytes:
    body = json.loads(text)
    head = body.get("batch", body)
    head["sig"] = base64.b64encode(bytes(64)).decode()
    return spelled(body)


def header(**changed: object) -> Callable[[bytes], bytes]:
    """Signed anew by the gate itself, or by `key`."""

    def anew(text: bytes) -> bytes:
        key = changed.pop("sign_with", KEY)
        assert isinstance(key, SigningKey)
        named = changed.pop("named", key_id(key.verify_key.encode()))
        public = base64.b64encode(key.verify_key.encode()).decode()
        body = json.loads(text) | {"public": public, "key": named} | changed
        del body["sig"]
        covered = b"exam-gate/journal-file/1\n" + spelled(body)[:-1]
        signature = base64.b64encode(key.sign(covered).signature).decode()
        return spelled(body | {"sig": signature})

    return anew


def word(gate: str = GATE, office: SigningKey = OFFICE, key: SigningKey = KEY) -> dict[str, object]:
    public = key.verify_key.encode()
    found: dict[str, object] = json.loads(
        encode_enrolled(gate, SITE, public, at=NOW, office=office)
    )
    return found


def appended(lines: list[bytes]) -> list[bytes]:
    made = EVENTS[-1] | {"seq": COUNT + 1, "id": f"{EPOCH}-{COUNT + 1}"}
    made |= {"prev": EVENTS[-1]["hash"]}
    return [*lines, spelled(made | {"hash": event_hash(made["prev"], made)})]


def admitting(lines: list[bytes]) -> list[bytes]:
    prev, changed = EVENTS[0]["prev"], []
    for text in lines:
        event = json.loads(text)
        if "seq" in event:
            event |= {"outcome": "ADMIT", "prev": prev}
            prev = event["hash"] = event_hash(prev, event)
        changed.append(spelled(event))
    return changed


def headless(lines: list[bytes]) -> list[bytes]:
    return [text for text in lines if not text.startswith(b'{"batch":')]


def begun_behind_another(_: list[bytes]) -> list[bytes]:
    """A gate's own first event that names one before it, all of it signed."""
    before, events = "1" * 64, list[JournalEvent]()
    for seq in range(1, COUNT + 1):
        prev = events[-1]["hash"] if events else before
        made = seal(entry(seq), gate=GATE, epoch=EPOCH, seq=seq, boot="b", previous=prev)
        events.append(made)
    extent = Extent(GATE, SITE, EXAM, EPOCH, 1, COUNT, before, events[-1]["hash"])
    return list(written(extent, iter(events), at=NOW, key=KEY, enrolled=word()))


HERE = f"{GATE} {EPOCH}"
STOLEN = SigningKey(b"\x09" * 32)
TAMPERINGS: list[tuple[Change, int, str]] = [
    (appended, 1, f"{HERE} 121: covered by no signature"),
    (admitting, 1, f"{HERE} 1: events 1 to 50 are not what the gate signed"),
    (headless, 1, f"{HERE} 1: covered by no signature"),
    (lambda lines: lines[:53], 1, f"{HERE} 51: ends at 51, signed for 120"),
    (lambda lines: [*lines[:10], *lines[12:]], 1, f"{HERE} 10: events 10 to 11 are missing"),
    (lambda lines: [*lines[:10], *lines[12:]], 1, f"{HERE} 10: event 10 was signed and is missing"),
    (lambda lines: [*lines[:10], lines[9], *lines[10:]], 1, f"{HERE} 9: stands twice"),
    (line(4, fields(outcome="ADMIT")), 1, f"{HERE} 3: altered"),
    (begun_behind_another, 1, f"{HERE} 1: does not follow the event before it"),
    (line(4, rehashed), 1, f"{HERE} 4: does not follow the event before it"),
    (line(4, rehashed), 1, f"{HERE} 1: events 1 to 50 are not what the gate signed"),
    (line(4, moved), 1, f"{HERE} 3: does not follow the event before it"),
    (line(123, rehashed), 1, f"{HERE} 120: ends at 120, signed for 120"),
    (line(4, fields(ms={"total": 1.0})), 1, f"{HERE} 3: altered"),
    (line(4, fields(epoch="0" * 16)), 1, f"{HERE} 3: of another journal"),
    (line(4, fields(gate=OTHER)), 1, f"{HERE} 3: of another journal"),
    (line(4, swap(b"{", b'{"outcome":"ADMIT",')), 4, "keys repeated or out of order"),
    (line(4, swap(b'"hash":', b'"hash": ')), 4, "not in the one spelling"),
    (line(4, swap(b'"hash":', b'"hash" :')), 4, "not in the one spelling"),
    (line(4, swap(b"}\n", b"} \n")), 4, "something stands behind the object"),
    (line(4, lambda _: b"[1]\n"), 4, "not an object"),
    (line(4, swap(b'"kind":"decision"', b'"kind":decision')), 4, "unreadable"),
    (line(52, swap(b"}}\n", b"},}\n")), 4, "unreadable"),
    (line(52, swap(b'{"batch"', b'{"also":1,"batch"')), 1, "something unsigned stands beside"),
    (line(52, signed_by_nobody), 1, f"{HERE} 1: the signature of events 1 to 50 does not hold"),
    (line(52, other_base64), 4, "a base64 text has one spelling"),
    (line(124, lambda text: text[:-1]), 4, "the last line is cut short"),
    (line(1, swap(b'"exam-gate-journal/1"', b'"exam-gate-journal/2"')), 4, "not a signed export"),
    (line(1, lambda text: b"\xef\xbb\xbf" + text), 4, "unreadable"),
    (line(1, signed_by_nobody), 1, f"{HERE} 0: the header's signature is wrong"),
    (line(1, header(named="0" * 16)), 1, f"{HERE} 0: the header's signature is wrong"),
    (line(1, header(last=COUNT + 10)), 1, f"{HERE} 120: ends at 120, signed for 130"),
    (line(1, header(head="a" * 64)), 1, f"{HERE} 120: ends at 120, signed for 120"),
    (line(1, header(enrolled=None)), 4, "unreadable"),
    (line(1, header(sign_with=STOLEN)), 1, f"{HERE} 0: the office does not vouch for the key"),
    (
        line(1, header(sign_with=STOLEN, enrolled=word(office=STOLEN, key=STOLEN))),
        1,
        f"{HERE} 0: the office does not vouch for the key",
    ),
    (
        line(1, header(sign_with=STOLEN, enrolled=word(gate=OTHER, key=STOLEN))),
        1,
        f"{HERE} 0: the office does not vouch for the key",
    ),
]


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
def test_liveness_of_every_version_is_whole_for_both(tmp_path: Path, pub: Path) -> None:
    """A number, null, and the verdict with its layers."""
    events: list[JournalEvent] = [json.loads(line) for line in OLD_LINES]
    layers = {"nir": None, "network": 1.0, "geometry": 0.0, "action": None}
    body = {"liveness": {"verdict": "unsure", "layers": layers}}
    seq, before = len(events) + 1, events[-1]["hash"]
    events.append(seal(entry(seq, **body), gate=GATE, epoch=EPOCH, seq=seq, boot="b",
                       previous=before))  # fmt: skip
    extent = Extent(GATE, SITE, EXAM, EPOCH, 1, seq, GENESIS, events[-1]["hash"])
    word = encode_enrolled(GATE, SITE, KEY.verify_key.encode(), at=NOW, office=OFFICE)
    file = tmp_path / "out.journal"
    lines = written(extent, iter(events), at=NOW, key=KEY, enrolled=json.loads(word))
    file.write_bytes(b"".join(lines))
    done = theirs(file, pub)
    assert (ours(file), done.returncode, done.stdout) == ([], 0, "whole\n"), done.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("change", "code", "named"), TAMPERINGS, ids=lambda v: getattr(v, "__name__", None)
)
def test_each_tampering_is_named_by_both(
    tmp_path: Path, pub: Path, change: Change, code: int, named: str
) -> None:
    file = tmp_path / "out.journal"
    file.write_bytes(b"".join(change(list(LINES))))
    done = theirs(file, pub)
    told = done.stdout.splitlines() + done.stderr.splitlines()
    assert (done.returncode, [line for line in told if named in line]) != (0, []), told
    assert done.returncode == code
    assert any(named in line for line in told), told
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
