"""Everything that the board shows at a glance, as one value. Pure.

It names gates, sites and papers, and no person: what it says may stand on a big screen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gate.core.json_types import JsonObject
from office.board.board_counts import BoardCounts
from office.board.completeness import light_of
from office.board.gate_state import WORDS, gate_state

DISK_LOW_MB = 500
CURVE_MINUTES = 60
_FIRST_YEAR = 1970
Expected = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Candidates by exam, paper and site."""


def gates_of(
    rows: Iterable[JsonObject], enrolled: Mapping[str, str], counts: BoardCounts, now: datetime
) -> list[JsonObject]:
    """Every gate by its id, with its state. `rows`: of v_gate; `enrolled`: gate to site."""
    known = {str(row["gate"]): row for row in rows}
    listed = []
    for gate in sorted({*known, *enrolled}):
        row = known.get(gate, {"gate": gate, "site": enrolled.get(gate), "last_seen": None})
        state = gate_state(row["last_seen"], now)
        clock_wrong = row.get("clock") not in (None, "trusted")
        disk = row.get("disk_free_mb")
        listed.append(
            {
                **row,
                "state": state,
                "clock_wrong": clock_wrong,
                "disk_low": disk is not None and disk < DISK_LOW_MB,
                "decisions": counts.decisions[gate],
                "referred": counts.referred[gate],
                "refer_rate": counts.refer_rate([gate]),
            }
        )
    return listed


def overview(
    gates: Sequence[JsonObject],
    *,
    completeness: Iterable[JsonObject],
    alerts: Sequence[JsonObject],
    cases: tuple[int, int],
    counts: BoardCounts,
    expected: Expected,
) -> JsonObject:
    """`totals`, `states`, `sites`, `papers`, `alerts`, `cases`, `completeness`, `curve`."""
    by_site: dict[str, list[JsonObject]] = defaultdict(list)
    for gate in gates:
        by_site[str(gate["site"])].append(gate)
    total, still_open = cases
    untaken = sum(alert["taken_by"] is None for alert in alerts)
    return {
        "events": counts.events,
        "states": {name: sum(g["state"] == name for g in gates) for name in WORDS},
        "sites": [_site(site, listed, counts) for site, listed in sorted(by_site.items())],
        "papers": papers_of(counts, expected),
        "alerts": {"all": len(alerts), "untaken": untaken},
        "cases": {"all": total, "open": still_open},
        "completeness": light_of(completeness),
        "refer_rate": counts.refer_rate(counts.decisions),
        "curve": curve_of(counts.arrivals.values()),
    }


def papers_of(counts: BoardCounts, expected: Expected, site: str | None = None) -> list[JsonObject]:
    """Each paper with how many were let in, and how many are expected: None where the office has
    built no roster of it."""
    places = {*counts.admitted, *((e, p) for e, papers in expected.items() for p in papers)}
    listed: list[JsonObject] = []
    for exam, paper in sorted(places):
        sites = expected.get(exam, {}).get(paper)
        if site is not None and sites is not None and site not in sites:
            continue
        wanted = None if sites is None else sum(n for s, n in sites.items() if site in (None, s))
        inside = counts.admitted_of(exam, paper, site)
        listed.append({"exam": exam, "paper": paper, "admitted": inside, "expected": wanted})
    return listed


def curve_of(sites: Iterable[Mapping[str, int]]) -> list[tuple[str, int]]:
    """Decisions of each minute (`YYYY-MM-DDTHH:MM`), at most the last `CURVE_MINUTES` up to the
    newest one. A minute without any counts 0: a pause is as wide as it was long."""
    minutes: Counter[str] = Counter()
    for site in sites:
        minutes.update(site)
    times = {at: count for minute, count in minutes.items() if (at := _minute(minute)) is not None}
    if not times:
        return []
    last = max(times)
    window = [last - timedelta(minutes=n) for n in reversed(range(CURVE_MINUTES))]
    first = next(n for n, at in enumerate(window) if at in times)
    return [(at.isoformat(timespec="minutes"), times.get(at, 0)) for at in window[first:]]


def _minute(text: str) -> datetime | None:
    """None for what is no minute: gates wrote it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is None and found.year >= _FIRST_YEAR else None


def _site(site: str, gates: Sequence[JsonObject], counts: BoardCounts) -> JsonObject:
    return {
        "site": site,
        "gates": len(gates),
        **{name: sum(g["state"] == name for g in gates) for name in WORDS},
        "clock_wrong": sum(g["clock_wrong"] for g in gates),
        "disk_low": sum(g["disk_low"] for g in gates),
        "unsent": sum(int(g.get("unsent") or 0) for g in gates),
        "rosters": sorted({str(g["roster_version"]) for g in gates if g.get("roster_version")}),
        "refer_rate": counts.refer_rate(str(g["gate"]) for g in gates),
    }
