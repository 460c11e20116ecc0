"""What a scanner read, and the exam notice for which a card is asked. Used by visit.py
and admission.TABLE.

A notice that a scanner read names a candidate and proves nobody's identity. Unless the paper
accepts it as a document, the gate asks for the card first: most people hold both in their hands.
Only who lays none down within `CARD_DUE_S` becomes a decision, a REFER that calls an invigilator.
"""

from dataclasses import replace

from gate.core.card import DocumentKind
from gate.core.effects import ForgetFaces, LookUpCard, LookUpTicket, Show
from gate.core.entry_rules import Presented
from gate.core.events import CardPresented, ScanPresented, Source
from gate.core.reasons import ASK_AGAIN, Reason
from gate.core.state import Phase, State, Step, Visit, with_timer

CARD_DUE_S = 15.0
"""After a notice: time to take the card out of a wallet and lay it down."""

LAY_CARD = ("请放置身份证", "Lay your ID card")


def begin(state: State, event: ScanPresented) -> Step:
    """The visit of who was scanned."""
    shown = Presented(
        Source.SCAN,
        event.document,
        None,
        event.valid_to,
        event.at,
        event.at.mono_ns,
        scanner=event.scanner,
        odd=event.odd,
    )
    begun = replace(
        state, phase=Phase.LOOKING_UP, visit=Visit(shown), waiting=None, notice=None, unreadable=0
    )
    by_ticket = event.handle == "ticket"
    return begun, (LookUpTicket(event.value) if by_ticket else LookUpCard(event.value),)


def scan(state: State, event: ScanPresented) -> Step:
    """A card that waits was there before."""
    return (state, ()) if state.waiting is not None else begin(state, event)


def scan_waits(state: State, event: ScanPresented) -> Step:
    """While an outcome is shown: the next person's, served when the lamps have gone out."""
    if isinstance(state.waiting, CardPresented):
        return state, ()
    return replace(state, waiting=event), ()


def scan_dropped(state: State, event: ScanPresented) -> Step:
    """While somebody is checked. Mostly it is that person's own notice, who can show it again. A
    scan that is kept would be judged by the wrong face or as a second entry."""
    return state, ()


def without_scan(state: State) -> State:
    """`state` without a scan that waits or a notice: somebody else is served now."""
    waiting = state.waiting if isinstance(state.waiting, CardPresented) else None
    return replace(state, waiting=waiting, notice=None)


def is_bare_notice(visit: Visit) -> bool:
    """Whether `visit`, ruled upon, needs a card.

    It does after a scanned notice that its paper does not accept. It does for a ticket that is
    unknown at this site, because the card's number may still be found.
    """
    shown, ruling = visit.shown, visit.ruling
    if (shown.source, shown.document) != (Source.SCAN, DocumentKind.NOTICE):
        return False
    if ruling.paper is None:
        return ruling.reason is Reason.NOT_ON_ROSTER
    accepted = DocumentKind.NOTICE in ruling.paper.documents
    return not accepted and ruling.reason is not Reason.WRONG_PAPER


def is_inside(state: State, visit: Visit) -> bool:
    """Whether who is named has entered this paper: a notice scanned once more says nothing."""
    paper = visit.ruling.paper
    return paper is not None and not paper.reentry and (paper.id, visit.key) in state.entered


def ask_for_card(state: State, notice: Visit) -> Step:
    """Nobody may be judged yet: whose face this is no document has said."""
    asked = replace(state, phase=Phase.ASKING, visit=None, notice=notice)
    asking, timer = with_timer(asked, CARD_DUE_S)
    lay = Show(ASK_AGAIN, Reason.DOCUMENT_NOT_ACCEPTED, *LAY_CARD)
    return asking, (lay, ForgetFaces(), timer)
