"""Messages of gates taken in: one transaction for what came together, and the receipts for it."""

import logging
from collections.abc import Iterable
from functools import partial

from nacl.signing import SigningKey

from gate.errors import InputRejected
from gate.sync.configuration_wire import PREFIX
from gate.sync.link import Message
from gate.sync.wire import Batch, Topics
from office.home import Home
from office.receiving import wall_clock
from office.receiving.authorisation import Authorisation
from office.receiving.believed import Checked, Given, checked_batch
from office.receiving.counts import Counts
from office.receiving.gate_status import Watch
from office.receiving.journal_alarms import AfterCommit, JournalAlarms
from office.receiving.lost_generations import is_forgotten, shown_receipt
from office.receiving.worker_values import Done
from office.store.database import Arrival, OfficeStore, Stored
from office.store.kept_commands import GateSaid

log = logging.getLogger(__name__)


class MessageIntake:
    """Every gate is known by its enrolment in `home`. A message that is not believed is counted;
    it never ends the program. The methods raise StorageRefused, StorageDamaged, StorageBroken;
    nothing of the messages is stored then."""

    def __init__(
        self, home: Home, store: OfficeStore, generation: int, signing: SigningKey, watch: Watch
    ) -> None:
        self.counts = Counts()
        self.alarms = JournalAlarms(store, self.counts)
        self._authorisation = Authorisation(home)
        self._store = store
        self.generation = generation
        self.forgotten = 0
        """The highest generation that gates have shown and this database has not begun."""
        self._signing = signing
        self.watch = watch
        self.back: set[str] = set()
        """Gates that have begun a connection since somebody looked."""

    def begin(self) -> list[Given]:
        """Receipts for the last journal of every gate that the database knows."""
        with self._store.transaction():
            known = [(Topics(exam, site, gate), e) for exam, site, gate, e in self._store.gates()]
            given = self.give_receipts(known)
            self.alarms.begin({topics.gate for topics, _ in known})
        return given

    def take(self, messages: list[Message]) -> tuple[list[Given], AfterCommit]:
        """Stored and committed when it returns. The receipts, and what is now to be told."""
        after: AfterCommit = []
        taken: list[tuple[Topics, Batch]] = []
        for message in filter(is_batch, messages):
            found = self.check(message)
            if isinstance(found, InputRejected):
                after.append(partial(self.counts.reject, "batch", message, found))
            else:
                taken.append(found)
        now = wall_clock.now()
        with self._store.transaction():
            arrivals = [Arrival(batch, topics.exam, topics.site) for topics, batch in taken]
            stored = self._store.add_all(arrivals, now)
            for arrival, one in zip(arrivals, stored, strict=True):
                after.append(partial(self._count, arrival.batch, one))
            after.extend(self.alarms.keep(arrivals, stored, now))
            noted = [self._note(m, now, after) for m in messages if not is_batch(m)]
            asked = [*filter(None, noted), *((topics, b.epoch) for topics, b in taken)]
            given = self.give_receipts(asked)
        return given, after

    def note_worker(self, done: Done) -> None:
        """What a worker has stored and heard, added to what is counted and known here."""
        counts = self.counts
        counts.batches += done.batches
        counts.events += done.events
        counts.conflicts += done.conflicts
        counts.taken.update(done.taken)
        for (gate, reason), count in done.refusals.items():
            counts.reject_many(gate, reason, count)
        self.watch.take_over(done.seen)
        self.alarms.take_over(done.unannounced)
        self.back |= done.back
        self.forgotten = max(self.forgotten, done.forgotten)

    def give_receipts(self, asked: Iterable[tuple[Topics, str]]) -> list[Given]:
        """Signed, and kept in the same transaction as what they speak of; one for each gate."""
        one_each = {topics.gate: (topics, epoch) for topics, epoch in asked}
        given = self._store.give_receipts(
            [(gate, epoch) for gate, (_, epoch) in one_each.items()],
            generation=self.generation,
            now=wall_clock.now(),
            key=self._signing,
        )
        return [(topics, *given[topics.gate, epoch]) for topics, epoch in one_each.values()]

    def check(self, message: Message) -> Checked:
        """The batch, if it may be believed."""
        return checked_batch(message, self._authorisation)

    def _note(self, message: Message, now: str, after: AfterCommit) -> tuple[Topics, str] | None:
        """A heartbeat, a state or an alert; whose journal is owed a receipt. Within a
        transaction."""
        try:
            topics, part = Topics.of(message.topic)
            if part == "hb":
                return self._beat(topics, message.payload, now, after)
            if part in ("state", "alert"):
                said = self._authorisation.note(message.payload, topics, part)
                if part == "state":
                    self._keep_word(topics, part, message.payload, now)
                    if said.get("state") == "ready":
                        after.append(partial(self.back.add, topics.gate))
                after.append(partial(self.watch.note, topics.gate, part, said, now))
                if part == "alert":
                    self.alarms.keep_said(topics, said, now)
                after.append(partial(self.counts.taken.update, [topics.gate]))
            if part == "cmd/res":
                self._result(topics, message.payload, now, after)
            if part == "cfg/rep":
                self._authorisation.word(message.payload, topics, part)
                self._keep_word(topics, part, message.payload, now)
        except InputRejected as e:
            after.append(partial(self.counts.reject, "note", message, e))
        return None

    def _result(self, topics: Topics, payload: bytes, now: str, after: AfterCommit) -> None:
        """What became of a command. InputRejected."""
        answer = self._authorisation.result(payload, topics)
        said = str(answer.result), answer.detail
        if answer.id.startswith(PREFIX):  # of the retained configuration: `cfg/rep` has the rest
            after.append(partial(log.info, "%s at %s: %s (%s)", answer.id, topics.gate, *said))
            after.append(partial(self.counts.taken.update, [topics.gate]))
            return
        if not self._store.commands.keep_result(topics.gate, answer, now, payload):
            raise InputRejected(f"Nobody here gave {topics.gate} the command {answer.id}.")
        after.append(partial(log.info, "command %s at %s: %s (%s)", answer.id, topics.gate, *said))
        after.append(partial(self.counts.taken.update, [topics.gate]))

    def _keep_word(self, topics: Topics, part: str, payload: bytes, now: str) -> None:
        """The last one of each gate stays. It is bounded by what a payload may have."""
        said = GateSaid(topics.gate, part, topics.exam, topics.site, now, payload.decode())
        self._store.commands.keep_word(said)

    def _beat(
        self, topics: Topics, payload: bytes, now: str, after: AfterCommit
    ) -> tuple[Topics, str] | None:
        """Takes a heartbeat. InputRejected.

        A gate may go by a higher watermark than ours. It holds a receipt of before this database
        was set back, and has missed what was said of it. It is told again, however often that
        takes. One that goes by a lower watermark sends again by itself.
        """
        beat = self._authorisation.heartbeat(payload, topics)
        after.append(partial(self.watch.beat, beat, now))
        after.append(partial(self.counts.taken.update, [beat.gate]))
        if not self._store.add_claim(beat, payload, now):
            after.append(partial(self.alarms.tell_claim, beat))
            self.alarms.keep_claim(beat, topics, now)
        self._store.gates_said.keep(beat, payload, topics.exam, topics.site, now)
        public = self._signing.verify_key.encode()
        shown = shown_receipt(beat.receipt, beat.gate, beat.epoch, public)
        if shown is not None and is_forgotten(shown, self._store, self.generation):
            self.forgotten = max(self.forgotten, shown.generation)
        is_set_back = beat.high > self._store.high(beat.gate, beat.epoch)
        return (topics, beat.epoch) if is_set_back else None

    def _count(self, batch: Batch, stored: Stored) -> None:
        self.counts.taken[batch.gate] += 1
        self.counts.batches += 1
        self.counts.events += stored.new
        self.alarms.tell_batch(batch, stored)


def is_batch(message: Message) -> bool:
    """Whether `message` came on a topic of batches."""
    return message.topic.endswith("/ev")
