"""Which receipts count. A gate advances on nothing else."""

from datetime import datetime

from gate.core.events import YEARS
from gate.core.journal_entries import GENESIS
from gate.errors import Refused
from gate.ports import Head, Journal, Receipt
from gate.sync.wire import decode_receipt

FORK = "fork"
"""`Refused.why` of a receipt that has another event than ours at its watermark. Then two journals
of one gate and epoch exist: a copied card or a forgery. The others: `ABOVE`, `GENERATION`, `OLDER`,
`gate`, `epoch`, `time`. A wrong signature is a SignatureRefused."""

ABOVE = "above"
"""Of a receipt for events that this journal has not had yet: it is the older of two copies."""

GENERATION = "generation"
"""Of a receipt from an older state of the office's database."""

OLDER = "older"
"""`Refused.why` of a receipt that goes back within one generation. Either a broker repeats an old
one, or an office was restored as a whole. Such an office has begun the same generation once more.
"""


async def accept(payload: bytes, *, gate: str, office_public: bytes, journal: Journal) -> Receipt:
    """The receipt in `payload`, which counts from now on. InputRejected, SignatureRefused, Refused:
    it is to be told and ignored; what is known stays as it was."""
    receipt = decode_receipt(payload, office_public)
    head = journal.head
    ours = await _our_hash(journal, receipt.high) if receipt.high <= head.seq else None
    judge(receipt, known=await journal.receipt(), gate=gate, head=head, ours=ours)
    return receipt


def judge(
    receipt: Receipt, *, known: Receipt | None, gate: str, head: Head, ours: str | None
) -> None:
    """Refused, with `why`, unless `receipt` says something true and not older of the journal that
    stands at `head`. Its `top` may shrink: an office that found a break behind its mark takes back
    what it said above. `ours`: the hash of this journal's event `receipt.high` (`GENESIS` for 0),
    None where there is no such event. Pure."""
    if receipt.gate != gate:
        raise _refused("gate", f"is for gate {receipt.gate}", receipt)
    if receipt.epoch != head.epoch:
        raise _refused("epoch", f"is for the journal {receipt.epoch}, not {head.epoch}", receipt)
    if not _is_dated(receipt.at):
        raise _refused("time", f"is dated {receipt.at[:40]!r}", receipt)
    if known is not None and receipt.generation < known.generation:
        what = f"is of generation {receipt.generation}, {known.generation} is known"
        raise _refused(GENERATION, what, receipt)
    top = max(receipt.high, receipt.top)
    if top > head.seq:
        raise _refused(ABOVE, f"speaks of event {top}, the head is {head.seq}", receipt)
    if receipt.head != ours:
        raise _refused(FORK, f"has another event {receipt.high} than this journal", receipt)
    if known is not None and known.generation == receipt.generation and receipt.high < known.high:
        raise _refused(OLDER, f"ends at {receipt.high}, {known.high} is receipted", receipt)


async def _our_hash(journal: Journal, seq: int) -> str:
    if seq == 0:
        return GENESIS
    (event,) = await journal.read(seq, 1)
    return str(event["hash"])


def _is_dated(at: str) -> bool:
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return False
    return found.tzinfo is not None and found.year in YEARS


def _refused(why: str, what: str, receipt: Receipt) -> Refused:
    return Refused(
        f"A receipt was refused: it {what}.",
        f"回执被拒绝：{what}。",
        why=why,
        gate=receipt.gate,
        epoch=receipt.epoch,
        high=receipt.high,
    )
