"""Batches of many gates, signed beforehand: a load costs the machine nothing but sending."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from nacl.signing import SigningKey

from gate.core.events import Instant
from gate.core.journal_entries import GENESIS, JournalEntry, seal
from gate.sync.wire import Topics, encode_batch
from office.home import Home
from office.keys.enrolment import Enrolment, write_enrolment

EXAM = "load-2027-04"
_PAPER = "00015-am"
_BEGIN = datetime(2027, 4, 10, 0, 30, tzinfo=UTC)
_END = datetime(2027, 4, 10, 12, tzinfo=UTC)


def gate_name(number: int) -> str:
    """The id of a gate; 20 gates share a site."""
    return f"{site_name(number)}-g{number:05d}"


def site_name(number: int) -> str:
    """The id of a gate's site."""
    return f"load-{number // 20:04d}"


def gate_key(number: int) -> SigningKey:
    """The same key for the same gate in every run."""
    return SigningKey(sha256(f"load {number}".encode()).digest())


def enrol(home: Home, gates: int, first: int = 0) -> None:
    """Enrols all of them at `home`, as `exam-office keys` does, without certificates."""
    home.gates.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + gates):
        public = gate_key(number).verify_key.encode()
        write_enrolment(home, Enrolment(gate_name(number), site_name(number), public, bytes(32)))


class Unit:
    """One gate's journal as far as it goes. `size`: events in a batch."""

    def __init__(self, number: int, size: int, exam: str = EXAM) -> None:
        self.topics = Topics(exam, site_name(number), gate_name(number))
        self.epoch = sha256(f"epoch {number}".encode()).hexdigest()[:16]
        self._number, self._size, self._seq = number, size, 0
        self._previous, self._key = GENESIS, gate_key(number)

    def next_batch(self) -> tuple[str, int, bytes]:
        """Topic, the seq of the last event, payload of the next batch."""
        exam, first = self.topics.exam, self._seq + 1
        return self._batch([_entry(self._number, first + n, exam) for n in range(self._size)])

    def closing_batch(self) -> tuple[str, int, bytes]:
        """The same for the event that the paper is closed."""
        at = Instant(_END, self._seq * 700_000_000, True)
        body = {"exam": self.topics.exam, "paper": _PAPER, "command": "0" * 32, "by": "office"}
        return self._batch([JournalEntry("paper_closed", at, body)])

    def _batch(self, entries: list[JournalEntry]) -> tuple[str, int, bytes]:
        events = []
        for entry in entries:
            self._seq += 1
            event = seal(
                entry,
                gate=self.topics.gate,
                epoch=self.epoch,
                seq=self._seq,
                boot="b" * 32,
                previous=self._previous,
            )
            self._previous = event["hash"]
            events.append(event)
        payload, count = encode_batch(events, hist=False, key=self._key)
        assert count == len(entries)
        return self.topics.ev, self._seq, payload


def _entry(gate: int, seq: int, exam: str) -> JournalEntry:
    """An admission as a gate writes it."""
    at = _BEGIN + timedelta(milliseconds=700 * seq)
    who = f"{gate:05d}{seq:07d}"
    body = {
        "exam": exam,
        "ticket": who,
        "key": sha256(who.encode()).hexdigest()[:32],
        "paper": _PAPER,
        "room": f"{seq % 30:02d}",
        "seat": f"{seq % 30:02d}",
        "source": "card",
        "document": "resident",
        "outcome": "ADMIT",
        "reason": "OK",
        "score": 0.7312,
        "normalised": 5.1234,
        "threshold": 3.9,
        "fmr": 0.0001,
        "frames": 3,
        "fresh": 2,
        "attempt": 1,
        "model": "yunet-640x480-0123abcd+sface-4567cdef",
        "roster": f"{exam}/{site_name(gate)}/v3",
        "signals": ["green:steady"],
    }
    return JournalEntry("decision", Instant(at, seq * 700_000_000, True), body)


def rounds(
    gates: int, size: int, first: int = 0, exam: str = EXAM
) -> Iterator[tuple[str, int, bytes]]:
    """One batch of each gate after the other, without end."""
    units = [Unit(number, size, exam) for number in range(first, first + gates)]
    while True:
        for unit in units:
            yield unit.next_batch()
