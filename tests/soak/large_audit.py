"""python -m tests.soak.large_audit GATES: what the audit of an exam costs, with 130 events a gate.

The events are those of one morning with other people each time, signed by their gates. Prints the
processor time of each part and the peak of memory.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, JournalEntry, key_id, seal
from gate.core.records import JournalEvent
from gate.sync.enrolled_key import encode_enrolled
from gate.sync.wire import decode_batch, encode_batch
from office.audit.audit_reports import checkpoint_of, report_files
from office.audit.exam_audit import audit_exam
from office.audit.exam_checkpoint import unsigned_journals, verify_checkpoint
from office.store.database import OfficeStore
from tests.adapters.office.test_audit import CLOSED, decisions
from tests.unit.gate.core.world import EXAM, at, instant

DECISIONS, BATCH = 128, 7
OFFICE = SigningKey(b"\7" * 32)
NOW = "2027-04-10T05:00:00.000+00:00"


def key_of(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


def journal(gate: str, epoch: str) -> Iterator[JournalEvent]:
    people = DECISIONS // len(decisions()) + 1
    bodies = [
        (kind, body | {"key": f"{body.get('key')}-{n}"})
        for n in range(people)
        for kind, body in decisions()
    ]
    previous = GENESIS
    for seq, (kind, body) in enumerate([*bodies[:DECISIONS], *CLOSED], 1):
        entry = JournalEntry(kind, instant(at("08:45") + timedelta(seconds=seq)), body)
        event = seal(entry, gate=gate, epoch=epoch, seq=seq, boot="b", previous=previous)
        previous = event["hash"]
        yield event


def received(store: OfficeStore, number: int) -> tuple[str, dict[str, bytes]]:
    """One gate's journal, stored. Its name, and its key by its id."""
    site, key = f"site-{number // 10}", key_of(number)
    gate, public = f"{site}-g{number}", bytes(key.verify_key)
    word = encode_enrolled(gate, site, public, at=NOW, office=OFFICE)
    rest = list(journal(gate, f"{number:016x}"))
    with store.transaction():
        store.proofs.keep_word(gate, key_id(public), word)
        while rest:
            payload, count = encode_batch(rest[:BATCH], hist=False, key=key)
            rest = rest[count:]
            store.add(decode_batch(payload, lambda _: public), exam=EXAM.id, site=site, now=NOW)
    return gate, {key_id(public): public}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gates", type=int)
    gates = parser.parse_args().gates
    office = bytes(OFFICE.verify_key)
    with (
        tempfile.TemporaryDirectory() as folder,
        OfficeStore(Path(folder) / "office.sqlite") as store,
    ):
        keys = dict(received(store, number) for number in range(gates))
        times = [time.process_time()]
        audited = audit_exam(store, EXAM.id, keys.__getitem__, office, lambda _: EXAM)
        times.append(time.process_time())
        files = report_files(audited.facts)
        note = checkpoint_of(store, audited.facts, files, OFFICE, datetime.now(UTC))
        times.append(time.process_time())
        unsigned = unsigned_journals(verify_checkpoint(note, office, "note"), office)
        times.append(time.process_time())
    audit_s, files_s, verify_s = (b - a for a, b in pairwise(times))
    events = sum(g["events"] for g in audited.facts["gates"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{gates} gates, {events} events, {audited.verdict}, {len(unsigned)} heads not signed")
    print(f"audit {audit_s:.1f} s ({audit_s / events * 1e6:.0f} us an event), peak {peak} MB")
    print(f"files and checkpoint {files_s:.1f} s, {len(note)} bytes; verified in {verify_s:.2f} s")


if __name__ == "__main__":
    main()
