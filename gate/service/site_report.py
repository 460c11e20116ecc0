"""The site's report of one paper, as this gate knows it."""

from gate.core.count_figures import reaction_figures
from gate.core.exam import entry_window
from gate.core.local_time import local_day
from gate.core.records import JournalEvent
from gate.core.site_report import SiteReport, outages
from gate.errors import NoSuchEntry
from gate.ports import Roster
from gate.service.lane import Lane
from gate.service.site_view import paper_counts


async def report_of(lane: Lane, roster: Roster, paper_id: str) -> SiteReport:
    """Expected, admitted, absent, doubtful, doubles, reactions and outages. It names nobody.
    NoSuchEntry for a paper that nobody sits here; StorageRefused, StorageDamaged."""
    paper = next((p for p in roster.exam.papers if p.id == paper_id), None)
    if paper is None:
        raise NoSuchEntry(f"No paper {paper_id} in this exam.", f"本次考试没有场次 {paper_id}。")
    counts = await paper_counts(lane, roster, paper_id)
    day = local_day(paper.start, lane.zone).isoformat()
    troubles: list[JournalEvent] = []
    signed: JournalEvent | None = None
    async for page in lane.adapters.journal.past():
        troubles += [e for e in page if e["kind"] in ("fault", "healed")]
        reports = [e for e in page if e["kind"] == "report" and e["paper"] == paper_id]
        signed = reports[-1] if reports else signed
    touching = outages(troubles, entry_window(paper, "").opens, paper.end)
    numbers = {
        "paper": paper_id,
        "site": lane.adapters.site,
        "roster": roster.version,
        "expected": counts["expected"],
        "admitted": counts["inside"] + counts["left"],
        "inside": counts["inside"],
        "left": counts["left"],
        "absent": counts["absent"],
        "doubtful": counts["doubtful"],
        "doubles": len({key for of, key, _ in lane.state.doubles if of == paper_id}),
        **reaction_figures(lane.recorder.counts.of_paper(day, paper_id)),
        "outages": touching,
    }
    return SiteReport(paper, numbers, touching, signed)
