"""Generations that this office has begun and knows nothing of any more.

The office's whole folder may have been restored from a backup. Then the generations begun since are
forgotten, and one of them may be begun once more. Gates that remember the first one would believe
that lost events are stored.

A gate may be told less than before, or an older generation. It then shows its last receipt. Only
what this office's own key has signed counts, so that nobody else can move its generation.
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
    """Whether a generation above that of `receipt` has to begin.

    It has where gates that remember `receipt` do not believe an office of `generation`, or would
    believe it of other events.
    """
    if receipt.generation == generation:
        return not store.proofs.gave(receipt)
    return receipt.generation > generation
