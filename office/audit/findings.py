"""What an audit finds of one journal, as `verify --json` writes it."""

from typing import Literal, NotRequired, TypedDict


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
    first: int
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


class GateFound(TypedDict):
    """Of one gate's journal in the audit of an exam. `head`: the hash of event `high`. `closed`:
    every paper that it decided about is; `closed_at`: when the last of them was. `whole`: all of it
    is here, as the gate signed it. `decisions`: of this exam. `differing`: those that the rules do
    not give. `without_description`: those whose exam description is not kept."""

    gate: str
    epoch: str
    events: int
    first: int
    high: int
    last: int
    head: str | None
    closed: bool
    closed_at: str | None
    missing: list[list[int]]
    conflicts: list[int]
    whole: bool
    decisions: int
    admitted: int
    referred: int
    refused: int
    differing: int
    without_description: int


class EntryFound(TypedDict):
    """Where, and when, somebody was let in; `at` is RFC 3339."""

    gate: str
    at: str


class DoubleFound(TypedDict):
    """Who stands as let in to one paper at more than one gate."""

    paper: str
    ticket: str | None
    gates: list[EntryFound]


class DifferenceFound(TypedDict):
    """A decision that the rules do not give: outcome and reason, and what they give."""

    gate: str
    epoch: str
    seq: int
    id: str
    recorded: str
    expected: str


class ReplayFound(TypedDict):
    """Every decision decided once more. `without_description`: of a version of the exam that this
    office has not kept; only what the record says of itself was asked there."""

    decisions: int
    differing: int
    without_description: int
    differences: list[DifferenceFound]


class ExamFound(TypedDict):
    """As `audit --json` writes it (formats.md, Office). `complete`: as `verdict` says. `absent`,
    `unused`: gates of which nothing was received, see `office.audit.exam_audit.ExamAudited`."""

    exam: str
    complete: bool
    verdict: Literal["complete", "unproven", "incomplete"]
    gates: list[GateFound]
    absent: list[str]
    unused: list[str]
    doubles: list[DoubleFound]
    replay: ReplayFound
