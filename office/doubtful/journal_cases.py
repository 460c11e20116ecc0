"""The doubtful cases of an exam, folded from the events that its gates have sent. Pure.

Cases are those whose decision is doubtful or FACE_DECLINED. A newer REFER of the same candidate is
a case of its own here: the chief looks at every picture.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gate.core.reasons import Outcome, Reason
from gate.core.records import CORRECTION, JournalEvent
from gate.core.signatures import is_by_people
from office.doubtful.case import CaseSignature, DoubtfulCase


def cases_of(events: Iterable[JournalEvent], exam: str, site: str = "") -> list[DoubtfulCase]:
    """The cases of one journal, in its order. `events`: in order. `site`: of its gate. What does
    not read as an event of its kind is passed over."""
    cases: dict[str, DoubtfulCase] = {}
    for event in events:
        try:
            _fold(cases, event, exam, site)
        except (KeyError, TypeError, ValueError):
            continue
    return list(cases.values())


def _fold(cases: dict[str, DoubtfulCase], event: JournalEvent, exam: str, site: str) -> None:
    match event["kind"]:
        case "decision" if event.get("exam") == exam and _is_doubtful(event):
            cases[event["id"]] = _opened(event, site)
        case "signature" if (case := cases.get(event["case"])) is not None:
            signed = _signature(event, event["verdict"])
            cases[case.id] = replace(case, signatures=(*case.signatures, signed))
        case "verdict":
            for decision in (event["decision"], *event.get("earlier", ())):
                if (case := cases.get(decision)) is not None:
                    cases[decision] = replace(
                        _settled(case, event), settled_with=str(event["decision"])
                    )
        case "case" if event.get("change") == CORRECTION:
            for case in list(cases.values()):
                if event["case"] in (case.id, case.settled_with):
                    cases[case.id] = replace(case, verdict=_word(event))


def _is_doubtful(event: JournalEvent) -> bool:
    return event["outcome"] == Outcome.REFER and is_by_people(event)


def _opened(event: JournalEvent, site: str) -> DoubtfulCase:
    return DoubtfulCase(
        event["id"],
        event["gate"],
        event["ticket"] or "",
        event["paper"] or "",
        Reason(event["reason"]),
        datetime.fromisoformat(event["at"]),
        site=site,
        room=event.get("room") or "",
        seat=event.get("seat") or "",
        score=event.get("score"),
        threshold=event.get("threshold"),
    )


def _signature(event: JournalEvent, verdict: str) -> CaseSignature:
    at = datetime.fromisoformat(event["at"])
    return CaseSignature(
        event["by"] or "", event.get("role") or "", verdict, at, str(event.get("note") or "")
    )


def _settled(case: DoubtfulCase, event: JournalEvent) -> DoubtfulCase:
    """Without `signature` events the verdict names who signed."""
    word = _word(event)
    if case.signatures:
        return replace(case, verdict=word)
    first = _signature(event, word)
    second = event.get("second")
    signed = (first,) if not second else (first, replace(first, by=second, note=""))
    return replace(case, verdict=word, signatures=signed)


def _word(event: JournalEvent) -> str:
    return "admit" if event["outcome"] == Outcome.ADMIT else "deny"
