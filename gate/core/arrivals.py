"""Who comes to the gate: a card, a typed candidate, a card that cannot be read. Scans are in
scans.py. Wired up in admission.TABLE."""

from dataclasses import replace

from gate.core import face_declined, record_bodies, scans
from gate.core.card import DocumentKind, Expiry
from gate.core.effects import LookUpCard, LookUpTyped, Record, Show
from gate.core.entry_rules import Presented, Ruling
from gate.core.events import (
    CardPresented,
    CardRemoved,
    CardUnreadable,
    ScanPresented,
    Source,
    StaffTyped,
)
from gate.core.exam import FacePolicy
from gate.core.reasons import ASK_AGAIN, Reason, text
from gate.core.staff_and_fault_transitions import refuse_while_stopped
from gate.core.state import Phase, State, Step, Visit, at_rest, with_timer, zone_of
from gate.errors import UsageError

ASKING_S = 30.0
"""How long failed readings of one card are counted together before the next person starts anew."""


def card(state: State, event: CardPresented) -> Step:
    """A card was read: its visit begins. While a fault stands, no visit begins."""
    if state.faults:  # while the last outcome is still shown
        return at_rest(state)
    shown = Presented(
        Source.CARD,
        event.card.kind,
        event.card.valid_from,
        event.card.valid_to,
        event.found,
        event.read_mono_ns,
        odd=event.card.odd,
    )
    visit = Visit(shown, declined_by=face_declined.of_card(state))
    begun = replace(
        state, phase=Phase.LOOKING_UP, visit=visit, waiting=None, notice=None, unreadable=0
    )
    return begun, (LookUpCard(event.card.number),)


def card_waits(state: State, event: CardPresented) -> Step:
    """Keeps a card that came while somebody else is served; a newer one takes its place."""
    return replace(state, waiting=event), ()


def card_gone(state: State, event: CardRemoved | CardUnreadable) -> Step:
    """A card that waited has left the reader, and so may its owner: were it served later, somebody
    else's face would make its owner doubtful."""
    if isinstance(state.waiting, CardPresented):
        return replace(state, waiting=None), ()
    return state, ()


def typed(state: State, event: StaffTyped) -> Step:
    """StorageRefused while nothing can be recorded."""
    refuse_while_stopped(state)
    shown = Presented(
        Source.TYPED, event.document, None, event.valid_to, event.at, event.at.mono_ns, event.by
    )
    visit = Visit(shown, declined_by=event.by if event.declined else None)
    begun = replace(scans.without_scan(state), phase=Phase.LOOKING_UP, visit=visit, unreadable=0)
    return begun, (LookUpTyped(event.handle, event.value),)


def typed_too_soon(state: State, event: StaffTyped) -> Step:
    """UsageError: one person at a time."""
    raise UsageError("Somebody is being checked: try again.", "正在核验他人，请稍后再试。")


def unreadable(state: State, event: CardUnreadable) -> Step:
    """A card was not read: the gate asks for it again, and after `attempts` failures decides."""
    if state.faults:
        return at_rest(state)
    state = replace(state, waiting=None)  # another card lies there now
    count = state.unreadable + 1
    if count < _default_policy(state).attempts:
        zh, en = text(Reason.CARD_UNREADABLE, {})
        asking, timer = with_timer(replace(state, phase=Phase.ASKING, unreadable=count), ASKING_S)
        return asking, (Show(ASK_AGAIN, Reason.CARD_UNREADABLE, zh, en), timer)
    shown = Presented(
        Source.CARD, DocumentKind.RESIDENT, None, Expiry.UNKNOWN, event.found, event.found.mono_ns
    )
    body = record_bodies.unreadable_body(shown, count, event.reason, zone_of(state))
    visit = Visit(shown, Ruling(Reason.CARD_UNREADABLE), body=body)
    recording = replace(state, phase=Phase.RECORDING, visit=visit, notice=None, unreadable=0)
    return recording, (Record("decision", body),)


def _default_policy(state: State) -> FacePolicy:
    """Before a paper is known: the exam's first paper stands for its defaults."""
    return state.exam.papers[0].face if state.exam and state.exam.papers else FacePolicy()


def serve(state: State, waiting: CardPresented | ScanPresented) -> Step:
    """Who waited is next."""
    if isinstance(waiting, ScanPresented):
        return scans.begin(state, waiting)
    return card(state, waiting)
