"""The transitions of what staff say of a REFER: verdict, second signature, correction. Wired up in
admission.TABLE; the journal's answers are in staff_record_transitions.py.

A request that comes twice, of one person and for one verdict, is done already. It changes nothing
and asks for no record.
"""

from gate.core import staff_refusals
from gate.core.events import CaseSigned, CorrectionGiven, Instant, VerdictGiven
from gate.core.settled_case import SettledCase
from gate.core.signatures import Signature, of_person
from gate.core.signer_names import are_two
from gate.core.staff_list import Role
from gate.core.staff_records import (
    correction_of,
    corrections_wanted,
    record_correction,
    record_signature,
    record_verdict,
    refuse_while_recording,
    signatures_wanted,
    verdict_of,
)
from gate.core.state import Signing, State, Step, find_unsettled
from gate.errors import NoSuchEntry, UsageError


def verdict(state: State, event: VerdictGiven) -> Step:
    """Records a staff verdict, or its first signature; it needs no roster.

    NoSuchEntry: the decision is not open (any more). UsageError: both signatures are of one person,
    somebody else has signed it, or the answer to another record is due. StorageRefused: there is no
    journal.
    """
    refuse_while_recording(state)
    if event.second is not None and not are_two(event.by, event.second):
        raise staff_refusals.one_person(event.by, event.second)
    case = find_unsettled(state, event.decision)
    if case is None:
        if state.has_staff and _is_done(state.settled.get(event.decision), event.by, event.admit):
            return state, ()
        raise staff_refusals.not_open(state, event.decision)
    wanted = signatures_wanted(state, case)
    if wanted == 1:
        return record_verdict(state, event, case)
    if event.second is not None:
        raise staff_refusals.second_signs_alone()
    signing = Signing(case.decision, _signed(event, event.note), case.facts, None)
    if not case.signatures:
        return record_signature(state, signing)
    if _is_first_again(state, case.signatures, event):
        if len(case.signatures) >= wanted:  # the power went before the verdict
            return record_verdict(state, verdict_of(case.decision, case.signatures, event.at), case)
        return state, ()
    return record_signature(state, signing)


def _is_first_again(
    state: State, before: tuple[Signature, ...], event: VerdictGiven | CorrectionGiven
) -> bool:
    """Whether `event` says what its person has signed already. False for another verdict that they,
    or a chief, may put in its place. UsageError where somebody else has signed."""
    mine = of_person(before, event.by)
    if mine is not None and mine.admit == event.admit:
        return True
    is_alone = mine is not None and len(before) == 1
    differs = before[0].admit != event.admit
    if differs and (is_alone or event.role == Role.CHIEF):
        return False
    raise staff_refusals.signed_by_another(state, before[0], admit=event.admit)


def sign(state: State, event: CaseSigned) -> Step:
    """Records the signature of another person, and what follows from it.

    NoSuchEntry: the case is not open (any more). UsageError: nobody has signed yet, this person
    has, or the answer to another record is due. StorageRefused: there is no journal.
    """
    refuse_while_recording(state)
    case = find_unsettled(state, event.case)
    if case is None:
        return _sign_correction(state, event)
    signatures = _with_second(case.decision, case.signatures, event, signatures_wanted(state, case))
    given = verdict_of(case.decision, signatures, event.at)
    if signatures == case.signatures:  # the power went before the verdict
        return record_verdict(state, given, case)
    return record_signature(state, Signing(case.decision, signatures[-1], case.facts, given))


def _sign_correction(state: State, event: CaseSigned) -> Step:
    settled = state.settled.get(event.case)
    if settled is None:
        raise staff_refusals.not_open(state, event.case)
    if not settled.signatures:
        if settled.is_signed_by(event.by):
            return state, ()
        raise staff_refusals.not_open(state, event.case)
    wanted = corrections_wanted(state, settled)
    signatures = _with_second(event.case, settled.signatures, event, wanted)
    given = correction_of(event.case, signatures, event.at)
    if signatures == settled.signatures:
        return record_correction(state, given, settled)
    signing = Signing(event.case, signatures[-1], settled.verdict, given, corrects=True)
    return record_signature(state, signing)


def _with_second(
    decision: str, before: tuple[Signature, ...], event: CaseSigned, wanted: int
) -> tuple[Signature, ...]:
    """Two signatures. UsageError where nobody has signed yet, or only this person has."""
    if not before:
        raise staff_refusals.nobody_signed(decision)
    if of_person(before, event.by) is None:
        return (*before, _signature(event.by, event.role, before[0].admit, "", event.at))
    if len(before) < max(wanted, 2):
        raise staff_refusals.signed_already(event.by)
    return before


def correct(state: State, event: CorrectionGiven) -> Step:
    """Records a correction of what a case was settled with, or its first signature.

    NoSuchEntry: the case is not settled, or too old. UsageError: it is settled so already, somebody
    else has signed another correction, or the answer to another record is due. StorageRefused:
    there is no journal.
    """
    refuse_while_recording(state)
    settled = state.settled.get(event.decision)
    if settled is None:
        raise _nothing_to_correct(state, event.decision)
    if settled.admit == event.admit:
        if settled.corrections and settled.is_signed_by(event.by):
            return state, ()
        raise _so_already(event.decision)
    wanted = corrections_wanted(state, settled)
    if wanted == 1:
        return record_correction(state, event, settled)
    if settled.signatures and _is_first_again(state, settled.signatures, event):
        if len(settled.signatures) >= wanted:
            given = correction_of(event.decision, settled.signatures, event.at)
            return record_correction(state, given, settled)
        return state, ()
    signature = _signed(event, event.note)
    signing = Signing(event.decision, signature, settled.verdict, None, corrects=True)
    return record_signature(state, signing)


def _is_done(settled: SettledCase | None, by: str, admit: bool) -> bool:
    return settled is not None and settled.admit == admit and settled.is_signed_by(by)


def _signed(event: VerdictGiven | CorrectionGiven, note: str) -> Signature:
    return _signature(event.by, event.role, event.admit, note, event.at)


def _signature(by: str, role: str | None, admit: bool, note: str, at: Instant) -> Signature:
    return Signature(by, role, admit, note, at.at.isoformat(timespec="milliseconds"))


def _nothing_to_correct(state: State, decision: str) -> NoSuchEntry:
    if find_unsettled(state, decision) is not None:
        return NoSuchEntry(
            f"Case {decision} is open: give a verdict, there is nothing to correct yet.",
            f"判定 {decision} 尚未处理：请直接处理，无需更正。",
            decision=decision,
        )
    return NoSuchEntry(
        f"No settled case {decision} is known here: correct it at the office.",
        f"本机没有已处理的判定 {decision}：请在考务端更正。",
        decision=decision,
    )


def _so_already(decision: str) -> UsageError:
    return UsageError(
        f"Case {decision} is settled so already: nothing to correct.",
        f"判定 {decision} 的处理结果相同，无需更正。",
        decision=decision,
    )
