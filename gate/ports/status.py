"""What a gate says of itself to staff and programs. It names nobody but tickets of open cases."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from gate.core.action_order import ActionStatus
from gate.core.candidate_screen import ScreenFields
from gate.core.count_figures import CountsSummary
from gate.core.entry_windows import WindowStatus
from gate.core.office_messages import OfficeMessage


class ClockStatus(TypedDict):
    """`steady_s`: since the wall was last stepped; `confirmed_by`, `wanting`: sources of time that
    have spoken, and that must. These are of monotonic time and words alone.

    `why`: a `gate.core.clock_trust.Distrust`, None while it is trusted. `since_s`: for so long the
    trust has been as it is. `behind_s`: less than the journal's newest event. `board`: a
    `BoardClock`.
    """

    why: str | None
    since_s: int
    behind_s: int
    board: str
    steady_s: int
    confirmed_by: list[str]
    wanting: list[str]


class ShownClock(ClockStatus):
    """The clock as status shows it.

    `at`: RFC 3339. `timezone`: the exam's, empty before there is one.
    """

    at: str
    trusted: bool
    timezone: str


class DiskStatus(TypedDict, total=False):
    """Empty before the first look. In bytes; `needed_bytes`: by what is still to come of the exam,
    None without a clock, and then `forecast` says why."""

    room: str
    free_bytes: int
    needed_bytes: int | None
    journal_bytes: int
    log_bytes: int
    forecast: str


class UplinkStatus(TypedDict):
    """The state of the uplink.

    `unsent`: number of events, None before it is known. `receipted`: the last event that the office
    has. `error_kind`: the class of `last_error`. `office`: `online`, `offline` or None. `refused`:
    receipts by reason. `broker_refused`: batches by MQTT's reason code.
    `refused_topics`: any message, by the last part of its topic. `alarm`: a sentence once
    two journals of this gate and epoch exist.
    """

    connected: bool
    unsent: int | None
    receipted: int
    last_error: str | None
    error_kind: NotRequired[str | None]
    office: NotRequired[str | None]
    refused: NotRequired[dict[str, int]]
    alarm: NotRequired[str | None]
    broker_refused: NotRequired[dict[str, int]]
    refused_topics: NotRequired[dict[str, int]]


class ScannerStatus(TypedDict):
    """The state of one scanner.

    `read`: codes since the start. `refused`: those that were none, by reason.
    """

    connected: bool
    read: int
    refused: dict[str, int]


class ExitStatus(TypedDict):
    """The state of one exit reader. `read`: readings since the start. `reason`, `zh`, `en`: what
    its staff were told last; empty before the first reading."""

    connected: bool
    read: int
    reason: str
    zh: str
    en: str


class RoomsStatus(TypedDict):
    """The rooms that this gate serves, and as gate.toml has them; empty: every room of the site."""

    now: list[str]
    configured: list[str]


class JournalSave(TypedDict):
    """A file of the journal that was lost or replaced, and saved under its own name."""

    file: str
    detail: str
    events: int
    saved_at: str
    set_aside: str | None


class FormerJournal(TypedDict):
    """What became of the journal before this one: see `journal_begun`."""

    detail: str
    previous_epoch: str
    receipted: int
    salvaged: int
    last_known: int
    missing: list[tuple[int, int]]
    set_aside: str | None


class CaseSignature(TypedDict):
    """One person's word. `verdict`: `admit` or `deny`. `at`: RFC 3339."""

    by: str
    role: str | None
    verdict: str
    at: str
    note: str


class OpenCase(TypedDict):
    """A REFER that staff have not settled. `earlier`: those that it took the place of.
    `signatures`: of `wanted` people. `closed_path`: the machine asks this face no more."""

    decision: str
    ticket: str | None
    paper: str | None
    reason: str
    doubtful: bool
    acknowledged: bool
    entered: str | None
    earlier: list[str]
    at_exit: bool
    signatures: list[CaseSignature]
    wanted: int
    closed_path: bool


class CaseCorrection(TypedDict):
    """A settled case whose correction to `verdict` wants another signature."""

    decision: str
    ticket: str | None
    paper: str | None
    verdict: str
    signatures: list[CaseSignature]
    wanted: int


class SettledStatus(TypedDict):
    """A case that was settled. `verdict`: `admit` or `deny`, as it holds now; `corrections`: how
    many there were. `at`: RFC 3339."""

    decision: str
    ticket: str | None
    paper: str | None
    reason: str
    verdict: str
    by: str
    second: str | None
    at: str
    corrections: int


class CaseVerdict(TypedDict):
    """How a case was settled. `second`: the other signature; `note`: the words of staff."""

    by: str
    second: str | None
    outcome: str | None
    at: str
    note: str | int | None


class CaseView(TypedDict):
    """One case as staff see it. `zh`, `en`: the sentence of its reason. `scores` as in the
    decision. `photo`, `live`: JPEG in base64, None where there is none. `verdict`: None while it
    is open."""

    id: str
    at: str | None
    ticket: str | None
    name: str | None
    flags: list[str]
    paper: str | None
    room: str | None
    seat: str | None
    reason: str
    zh: str
    en: str
    doubtful: bool
    source: str | None
    document: str | None
    entered: str | None
    score: float | None
    normalised: float | None
    threshold: float | None
    floor: float | None
    attempt: int | None
    photo: str | None
    live: str | None
    verdict: CaseVerdict | None


class LayerStatus(TypedDict):
    """Whether a liveness layer judges; `zh`, `en`: why not."""

    judges: bool
    zh: str
    en: str


class LivenessStatus(TypedDict):
    """The liveness that is asked for and judged.

    `asked`: the most of any paper, `judged`: the most that this unit can: `off`, `passive` or
    `action`. `layers`: each of `gate.core.liveness.LAYERS`. `action`: what the candidate is told to
    do now, None where nothing is ordered.
    """

    asked: str
    judged: str
    layers: Mapping[str, LayerStatus]
    action: ActionStatus | None


class ScreenStatus(ScreenFields):
    """What the candidate's screen shows. A name is masked.

    `zh`, `en`: the sentence, of the action while one is ordered. `action`: see `LivenessStatus`.
    `gate`: the unit. `at`: its clock.
    """

    zh: str
    en: str
    action: ActionStatus | None
    gate: str
    at: str


class JournalStatus(TypedDict):
    """The journal's disk, the journal before it, and the saves of damaged ones."""

    disk: DiskStatus
    follows: FormerJournal | None
    saved: list[JournalSave]


class DeskStatus(TypedDict):
    """A snapshot. `papers`: of the current sitting, None without a trusted clock; `showing`: what
    the lamps show and the sentence. `inside`: how many have entered and not left. `left`: how many
    have left.

    `messages`: of the office, that nobody has read yet, the oldest first.
    `staff`: how many may sign, 0 where no PIN is asked. `windows`: of entry, for the papers of the
    sitting. `requires`: what any paper of the exam asks for beside the card.
    """

    gate: str
    site: str
    phase: str
    faults: list[str]
    clock: ShownClock
    exam: str | None
    roster: str | None
    retention: Mapping[str, object]
    papers: list[str] | None
    model: str
    liveness: LivenessStatus
    showing: Mapping[str, object]
    attempt: int | None
    inside: int
    staff: int
    windows: list[WindowStatus]
    requires: list[str]
    unsettled: list[OpenCase]
    corrections: list[CaseCorrection]
    counts: CountsSummary
    left: int
    scanners: dict[str, ScannerStatus]
    exits: Mapping[str, ExitStatus]
    rooms: RoomsStatus
    warnings: Sequence[str]
    messages: Sequence[OfficeMessage]
    uplink: UplinkStatus
    journal: JournalStatus
