"""Everything that the board shows at a glance, as one value. Pure.

It names gates, sites and papers, and no person: what it says may stand on a big screen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from gate.core.json_types import JsonObject
from office.board.board_counts import BoardCounts
from office.board.completeness import light_of
from office.board.gate_state import WORDS, gate_state

DISK_LOW_MB = 500
CURVE_MINUTES = 60
Expected = Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]
"""Candidates by exam, paper, site and room; an empty room where a build did not keep them."""


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
    """`events`, `states`, `areas`, `sites`, `papers`, `alerts`, `cases`, `completeness`,
    `refer_rate`, `curve`."""
    by_site: dict[str, list[JsonObject]] = defaultdict(list)
    for gate in gates:
        by_site[str(gate["site"])].append(gate)
    total, still_open = cases
    untaken = sum(alert["taken_by"] is None for alert in alerts)
    sites = [_site(site, listed, counts) for site, listed in sorted(by_site.items())]
    return {
        "events": counts.events,
        "states": {name: sum(g["state"] == name for g in gates) for name in WORDS},
        "sites": sites,
        "papers": papers_of(counts, expected),
        "areas": areas_of(sites),
        "alerts": {"all": len(alerts), "untaken": untaken},
        "cases": {"all": total, "open": still_open},
        "completeness": light_of(completeness),
        "refer_rate": counts.refer_rate(counts.decisions),
        "curve": curve_of(counts.arrivals.values()),
    }


def area_of(site: str) -> str:
    """The area of a site, such as its province: the id up to its first hyphen."""
    return site.partition("-")[0]


def areas_of(sites: Iterable[JsonObject]) -> list[JsonObject]:
    """Each area with the sums of its sites, by name. `sites`: of `overview`."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for site in sites:
        sums = found[area_of(site["site"])]
        sums["sites"] += 1
        for name in ("gates", *WORDS, "clock_wrong", "disk_low", "unsent"):
            sums[name] += site[name]
    return [{"area": area, **sums} for area, sums in sorted(found.items())]


def papers_of(counts: BoardCounts, expected: Expected, site: str | None = None) -> list[JsonObject]:
    """Each paper with how many were let in, and how many are expected: None where the office has
    built no roster of it."""
    places = {*counts.admitted, *((e, p) for e, papers in expected.items() for p in papers)}
    listed: list[JsonObject] = []
    for exam, paper in sorted(places):
        sites = expected.get(exam, {}).get(paper)
        if site is not None and sites is not None and site not in sites:
            continue
        here = {} if sites is None else {s: r for s, r in sites.items() if site in (None, s)}
        wanted = None if sites is None else sum(sum(rooms.values()) for rooms in here.values())
        inside = counts.admitted_of(exam, paper, site)
        listed.append({"exam": exam, "paper": paper, "admitted": inside, "expected": wanted})
    return listed


def rooms_of(counts: BoardCounts, expected: Expected, site: str) -> list[JsonObject]:
    """Each paper and room of one site: how many were let in, and how many are expected. That is
    None where the office has built no roster of it. An empty room: of whom no decision named one.
    """
    listed: list[JsonObject] = []
    for one in papers_of(counts, expected, site):
        inside = counts.admitted_by_room(one["exam"], one["paper"], site)
        sites = expected.get(one["exam"], {}).get(one["paper"])
        wanted = {} if sites is None else sites.get(site, {})
        for room in sorted({*inside, *(name for name in wanted if name)}):
            listed.append(
                {
                    **{"exam": one["exam"], "paper": one["paper"], "room": room},
                    "admitted": inside[room],
                    "expected": wanted.get(room),
                }
            )
    return listed


def curve_of(
    sites: Iterable[Mapping[int, int]], zone: tzinfo | None = None
) -> list[tuple[str, int]]:
    """Decisions of each minute (`YYYY-MM-DDTHH:MM` in `zone`; None: that of this machine), at most
    the last `CURVE_MINUTES` up to the newest one. `sites`: by minute since 1970. A minute without
    any counts 0: a pause is as wide as it was long."""
    minutes: Counter[int] = Counter()
    for site in sites:
        minutes.update(site)
    if not minutes:
        return []
    last = max(minutes)
    window = range(last - CURVE_MINUTES + 1, last + 1)
    first = next(minute for minute in window if minute in minutes)
    return [(_text(minute, zone), minutes[minute]) for minute in window if minute >= first]


def _text(minute: int, zone: tzinfo | None) -> str:
    at = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
    return at.strftime("%Y-%m-%dT%H:%M")


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
