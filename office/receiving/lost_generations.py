"""Generations that this office has begun and knows nothing of any more.

Where the office's whole folder was restored from a backup, the generations begun since are
forgotten, and one of them may be begun once more: gates that remember the first one believe to be
stored what is not. A gate that is told less than it was told before, or an older generation, shows
the receipt that it goes by. Only what this office's own key has signed counts, so that nobody else
can move its generation.
"""

from gate.errors import InputRejected
from gate.ports import Receipt
from gate.sync.wire import decode_receipt
from office.store.database import OfficeStore


def shown_receipt(text: str | None, gate: str, epoch: str, office_public: bytes) -> Receipt | None:
    """The receipt that `gate` shows for its journal `epoch`, as this office signed it; None where
    it shows none, or something else."""
    if text is None:
        return None
    try:
        receipt = decode_receipt(text.encode("utf-8", "replace"), office_public)
    except InputRejected:
        return None
    return receipt if (receipt.gate, receipt.epoch) == (gate, epoch) else None


def is_forgotten(receipt: Receipt, store: OfficeStore, generation: int) -> bool:
    """Whether gates that remember `receipt` do not believe what an office of `generation` says, or
    would believe it of something else: then a generation above the receipt's has to begin."""
    if receipt.generation == generation:
        return not store.proofs.gave(receipt)
    return receipt.generation > generation
