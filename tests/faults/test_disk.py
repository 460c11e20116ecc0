"""The disk model, and what the power-cut replay catches: a check must be able to fail."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.disk import SECTOR, Call, Disk, Files
from tests.faults.disk_rows import nth_call, power_cut, replayed
from tests.faults.matrix import ROWS
from tests.faults.places import scratch
from tests.faults.running import run_rows
from tests.faults.shim import build, missing, under

needs_cc = pytest.mark.skipif(missing() is not None, reason=str(missing()))


class Tape:
    """Writes a trace by hand."""

    def __init__(self) -> None:
        self.disk = Disk()
        self._number = 0

    def call(self, op: str, handle: int = 0, offset: int = 0, data: bytes = b"") -> None:
        self.disk.follow(Call(self._number, op, handle, offset, data))
        self._number += 1

    def states(self) -> list[Files]:
        return list(self.disk.states(random.Random(1)))


@pytest.fixture
def tape() -> Tape:
    """A folder that is open as 1, and a new file `/a` as 2."""
    made = Tape()
    made.call("o", 1, 0, b"")
    made.call("o", 2, 1, b"/a")
    return made


def test_nothing_is_certain_before_a_sync(tape: Tape) -> None:
    tape.call("w", 2, 0, b"one")
    assert {f.get("/a") for f in tape.states()} == {None, b"", b"one"}


def test_a_synced_file_may_still_lack_its_name(tape: Tape) -> None:
    tape.call("w", 2, 0, b"one")
    tape.call("s", 2)
    assert {f.get("/a") for f in tape.states()} == {None, b"one"}
    tape.call("s", 1)
    assert {f.get("/a") for f in tape.states()} == {b"one"}


def test_writes_are_kept_in_any_order(tape: Tape) -> None:
    tape.call("s", 1)
    tape.call("w", 2, 0, b"ab")
    tape.call("w", 2, 2, b"cd")
    assert {f["/a"] for f in tape.states()} == {b"", b"ab", b"\0\0cd", b"abcd"}


def test_the_last_write_is_torn_at_every_sector(tape: Tape) -> None:
    tape.call("s", 1)
    tape.call("w", 2, 0, b"x" * 3 * SECTOR)
    torn = {len(f["/a"].rstrip(b"\0")) - len(f["/a"].lstrip(b"\0")) for f in tape.states()}
    assert {len(f["/a"]) for f in tape.states()} == {0, 512, 1024, 1536}
    assert torn == {0, -512, -1024} or torn == {0, 512, 1024}


def test_a_rename_is_whole_or_not_there(tape: Tape) -> None:
    tape.call("w", 2, 0, b"new")
    tape.call("s", 2)
    tape.call("s", 1)
    tape.call("r", data=b"/a\0/b")
    assert {tuple(f) for f in tape.states()} == {("/a",), ("/b",)}


def test_a_file_in_a_new_folder_goes_with_the_folder(tape: Tape) -> None:
    tape.call("m", data=b"/new")
    tape.call("o", 3, 0, b"/new")
    tape.call("o", 4, 1, b"/new/c")
    tape.call("s", 4)
    tape.call("s", 3)
    assert any("/new/c" not in f for f in tape.states())
    tape.call("s", 1)
    assert all("/new/c" in f for f in tape.states())


@given(st.lists(st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=8)), max_size=8))
def test_what_the_system_saw_is_always_a_possible_outcome(writes: list[tuple[int, bytes]]) -> None:
    tape = Tape()
    tape.call("o", 1, 0, b"")
    tape.call("o", 2, 1, b"/a")
    image = bytearray()
    for offset, data in writes:
        tape.call("w", 2, offset, data)
        image.extend(bytes(max(0, offset + len(data) - len(image))))
        image[offset : offset + len(data)] = data
    assert bytes(image) in [f.get("/a") for f in tape.states()]


@needs_cc
@pytest.mark.system
def test_a_short_journal_survives_every_power_cut() -> None:
    found = power_cut(5, 1, None)
    assert found.clean, found.faults[:3]
    assert found.runs > 400
    assert found.hits["cut with a promise behind it"] > 100


MUTANTS = {
    "no fsync": "o.PRAGMAS = (*o.PRAGMAS, 'PRAGMA synchronous = OFF')",
    "fsync only at checkpoints": "o.PRAGMAS = (*o.PRAGMAS, 'PRAGMA synchronous = NORMAL')",
    "promised before the commit": (
        "from gate.store.journal import SqliteJournal as j; real = j.append\n"
        "async def early(self, entry):\n"
        "    event = seal(entry, gate=GATE, epoch=self.head.epoch, seq=self.head.seq + 1,"
        " boot='boot-1', previous=self.head.hash)\n"
        "    w.mark(f\"event {event['seq']} {event['hash']}\")\n"
        "    return await real(self, entry)\n"
        "j.append = early"
    ),
    "a new folder's name is not synced": "d.sync_folder = lambda folder: None",
}
MUTATED = """
import sys
import gate.platform.durable_files as d, gate.store.opening as o, tests.faults.power as p
from gate.core.journal_entries import seal
from tests.faults.matrix import ROWS
from tests.faults.places import scratch
from tests.faults.running import run_rows
from tests.faults.shim import Shim
from tests.journal_making import GATE
w = Shim()
p.PICTURE_EVERY = 2
{mutation}
p.main(*sys.argv[1:])
"""


@needs_cc
@pytest.mark.system
@pytest.mark.parametrize("name", MUTANTS)
def test_a_careless_writer_is_caught(name: str) -> None:
    with scratch() as place:
        program = MUTATED.format(mutation=MUTANTS[name])
        under(build(place), "-c", program, str(place / "state"), str(place / "trace"), "2")
        found = replayed((place / "trace").read_bytes(), place / "replay", 1)
    assert found.lost > 0


@needs_cc
@pytest.mark.system
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("EIO once, fsync", "ended"),
        ("ENOSPC until freed, write", "refused and healed"),
        ("SIGKILL, any call", "killed"),
    ],
)
def test_the_nth_call_goes_wrong(kind: str, outcome: str) -> None:
    found = nth_call(kind, 4, None)
    assert found.clean, found.faults[:3]
    assert found.hits[outcome] > 5


@needs_cc
@pytest.mark.system
def test_rows_of_one_process_run_beside_the_others_and_come_in_their_order() -> None:
    rows = {row.name: row for row in ROWS}
    names = ["nth-eio-once-name", "sim-clock"]
    tallies = run_rows([(rows[name], range(1, 4)) for name in names], jobs=2)
    assert [t.row for t in tallies] == names
    assert all(t.seeds == 3 and t.admitted and not t.failed for t in tallies)
