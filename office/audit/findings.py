"""What an audit finds of one journal, as `verify --json` writes it."""

from typing import NotRequired, TypedDict


class ProofFault(TypedDict):
    """A proof that does not hold, or that contradicts what is stored at `seq`."""

    seq: int
    what: str
    says: str


class FormerJournalFound(TypedDict):
    """What a first event says of the journal before it. `agrees`: the receipt that the unit
    remembers is of the events that are stored here; `lost`: ranges, for good."""

    epoch: str
    receipted: int
    last_known: int
    agrees: bool
    lost: list[list[int]]


class JournalFound(TypedDict):
    """See `office.audit.journal_audit.audit`; the last three are added by
    `office.audit.journal_lineage.link`. Ranges include both ends."""

    events: int
    high: int
    last: int
    missing: list[list[int]]
    head: str | None
    claims: int
    signed: int
    receipted: int
    uncovered: list[list[int]]
    faults: list[ProofFault]
    conflicts: list[int]
    forks: list[int]
    odd_times: list[int]
    chain: str
    previous: NotRequired[FormerJournalFound | None]
    succeeded_by: NotRequired[str | None]
    begun: NotRequired[str | None]
