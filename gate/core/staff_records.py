"""What the journal is asked to record for staff, and when it is not asked. Pure."""

from dataclasses import replace

from gate.core import record_bodies
from gate.core.effects import Record
from gate.core.events import CorrectionGiven, Fault, Instant, VerdictGiven
from gate.core.records import JournalEvent
from gate.core.settled_case import SettledCase
from gate.core.signatures import Signature, is_by_people, wanted
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.staff_verdict import paper_of, settlement
from gate.core.state import Phase, Signing, State, Step, Unsettled
from gate.errors import UsageError


def refuse_while_recording(state: State) -> None:
    """StorageRefused without a journal; UsageError while the answer to another record is due."""
    if Fault.JOURNAL in state.faults:
        raise out_of_service()
    if state.is_staff_record_due or state.phase is Phase.RECORDING:
        raise UsageError("Another decision is being recorded: try again.", "正在记录，请稍后再试。")


def signatures_wanted(state: State, case: Unsettled) -> int:
    """How many people settle this case."""
    return _wanted(state, case.facts)


def corrections_wanted(state: State, settled: SettledCase) -> int:
    """How many people correct what this case was settled with."""
    return _wanted(state, settled.verdict)


def _wanted(state: State, facts: JournalEvent) -> int:
    by_people = is_by_people(facts)
    return wanted(paper_of(state, facts["paper"]), by_people=by_people, has_staff=state.has_staff)


def record_verdict(state: State, given: VerdictGiven, case: Unsettled) -> Step:
    """The verdict has all its signatures."""
    body = record_bodies.verdict_body(given, case, settlement(state, given, case))
    return replace(state, verdict=given), (Record("verdict", body),)


def record_signature(state: State, signing: Signing) -> Step:
    """One signature; what follows from it is asked for when it is recorded."""
    return replace(state, signing=signing), (
        Record("signature", record_bodies.signature_body(signing)),
    )


def record_correction(state: State, given: CorrectionGiven, settled: SettledCase) -> Step:
    """The correction has all its signatures."""
    body = record_bodies.correction_body(given, settled)
    return replace(state, correction=given), (Record("case", body),)


def verdict_of(decision: str, signatures: tuple[Signature, ...], at: Instant) -> VerdictGiven:
    """What two people have signed of an open case. ValueError for fewer than two."""
    first, second, *_ = signatures
    return VerdictGiven(decision, first.admit, first.by, second.by, first.note, at, first.role)


def correction_of(decision: str, signatures: tuple[Signature, ...], at: Instant) -> CorrectionGiven:
    """What two people have signed of a settled case. ValueError for fewer than two."""
    first, second, *_ = signatures
    return CorrectionGiven(decision, first.admit, first.by, first.role, first.note, at, second.by)
