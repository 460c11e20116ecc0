"""The state table of a lane as text for docs/lane.md.

Drawn from `admission.ROWS`, so that the page cannot say anything else.
"""

from collections import defaultdict

from gate.core.admission import ROWS
from gate.core.state import Phase
from scripts.diagrams import markdown


def state_diagram() -> str:
    """The phases and what leads from one to another, as a Mermaid state diagram."""
    events: dict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for row in ROWS:
        for source in row.phases:
            for target in row.leads_to:
                if source is not target:
                    events[source, target] += [e.__name__ for e in row.events]
    lines = ["stateDiagram-v2", f"    [*] --> {_name(Phase.OUT_OF_SERVICE)}"]
    for source, target in sorted(events, key=lambda edge: tuple(map(list(Phase).index, edge))):
        label = "<br/>".join(dict.fromkeys(events[source, target]))
        lines.append(f"    {_name(source)} --> {_name(target)} : {label}")
    return "\n".join(lines)


def table() -> str:
    """Every phase and event: where it leads; `·` stays; empty where the event is illegal."""
    cells: dict[tuple[str, Phase], str] = {}
    for row in ROWS:
        for phase in row.phases:
            leads = ", ".join(_name(p) for p in row.leads_to if p is not phase) or "·"
            cells |= {(e.__name__, phase): leads for e in row.events}
    names = dict.fromkeys(name for name, _ in cells)
    rows = [[name, *(cells.get((name, p), "") for p in Phase)] for name in names]
    return markdown.table(["event", *map(_name, Phase)], rows)


def blocks() -> dict[str, str]:
    """What stands between the marks of docs/lane.md."""
    return {"generated": markdown.mermaid(state_diagram()) + "\n\n" + table()}


def _name(phase: Phase) -> str:
    return phase.name
