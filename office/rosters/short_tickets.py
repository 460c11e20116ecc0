"""Ticket numbers that may have lost a leading 0 to a spreadsheet. Pure.

Tickets of one exam have one length. A spreadsheet that takes 007700012345 for a number writes
7700012345. Where all of a list lost theirs, nothing in it tells: the photos' names do.
"""

from collections import Counter
from collections.abc import Iterable

from office.rosters.rows import CandidateRow, RowNote

_SHARE = 0.5
"""Of all-digit tickets, more than this have the usual length."""


def short_tickets(rows: Iterable[CandidateRow]) -> list[RowNote]:
    """A note for each of `rows` whose ticket is shorter than most. Only tickets of digits alone
    count."""
    numbered = [row for row in rows if row.ticket.isascii() and row.ticket.isdigit()]
    lengths = Counter(map(len, {row.ticket for row in numbered}))
    if not lengths:
        return []
    usual, count = lengths.most_common(1)[0]
    if count <= _SHARE * lengths.total():
        return []
    return [_note(row, usual) for row in numbered if len(row.ticket) < usual]


def _note(row: CandidateRow, usual: int) -> RowNote:
    return RowNote(
        row.line,
        row.ticket,
        "ticket-short",
        f"the ticket is shorter than most ({usual} digits): a spreadsheet may have taken a leading "
        "0 off, compare it",
        f"准考证号比多数（{usual} 位）短：前导 0 可能被表格软件去掉，请核对",
    )
