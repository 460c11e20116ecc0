"""Which receipts count. A gate advances on nothing else."""

from gate.core.decision import GENESIS
from gate.errors import Refused
from gate.ports import Journal, Receipt
from gate.sync.wire import decode_receipt


async def accept(
    payload: bytes, *, gate: str, office_public: bytes, journal: Journal
) -> Receipt | None:
    """The receipt in `payload` where it says something new of this journal, None where it is older
    than what is known. InputRejected, SignatureRefused, Refused: it is to be told and ignored."""
    receipt = decode_receipt(payload, office_public)
    known = await journal.receipt()
    _belongs(receipt, gate, journal.head.epoch)
    if known is not None and receipt.generation < known.generation:
        raise _refused(
            f"is of generation {receipt.generation}, {known.generation} is known", receipt
        )
    top = max(receipt.high, receipt.top)
    if top > journal.head.seq:
        raise _refused(f"speaks of event {top}, the head is {journal.head.seq}", receipt)
    if receipt.head != await _our_hash(journal, receipt.high):
        raise _refused(f"has another event {receipt.high} than this journal", receipt)
    if known is not None and known.generation == receipt.generation and _older(receipt, known):
        return None
    return receipt


def _belongs(receipt: Receipt, gate: str, epoch: str) -> None:
    if receipt.gate != gate:
        raise _refused(f"is for gate {receipt.gate}", receipt)
    if receipt.epoch != epoch:
        raise _refused(f"is for the journal {receipt.epoch}, this one is {epoch}", receipt)


async def _our_hash(journal: Journal, seq: int) -> str:
    if seq == 0:
        return GENESIS
    (event,) = await journal.read(seq, 1)
    return str(event["hash"])


def _older(receipt: Receipt, known: Receipt) -> bool:
    return (receipt.high, receipt.top) < (known.high, known.top)


def _refused(why: str, receipt: Receipt) -> Refused:
    return Refused(
        f"A receipt was refused: it {why}.", f"回执被拒绝：{why}。",
        gate=receipt.gate, epoch=receipt.epoch, high=receipt.high,
    )  # fmt: skip
