"""The numbers of one paper at a site, as a gate knows them, and the chief examiner's word on them.

Outages come from the journal: what began with `fault` and ended with `healed`, or has not ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypedDict

from gate.core.effects import RecordBeside
from gate.core.events import Fault, ReportSigned
from gate.core.exam import Paper
from gate.core.journal_entries import canonical_json
from gate.core.records import JournalEvent
from gate.core.staff_and_fault_transitions import out_of_service
from gate.core.state import State, Step

OUTAGES_MAX = 50


class Outage(TypedDict):
    """`what` was out of order `since` a time `until` another; None where it still is."""

    what: str
    since: str
    until: str | None


def digest_of(numbers: Mapping[str, object]) -> str:
    """SHA-256 of the numbers in hex: whoever signs says by it which ones were seen."""
    return sha256(canonical_json(dict(numbers))).hexdigest()


def is_of(signed: JournalEvent, numbers: Mapping[str, object]) -> bool:
    """Whether the `report` event `signed` says these numbers."""
    return all(signed.get(name) == value for name, value in numbers.items())


@dataclass(frozen=True, slots=True)
class SiteReport:
    """`numbers`: as they are now, `outages` among them. `signed`: the chief examiner's last
    `report` event, None before there is one."""

    paper: Paper
    numbers: Mapping[str, object]
    outages: list[Outage]
    signed: JournalEvent | None

    @property
    def is_signed_so(self) -> bool:
        """Whether the numbers that were signed are still those of now."""
        return self.signed is not None and is_of(self.signed, self.numbers)


def outages(events: Iterable[JournalEvent], begins: datetime, ends: datetime) -> list[Outage]:
    """Those that touch the time from `begins` to `ends`, the first OUTAGES_MAX."""
    still: dict[str, str] = {}
    found: list[Outage] = []
    for event in events:
        what = str(event.get("fault", ""))
        if event["kind"] == "fault":
            still.setdefault(what, event["at"])
        elif event["kind"] == "healed" and what in still:
            found.append(Outage(what=what, since=still.pop(what), until=event["at"]))
    found += [Outage(what=what, since=since, until=None) for what, since in still.items()]
    touching = [o for o in found if _touches(o, begins, ends)]
    return sorted(touching, key=lambda o: o["since"])[:OUTAGES_MAX]


def _touches(outage: Outage, begins: datetime, ends: datetime) -> bool:
    until = outage["until"]
    began_in_time = datetime.fromisoformat(outage["since"]) < ends
    return began_in_time and (until is None or datetime.fromisoformat(until) >= begins)


def signed(state: State, event: ReportSigned) -> Step:
    """The chief examiner stands for these numbers. StorageRefused: nothing can be recorded."""
    if Fault.JOURNAL in state.faults:
        raise out_of_service()
    return state, (RecordBeside("report", {**event.numbers, "by": event.by}),)
