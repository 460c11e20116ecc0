"""A gate's exported journal, authorised as what comes over the network is."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from nacl.signing import SigningKey

from gate.errors import InputRejected, SignatureRefused
from gate.sync.export_inspection import signing_key
from gate.sync.signed_export import Extent, Segment, extent_of, opened, read_header, read_segments
from gate.sync.wire import Topics
from office.audit.journal_lineage import unannounced
from office.receiving.authorisation import Authorisation
from office.receiving.lost_generations import is_forgotten, shown_receipt
from office.store.database import OfficeStore
from office.store.opening import begin_generation

_AT_ONCE = 100
"""Batches in one transaction: memory and the time of the writer's lock stay bounded."""
_TOLD = 20
_EXAM_UNKNOWN = "unknown"
"""A unit that never had a roster names no exam; its next message over the network does."""


@dataclass(slots=True)
class Imported:
    """What came of a file.

    `batches`: taken. `events`: number of new ones among them. `refused`: what was not taken, in
    words. `conflicts`: seqs that were there already with another content. `high`: stored without a
    gap. `receipt`: for the way back, None where nothing of this journal is stored.
    `is_unannounced`: the office knew another journal of the gate, which this one does not name.
    """

    extent: Extent
    batches: int = 0
    events: int = 0
    refused: list[str] = field(default_factory=list)
    conflicts: list[int] = field(default_factory=list)
    high: int = 0
    receipt: bytes | None = None
    is_unannounced: bool = False

    @property
    def is_complete(self) -> bool:
        """Everything that the file promised is stored, and contradicts nothing."""
        return not self.refused and not self.conflicts and self.high >= self.extent.last


@dataclass(frozen=True, slots=True)
class Importer:
    """Stores the batches of signed exports.

    `key`: the office's signing key. `now`: RFC 3339.
    """

    authorisation: Authorisation
    store: OfficeStore
    key: SigningKey
    now: str

    def take(self, path: Path) -> Imported:
        """Each batch stands for itself: what of a damaged file is whole is taken, the rest is told.
        InputDamaged where `path` is no export; Refused, SignatureRefused where its gate may not
        speak, or did not sign it."""
        with opened(path) as file:
            return self._taken(path, file)

    def _taken(self, path: Path, file: BinaryIO) -> Imported:
        header = read_header(file, str(path))
        done = Imported(extent_of(header))
        gate = done.extent.gate
        topics = Topics(done.extent.exam or _EXAM_UNKNOWN, done.extent.site, gate)
        self.authorisation.admit(gate, topics, "export")
        signing_key(header, known=self.authorisation.signing_key(gate), office_public=None)
        segments = read_segments(file)
        while some := list(islice(segments, _AT_ONCE)):
            with self.store.transaction():
                for segment in some:
                    self._take_segment(segment, done, topics)
        self._answer(done, header.get("receipt"))
        return done

    def _take_segment(self, segment: Segment, done: Imported, topics: Topics) -> None:
        try:
            batch = self.authorisation.batch(segment.payload(), topics)
            if batch.epoch != done.extent.epoch:
                raise SignatureRefused(f"A batch of journal {batch.epoch} stands in this export.")
        except InputRejected as e:
            if len(done.refused) < _TOLD:
                done.refused.append(f"{_where(segment)}: {segment.fault or e}")
            return
        stored = self.store.add(batch, exam=topics.exam, site=topics.site, now=self.now)
        done.batches += 1
        done.events += stored.new
        done.conflicts.extend(stored.conflicts)

    def _answer(self, done: Imported, shown: object) -> None:
        """Within the generation that stands. `shown`: the receipt that the gate goes by: where it
        is of a generation that is lost, a new one begins."""
        gate, epoch = done.extent.gate, done.extent.epoch
        if (gate, epoch) not in self.store.journals(gate):
            return
        generation = self.store.generation() or self.store.begin_generation(1)
        public = self.key.verify_key.encode()
        receipt = shown_receipt(shown, gate, epoch, public) if isinstance(shown, str) else None
        if receipt is not None and is_forgotten(receipt, self.store, generation):
            above = receipt.generation
            generation = begin_generation(self.authorisation.home, self.store, 1, above=above)
        with self.store.transaction():
            answer, given = self.store.give_receipt(
                gate, epoch, generation=generation, now=self.now, key=self.key
            )
        done.high, done.receipt = answer.high, given
        done.is_unannounced = epoch in unannounced(self.store, gate)


def _where(segment: Segment) -> str:
    seqs = [e["seq"] for e in segment.events if isinstance(e.get("seq"), int)]
    return f"events {min(seqs)} to {max(seqs)}" if seqs else "lines without events"
