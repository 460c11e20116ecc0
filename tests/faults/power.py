"""A power cut at any moment of a morning's journal, replayed: is all there that was promised?

The writer (this module as a program, under the shim) fills a real journal and says into the trace
what it has promised. That is an event's seq and hash once `append` returned, and an evidence file's
hash once `keep` did. The checker rebuilds every disk that a cut may have left and opens it with the
same code that a gate starts with.
"""

import asyncio
import hashlib
import random
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from nacl.public import PrivateKey

from gate.core.journal_entries import verify_chain
from gate.core.records import JournalEvent
from gate.errors import GateError, StorageRefused
from gate.ports import Receipt
from gate.store.evidence import SealedEvidence
from gate.store.journal import SqliteJournal
from tests.faults.disk import Call, Disk, Files
from tests.faults.shim import Shim
from tests.journal_making import GATE, entry, opened

PICTURE_EVERY = 25
RECEIPT_EVERY = 40
T = TypeVar("T")


class Witness(Protocol):
    """Takes down what was promised, and may heal the disk when it is told of a refusal."""

    def mark(self, word: str) -> None: ...
    def refused(self) -> None: ...


async def fill(folder: Path, events: int, witness: Witness) -> None:
    """A morning: decisions, now and then a sealed picture before one, and a receipt. A refusal is
    met as a gate meets it: by trying again."""
    evidence = SealedEvidence(folder / "evidence", bytes(PrivateKey.generate().public_key))
    journal = opened(folder)
    await again(journal.__aenter__, witness)
    try:
        for number in range(1, events + 1):
            picture = None
            if number % PICTURE_EVERY == 0:
                picture = await again(lambda: _picture(evidence, journal, witness), witness)
            one = entry(number, evidence=picture, note="x" * 200)
            event = await again(lambda one=one: journal.append(one), witness)
            witness.mark(f"event {event['seq']} {event['hash']}")
            await journal.keep_timing(event["seq"], {"total": 1.5})
            if number % RECEIPT_EVERY == 0:
                receipt = _receipt(event["epoch"], event["seq"], event["hash"])
                await again(lambda receipt=receipt: journal.keep_receipt(receipt), witness)
    finally:
        await journal.__aexit__()


async def _picture(evidence: SealedEvidence, journal: SqliteJournal, witness: Witness) -> str:
    name = f"{journal.head.epoch}-{journal.head.seq + 1}"
    kept = evidence.keep(b"a picture" * 900, name)
    witness.mark(f"picture {name} {kept}")
    return kept


async def again(work: Callable[[], Awaitable[T]], witness: Witness) -> T:
    """StorageRefused where the disk refuses three times running."""
    for _ in range(2):
        try:
            return await work()
        except StorageRefused:
            witness.refused()
    return await work()


def _receipt(epoch: str, high: int, head: str) -> Receipt:
    return Receipt(1, GATE, epoch, high, head, (), "2027-04-10T09:00:00.000+08:00")


@dataclass(frozen=True, slots=True)
class Cut:
    """A disk that the power left behind. `after`: calls made by then."""

    after: int
    promised: tuple[str, ...]
    files: Files


def cuts(calls: list[Call], seed: int) -> Iterator[Cut]:
    """Every state that a cut after each call may leave, each content once between two promises."""
    disk, rng = Disk(), random.Random(seed)
    promised: list[str] = []
    seen: set[bytes] = set()
    for call in calls:
        if call.op == "!":
            promised.append(call.data.decode())
            seen.clear()
        disk.follow(call)
        for files in disk.states(rng):
            digest = _digest(files)
            if digest not in seen:
                seen.add(digest)
                yield Cut(call.number + 1, tuple(promised), files)


def _digest(files: Files) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        found.update(f"{path} {len(files[path])}\n".encode())
        found.update(files[path])
    return found.digest()


async def fault_of(cut: Cut, folder: Path) -> str | None:
    """What is wrong with the journal that a gate would find; None where all is well."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in cut.files.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    folder.mkdir(parents=True, exist_ok=True)
    stored = await reopened(folder)
    if isinstance(stored, str):
        return stored
    return _missing(cut, {e["seq"]: e["hash"] for e in stored}, folder)


async def reopened(folder: Path) -> list[JournalEvent] | str:
    """All events of a journal that a gate opens anew and goes on with; or what is wrong."""
    try:
        async with opened(folder) as journal:
            stored = await journal.read(1, 1_000_000)
            stored.append(await journal.append(entry(0)))
            epoch = journal.head.epoch
    except GateError as e:
        return f"{type(e).__name__}: {e.en}"
    broken = verify_chain(stored, gate=GATE, epoch=epoch)
    return stored if broken is None else f"event {broken.seq}: {broken.what}"


def _missing(cut: Cut, hashes: dict[int, str], folder: Path) -> str | None:
    for word in cut.promised:
        kind, name, digest = word.split()
        if kind == "event" and hashes.get(int(name)) != digest:
            return f"event {name} was promised and is not there"
        if kind == "picture":
            file = folder / "evidence" / f"{name}.sealed"
            if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                return f"the evidence {name} was promised and is not there"
    promised = max((int(w.split()[1]) for w in cut.promised if w.startswith("event")), default=0)
    if len(hashes) - 1 > promised + 1:  # one may be committed and not yet told; one is ours
        return f"{len(hashes) - 1} events, {promised} promised"
    return None


def main(folder: str, trace: str, events: str) -> None:
    shim = Shim()
    Path(folder).mkdir(parents=True)
    shim.watch(Path(folder), Path(trace))
    asyncio.run(fill(Path(folder), int(events), shim))


if __name__ == "__main__":
    main(*sys.argv[1:])
