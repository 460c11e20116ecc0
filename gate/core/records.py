"""Records that cross rooms: bodies of decisions and verdicts, and the journal's events.

A body is what the state table wants journaled; an event is a body in the journal's envelope. An
event is one flat JSON object: the envelope's keys are always there, the others as its kind has
them. An event that was read back is what its file holds, and older journals lack younger keys: ask
for those with `get`. Times are RFC 3339 with offset and milliseconds.
"""

from typing import NotRequired, TypedDict

from gate.core.json_types import JsonFields
from gate.core.liveness import LivenessFields

Counted = dict[str, int]
"""How often each key occurred."""

Milliseconds = dict[str, float]
"""Of each part of a decision: `roster`, `match`, `rules`, `disk`, `total`."""


class FaceFields(TypedDict):
    """The result of the face match; every field is None where no face was asked for.

    `score`, `threshold`: cosines, -1 to 1. `normalised`: in standard deviations of the cohort.
    `floor`: the cosine that `score` had to reach too, None where it decides itself. `fmr`: the
    rate that threshold and floor stand for. `frames`: probes fused. `fresh`: those of them
    taken after the card was found. `liveness`: None, too, where the exam asks for none. `attempt`
    counts from 1.
    """

    score: float | None
    normalised: float | None
    threshold: float | None
    floor: float | None
    fmr: float | None
    frames: int | None
    fresh: int | None
    liveness: LivenessFields | None
    quality: float | None
    attempt: int | None


class DecisionBody(FaceFields):
    """A decision. `ticket` and `key` name the candidate, None where nobody is known.

    `by`: who typed. `scanner`: which one read it. `found`: when the reader found the card.
    `entered`: when the candidate was last let in to this paper. `signals`: what the lamps show.

    The last keys stand there only where they apply. `valid_to`: of what was typed. `odd`: fields of
    the card that are odd. `unreadable`: why a card could not be read. `closed_path`: no face was
    asked for, because the machine path was closed. `declined_by`: who said that the candidate
    declines the face check. `declined`: it is declined, by that or by a flag. `at_exit`: it is of
    an exit reader. `leave_from`: from when on the
    paper may be left. `entered_gate`: which other gate let the candidate in.
    """

    ticket: str | None
    key: str | None
    paper: str | None
    room: str | None
    seat: str | None
    source: str
    by: str | None
    scanner: str | None
    document: str | None
    found: str
    entered: str | None
    outcome: str | None
    reason: str
    doubtful: bool
    normalisation: str | None
    signals: list[str]
    valid_to: NotRequired[str]
    odd: NotRequired[list[str]]
    unreadable: NotRequired[str]
    closed_path: NotRequired[bool]
    declined_by: NotRequired[str]
    declined: NotRequired[bool]
    at_exit: NotRequired[bool]
    leave_from: NotRequired[str]
    entered_gate: NotRequired[str]


class LeftBody(TypedDict):
    """A stay has ended. `source`: the name of the exit reader. `ticket`, `key`, `paper`: None where
    nobody is known. `entered`: when they were let in, None where no journal says so. `by`,
    `decision`: the REFER at the exit, and who settled it."""

    ticket: str | None
    key: str | None
    paper: str | None
    room: str | None
    seat: str | None
    source: str
    entered: str | None
    by: NotRequired[str]
    decision: NotRequired[str]


class AtExit(TypedDict, total=False):
    """Of the verdict on a REFER of an exit reader: `at_exit` is True."""

    at_exit: bool


class Declined(TypedDict, total=False):
    """Of the verdict on somebody who declined the face check: `declined` is True."""

    declined: bool


class VerdictBody(FaceFields):
    """The final word of staff on the REFER `decision`. `at_exit`: it was at an exit.

    `earlier`: ids of REFERs that it settles too. `referred`: the reason of the REFER. `second`: the
    other signature. `after`: any of `admission` and `close`. `age_s`: age of the REFER in seconds,
    None where nobody can know. `barrier`: whether it is to move. `declined`: as in the REFER.
    """

    decision: str
    earlier: list[str]
    ticket: str | None
    key: str | None
    paper: str | None
    source: str
    document: str | None
    referred: str
    outcome: str
    reason: str
    doubtful: bool
    by: str
    second: str | None
    note: str
    after: list[str]
    age_s: float | None
    barrier: bool
    signals: list[str]
    at_exit: NotRequired[bool]
    declined: NotRequired[bool]


class SignatureBody(TypedDict):
    """One person's word on the REFER `case`.

    `verdict`: `admit` or `deny`. `role`: `invigilator` or `chief`. `corrects`: it is under a
    correction of what the case was settled with.
    """

    case: str
    verdict: str
    by: str
    role: str | None
    note: str
    corrects: bool
    ticket: str | None
    key: str | None
    paper: str | None


class CorrectionBody(TypedDict):
    """A correction of what the REFER `case` was settled with. `was`: the outcome before it.
    `was_at`: when that was recorded, RFC 3339. `outcome`, `reason`, `by`, `second`, `at_exit`: as
    in a verdict."""

    case: str
    change: str
    ticket: str | None
    key: str | None
    paper: str | None
    was: str
    was_at: str
    outcome: str
    reason: str
    doubtful: bool
    by: str
    second: str | None
    note: str
    at_exit: NotRequired[bool]


CORRECTION, PATH_CLOSED = "correction", "machine-path-closed"
"""What a `case` entry says in `change`."""

StaffBody = VerdictBody | SignatureBody | CorrectionBody


class CountsBody(TypedDict):
    """What a `counts` entry holds: one group of `gate.core.daily_counts`, `closed` by the end of an
    `exam` or of a `day`, and its tables."""

    day: str
    paper: str | None
    roster: str | None
    model: str | None
    closed: str
    decisions: Counted
    verdicts: Counted
    sources: Counted
    attempts: Counted
    seconds: Counted
    admitted_score: Counted
    admitted_normalised: Counted
    mismatched_score: Counted
    mismatched_normalised: Counted
    reactions: Counted


class UnitFields(TypedDict):
    """What belongs to the unit in a decision or verdict: the networks' name, the roster's version
    (`<exam>/<site>/v<version>`) and the exam's id."""

    model: str
    roster: str | None
    exam: str | None


class EvidenceFields(TypedDict):
    """The SHA-256 of the sealed picture, hex, None without one; `evidence_fault`: why not."""

    evidence: str | None
    evidence_fault: NotRequired[str]


class Envelope(TypedDict):
    """What every event begins with. `v`: 1; `id`: `<epoch>-<seq>`; `seq` counts from 1 in its
    epoch; `mono_ms`: of the boot `boot`; `clock`: `trusted` or `untrusted`."""

    v: int
    id: str
    kind: str
    gate: str
    epoch: str
    seq: int
    at: str
    mono_ms: int
    boot: str
    clock: str


class JournalEvent(Envelope, total=False):
    """An event of any kind: the envelope, the keys of the body, and what the chain adds.

    The chain adds `prev` and `hash`, 64 hex digits each, and `ms`, which no hash covers.
    `decisions`: ids in `acknowledged`, counts in `counts`. `note`: the words of staff in a verdict;
    in `roster` and `wiped` the number in the history of the installations. `liveness`: versions
    before 2 wrote a number or null.

    Fields of operational kinds that no code reads by name are not listed here. They travel with the
    event.
    """

    prev: str
    hash: str
    ms: Milliseconds
    # decision, verdict
    decision: str
    earlier: list[str]
    ticket: str | None
    key: str | None
    paper: str | None
    room: str | None
    seat: str | None
    source: str
    by: str | None
    second: str | None
    scanner: str | None
    document: str | None
    found: str
    entered: str | None
    outcome: str | None
    reason: str
    referred: str
    doubtful: bool
    score: float | None
    normalised: float | None
    normalisation: str | None
    threshold: float | None
    floor: float | None
    fmr: float | None
    frames: int | None
    fresh: int | None
    liveness: LivenessFields | float | None
    quality: float | None
    attempt: int | None
    note: str | int
    after: list[str]
    age_s: float | None
    barrier: bool
    signals: list[str]
    valid_to: str
    odd: list[str]
    unreadable: str
    at_exit: bool
    leave_from: str
    # acknowledged
    reaction_s: list[float | None]
    papers: list[str | None]
    # papers
    complete: bool
    # reassigned
    rooms: list[str]
    configured: list[str]
    closed_path: bool
    declined_by: str
    declined: bool
    # signature, case
    case: str
    verdict: str
    role: str | None
    corrects: bool
    change: str
    was: str
    was_at: str
    # roster
    staff: bool
    # heard, double: of another gate of the site
    from_gate: str
    from_epoch: str
    to: int
    entries: list[list[str]]
    other_gate: str
    other_at: str
    entered_gate: str
    # of the unit
    model: str | None
    roster: str | None
    exam: str | None
    evidence: str | None
    evidence_fault: str
    # command, command_done, message_read: of the office's commands
    command: str
    verb: str
    args: JsonFields
    result: str | None
    expires: str
    set: JsonFields
    # acknowledged, counts
    decisions: list[str] | Counted
    day: str
    closed: str
    verdicts: Counted
    # journal_begun: what is missing of the journal before this one
    detail: str
    previous_epoch: str
    receipted: int
    receipted_head: str | None
    salvaged: int
    salvaged_to: int
    last_known: int
    missing: list[tuple[int, int]]
    set_aside: str | None
    set_aside_sha256: str | None
