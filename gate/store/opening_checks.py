"""Whether a journal just opened is the one that was written: the chain, the receipt, the mark."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from gate.core.journal_entries import GENESIS, chain_hash
from gate.ports import Head, Receipt
from gate.store import rows
from gate.store.checkpoint import Checkpoint
from gate.store.store_errors import damaged


def newer(kept: Receipt | None, known: Checkpoint | None) -> Receipt | None:
    """The newer one of the database's receipt and the checkpoint's.

    Where they say the same, the database's counts, because it has the missing ranges too. The
    checkpoint then adds the receipt as it was given.
    """
    noted = known.receipt if known is not None else None
    if kept is None or noted is None:
        return kept or noted
    if _place(kept) == _place(noted):
        return replace(kept, given=noted.given)
    return max(kept, noted, key=lambda r: (r.generation, r.high))


def _place(receipt: Receipt) -> tuple[int, int, str, str]:
    return receipt.generation, receipt.high, receipt.head, receipt.at


def check_chain(db: sqlite3.Connection, path: Path, head: Head, receipt: Receipt | None) -> None:
    """Checks the whole chain, and the event that the office has vouched for.

    StorageDamaged, naming the seq. Events that the office has are checked too: who is inside is
    read from them. An event dropped there would let somebody in twice.

    Only the bytes of an event are checked, which the hash covers: 100,000 in 0.2 s. `journal
    verify` reads the contents.
    """
    seq, digest = 0, GENESIS
    if receipt is not None:
        vouched = Head(head.epoch, receipt.high, receipt.head)
        check_against(db, path, head, vouched, "the office has")
    found = db.execute(rows.CHAIN, (seq,))
    for row, prev, stored, event in found:
        seq += 1
        if row != seq:
            raise damaged(path, f"event {seq}: gap")
        try:
            whole = prev == digest and chain_hash(prev, event.encode()) == stored
        except ValueError:
            whole = False
        if not whole:
            raise damaged(path, f"event {seq}: altered")
        digest = stored


def check_against(
    db: sqlite3.Connection, path: Path, head: Head, told: Head, whose: str = "was committed here"
) -> None:
    """Checks that the journal, which ends at `head`, holds the event `told`. StorageDamaged."""
    if told.seq > head.seq:
        raise damaged(path, f"events {head.seq + 1} to {told.seq} are gone: {_whose(whose)}")
    if not told.seq:
        return
    row = db.execute("SELECT hash FROM event WHERE seq = ?", (told.seq,)).fetchone()
    if row != (told.hash,):
        raise damaged(path, f"event {told.seq} is not the one that {whose}")


def _whose(whose: str) -> str:
    return "the office has them" if whose.startswith("the office") else "they were committed"
