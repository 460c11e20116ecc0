"""What sending costs a gate, for a short and a long backlog: it must be the same."""

import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nacl.signing import SigningKey

from gate.ports import Journal, Receipt
from gate.sync import outbox
from gate.sync.receipts import accept
from gate.sync.wire import encode_batch, encode_receipt

_PAGE = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Cost:
    """What an uplink costs a unit.

    `cpu_ms`: of one batch from choosing it to keeping its receipt. `rss_mb`: resident at the end.
    `grown_mb`: since the first batch.
    """

    cpu_ms: float
    rss_mb: float
    grown_mb: float


async def sending(journal: Journal, gate: str, batches: int, warm_up: int = 20) -> Cost:
    """Send `batches` full batches of the backlog, each answered by a signed receipt, as a session
    does, without a network. ValueError where the journal holds less than `batches` + `warm_up`."""
    key = SigningKey(b"\x07" * 32)
    public = key.verify_key.encode()
    window, known = outbox.SendWindow(live_from=journal.head.seq + 1), await journal.receipt()
    begun, before_mb = time.process_time(), _resident_mb()
    for number in range(warm_up + batches):
        if number == warm_up:
            begun, before_mb = time.process_time(), _resident_mb()
        part = outbox.next_slice(journal.head.seq, known, window, float(number))
        if part is None:
            raise ValueError("the journal is too short for this many batches")
        events = await journal.read(part.first, part.last - part.first + 1)
        _, count = encode_batch(events, hist=True, key=key)
        sent = outbox.Slice(part.first, part.first + count - 1, hist=True)
        window = outbox.note_sent(window, sent, float(number))
        told = _answer(journal, gate, sent.last, str(events[count - 1]["hash"]))
        receipt = await accept(
            encode_receipt(told, key), gate=gate, office_public=public, journal=journal
        )
        window, known = outbox.note_receipt(window, known, receipt), receipt
        await journal.keep_receipt(receipt)
    cpu_ms = 1e3 * (time.process_time() - begun) / batches
    return Cost(cpu_ms, _resident_mb(), _resident_mb() - before_mb)


def _answer(journal: Journal, gate: str, high: int, head: str) -> Receipt:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Receipt(1, gate, journal.head.epoch, high, head, (), at, high)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 2**20
