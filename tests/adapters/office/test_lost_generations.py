"""An office whose whole folder is restored, `office/database.json` with it, and the gates that
remember more.

Whatever its clock shows, no gate goes on believing to be stored what is not.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, seal
from gate.core.records import JournalEvent
from gate.errors import InputRejected, Refused, SignatureRefused
from gate.ports import Head, Receipt
from gate.roster.keys import read_key
from gate.store import checkpoint
from gate.sync import outbox
from gate.sync.heartbeat import Heartbeat, decode_heartbeat, encode_heartbeat
from gate.sync.receipts import GENERATION, OLDER, judge
from gate.sync.wire import Batch, batch_head, decode_receipt, encode_receipt
from office.home import Home
from office.receiving.lost_generations import is_forgotten, shown_receipt
from office.store.database import OfficeStore
from office.store.opening import begin_generation, open_receiving, read_record
from tests.examples import examples
from tests.journal_making import EXAM, GATE, OTHER, SITE, entry, fill, opened
from tests.mqtt_making import broker_at, made_home, office_at, sending, unit_folder, uplink_of
from tests.waiting import soon

EPOCH, NOW = "00112233aabbccdd", "2027-04-10T01:00:00.000+00:00"
OFFICE, STRANGER = SigningKey(b"\x05" * 32), SigningKey(b"\x06" * 32)
PUBLIC = OFFICE.verify_key.encode()


def receipt(generation: int, high: int = 0, head: str = GENESIS, gate: str = GATE) -> Receipt:
    made = Receipt(generation, gate, EPOCH, high, head, (), NOW, high)
    return decode_receipt(encode_receipt(made, OFFICE), PUBLIC)


def test_a_receipt_is_kept_as_it_was_given() -> None:
    made = receipt(7)
    assert json.loads(made.given)["generation"] == 7
    assert made == replace(made, given="")  # what it says is what counts


@pytest.mark.parametrize(("ranges", "kept"), [(0, True), (64, True), (400, False)])
async def test_a_gate_keeps_it_through_a_restart(tmp_path: Path, ranges: int, kept: bool) -> None:
    """In the mark, where it finds room; what it says is known in any case."""
    async with opened(tmp_path) as journal:
        await fill(journal, 3)
        missing = tuple((n, n) for n in range(1_000_000, 1_000_000 + 2 * ranges, 2))
        at = (await journal.read(2, 1))[0]["hash"]
        told = Receipt(7, GATE, journal.head.epoch, 2, at, missing, NOW, 2_000_000)
        said = {"generation": 7, "missing": [list(r) for r in missing], "sig": "x" * 88}
        await journal.keep_receipt(replace(told, given=json.dumps(said)))
    marked = checkpoint.read(tmp_path / "journal.sqlite")
    assert marked is not None
    assert marked.receipt == replace(told, missing=(), top=0)
    async with opened(tmp_path) as journal:
        found = await journal.receipt()
        assert found == told
        assert found.given == (json.dumps(said) if kept else "")
    async with opened(tmp_path) as journal:  # and through one in which nothing came
        assert ((await journal.receipt()) or told).given == found.given


def test_a_heartbeat_shows_a_receipt_only_where_there_is_one() -> None:
    plain = Heartbeat(GATE, EPOCH, 3, "a" * 64, 3, "session")
    shown = replace(plain, receipt=receipt(7).given)
    assert b"receipt" not in encode_heartbeat(plain, OFFICE)
    for beat in (plain, shown):
        found = decode_heartbeat(encode_heartbeat(beat, OFFICE), lambda _: PUBLIC)
        assert found.receipt == beat.receipt
    for wrong in ("7", "null", '"' + "x" * 4097 + '"', "{}"):
        raw = encode_heartbeat(replace(plain, receipt="7"), OFFICE)
        changed = raw.replace(b'"receipt":"7"', b'"receipt":' + wrong.encode())
        with pytest.raises(InputRejected, match="receipt"):
            decode_heartbeat(changed, lambda _: PUBLIC)
    raw = encode_heartbeat(shown, OFFICE)
    changed = raw.replace(b'generation\\":7', b'generation\\":8')
    assert changed != raw
    with pytest.raises(SignatureRefused):  # what is shown is signed too
        decode_heartbeat(changed, lambda _: PUBLIC)


def test_what_another_key_signed_or_is_of_another_journal_moves_nothing() -> None:
    made = receipt(7)
    assert shown_receipt(made.given, GATE, EPOCH, PUBLIC) == made
    forged = encode_receipt(made, STRANGER).decode()
    for text in (None, "", "{", forged, made.given.replace(":7", ":8"), "\ud800"):
        assert shown_receipt(text, GATE, EPOCH, PUBLIC) is None
    assert shown_receipt(made.given, OTHER, EPOCH, PUBLIC) is None
    assert shown_receipt(made.given, GATE, "0" * 16, PUBLIC) is None


def test_only_what_this_database_gave_is_its_own(tmp_path: Path) -> None:
    with OfficeStore(tmp_path / "office.sqlite") as store, store.transaction():
        ours, _ = store.give_receipt(GATE, EPOCH, generation=7, now=NOW, key=OFFICE)
        assert not is_forgotten(ours, store, 7)
        assert is_forgotten(replace(ours, high=3, head="a" * 64), store, 7)
        assert is_forgotten(receipt(8), store, 7)
        assert not is_forgotten(receipt(6, 3, "a" * 64), store, 7)


class Unit:
    """A gate's end: its journal, the receipt that it goes by, what it shows."""

    def __init__(self, gate: str) -> None:
        self.gate, self.key = gate, SigningKey(gate.encode().ljust(32, b"k"))
        self.events: list[JournalEvent] = []
        self.receipt: Receipt | None = None
        self.shows = False

    @property
    def head(self) -> Head:
        last = self.events[-1]["hash"] if self.events else GENESIS
        return Head(EPOCH, len(self.events), last)

    def happen(self, count: int) -> None:
        for seq in range(len(self.events) + 1, len(self.events) + count + 1):
            prev = self.head.hash
            self.events.append(
                seal(entry(seq), gate=self.gate, epoch=EPOCH, seq=seq, boot="b", previous=prev)
            )

    def hear(self, given: bytes) -> None:
        told = decode_receipt(given, PUBLIC)
        at = self.events[told.high - 1]["hash"] if told.high else GENESIS
        try:
            judge(told, known=self.receipt, gate=self.gate, head=self.head, ours=at)
        except Refused as e:
            if e.why not in (GENERATION, OLDER):
                raise
            self.shows = True
        else:
            self.receipt, self.shows = told, False

    def beat(self) -> Heartbeat:
        shown = self.receipt.given if self.shows and self.receipt else None
        high = self.receipt.high if self.receipt else 0
        return Heartbeat(self.gate, EPOCH, self.head.seq, self.head.hash, high, "s", receipt=shown)

    def batches(self) -> list[Batch]:
        """Everything that it does not believe to be stored."""
        made = []
        for first, last in outbox.unstored(self.head.seq, self.receipt):
            some = self.events[first - 1 : last]
            h = batch_head(some, hist=False, key=self.key)
            made.append(
                Batch(
                    self.gate, EPOCH, first, last, h["prev"], h["head"], False, tuple(some),
                    h["key"], h["sig"],
                )
            )  # fmt: skip
        return made


Action = tuple[str, int]
CLOCK_MS = st.integers(0, 12)
ACTIONS = st.lists(
    st.tuples(st.just("restart"), CLOCK_MS)
    | st.tuples(st.sampled_from(["happen", "send", "beat"]), st.integers(0, 1)),
    max_size=8,
)
"""`restart` at a clock; the others of a unit. What is lost on the way is one that is not called."""


class Office:
    """What `Receiver` does with a batch and a heartbeat, without the broker."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.units = [Unit(GATE), Unit(OTHER)]
        self.start(0)

    def start(self, clock_ms: int) -> None:
        self.store = open_receiving(self.home)
        self.generation = begin_generation(self.home, self.store, clock_ms)

    def stop(self) -> None:
        self.store.__exit__()

    def restart(self, clock_ms: int) -> None:
        self.stop()
        self.start(clock_ms)

    def backed_up(self) -> Path:
        """The whole folder, taken while nothing runs."""
        self.stop()
        copy = self.home.root.with_name("backup")
        shutil.copytree(self.home.root, copy)
        self.start(0)
        return copy

    def restore(self, copy: Path, clock_ms: int) -> None:
        self.stop()
        shutil.rmtree(self.home.root)
        shutil.copytree(copy, self.home.root)
        self.start(clock_ms)

    def act(self, actions: list[Action]) -> None:
        for name, number in actions:
            if name == "restart":
                self.restart(number)
            else:
                getattr(self, name)(self.units[number])

    def happen(self, unit: Unit) -> None:
        unit.happen(2)

    def send(self, unit: Unit) -> None:
        with self.store.transaction():
            for batch in unit.batches():
                self.store.add(batch, exam=EXAM, site=SITE, now=NOW)
        self.answer(unit)

    def beat(self, unit: Unit) -> None:
        beat = unit.beat()
        shown = shown_receipt(beat.receipt, beat.gate, beat.epoch, PUBLIC)
        if shown is not None and is_forgotten(shown, self.store, self.generation):
            above = shown.generation
            self.generation = begin_generation(self.home, self.store, 0, above=above)
            assert self.generation > above
            for each in self.units:
                self.answer(each)
        elif beat.high > self.store.high(unit.gate, EPOCH):
            self.answer(unit)

    def answer(self, unit: Unit) -> None:
        with self.store.transaction():
            _, given = self.store.give_receipt(
                unit.gate, EPOCH, generation=self.generation, now=NOW, key=OFFICE
            )
        unit.hear(given)


@pytest.mark.slow
@examples(120)
@given(ACTIONS, ACTIONS, ACTIONS, CLOCK_MS)
def test_whatever_is_restored_nothing_stays_believed_that_is_not_stored(
    tmp_path_factory: pytest.TempPathFactory,
    kept: list[Action],
    lost: list[Action],
    after: list[Action],
    clock_ms: int,
) -> None:
    """A backup of the whole folder, put back under any clock."""
    office = Office(tmp_path_factory.mktemp("restored") / "office")
    office.act(kept)
    backup = office.backed_up()
    office.act(lost)
    office.restore(backup, clock_ms)
    office.act(after)
    for _ in range(2):  # a gate says that it is there, shows its receipt, sends what is missing
        for unit in office.units:
            office.beat(unit)
            office.beat(unit)
            office.send(unit)
    for unit in office.units:
        assert office.store.high(unit.gate, EPOCH) == len(unit.events)
        assert outbox.unstored(unit.head.seq, unit.receipt) == []
        assert unit.receipt is None or unit.receipt.generation == office.generation
    office.stop()


@pytest.mark.system
@pytest.mark.parametrize("again", [7, 3])
async def test_a_restored_office_takes_the_next_generation_when_a_gate_shows_its_receipt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, again: int
) -> None:
    """The same number is begun once more, or a lower one: a gate that believes 40 events to be
    stored is told of none. It shows the receipt, after a restart of its own, and sends them again.
    """
    home = made_home(tmp_path / "office")
    with broker_at(home, tmp_path / "broker") as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 40)
            backup = tmp_path / "backup"
            shutil.copytree(home.root, backup)
            with office_at(home, broker.port, 7) as office:
                uplink = uplink_of(home, broker.port, journal)
                async with sending(uplink):
                    await soon(lambda: uplink.status["unsent"] == 0)
            lost = await journal.receipt()
            assert lost is not None
            assert (lost.generation, lost.high) == (7, 40)
        shutil.rmtree(home.root)
        shutil.copytree(backup, home.root)
        async with opened(tmp_path) as journal:
            assert await journal.receipt() == lost
            with office_at(home, broker.port, again) as office:
                uplink = uplink_of(home, broker.port, journal)
                async with sending(uplink):
                    await soon(lambda: office.counts.events == 40)
                    await soon(lambda: uplink.status["unsent"] == 0)
            found = await journal.receipt()
            assert found is not None
            assert found.generation == office.generation > 7
    assert "ALARM: a gate holds a receipt of generation 7" in caplog.text


@pytest.mark.system
async def test_by_stick_too_a_gate_shows_its_receipt(tmp_path: Path) -> None:
    """A unit without a network: its answer would otherwise be of a generation that it refuses."""
    home, unit = made_home(tmp_path / "office"), tmp_path / "unit"
    unit_folder(home, unit)
    office = SigningKey(read_key(home.office / "office-signing.key", "key"))
    async with opened(unit) as journal:
        await fill(journal, 10)
        known = replace(receipt(7), epoch=journal.head.epoch, high=10, top=10)
        given = encode_receipt(replace(known, head=journal.head.hash), office)
        known = decode_receipt(given, office.verify_key.encode())
        await journal.keep_receipt(known)
        await fill(journal, 2)
        head = journal.head
    for again in ("first", "second"):
        file = tmp_path / f"{again}.journal"
        ran("gate", "journal", "export", "--signed", "--config", unit / "gate.toml", "--out", file)
        ran("office", "import", file, "--home", home.root)
        answer = decode_receipt(
            file.with_name(f"{file.name}.receipt").read_bytes().strip(), office.verify_key.encode()
        )
        judge(answer, known=known, gate=GATE, head=head, ours=head.hash)
        assert answer.generation == 8, again  # the second time it is this database's own
    assert read_record(home).generation == 8


def ran(program: str, *words: object) -> None:
    command = [sys.executable, "-m", program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
