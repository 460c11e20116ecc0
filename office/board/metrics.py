"""The overview in Prometheus' text format (exposition format 0.0.4). Pure."""

from collections.abc import Iterator

from gate.core.json_types import JsonObject

METRICS = {
    "exam_office_events": "Events stored, as this board has counted them.",
    "exam_office_gates": "Gates by state.",
    "exam_office_admitted": "People let in, by paper.",
    "exam_office_expected": "Candidates expected, by paper.",
    "exam_office_alerts_untaken": "Alerts that nobody has taken.",
    "exam_office_cases_open": "Doubtful cases that nobody has settled.",
    "exam_office_journals": "Journals that are known.",
    "exam_office_journals_complete": "Journals that are here up to the gate's last word.",
    "exam_office_events_missing": "Events that gates have and the office has not.",
    "exam_office_site_gates_silent": "Gates of a site that are silent or were never heard.",
    "exam_office_site_unsent": "Events that the gates of a site have not sent.",
}
"""Each metric and its help. All are gauges."""

_Sample = tuple[str, dict[str, str], float]


def metrics_text(overview: JsonObject) -> str:
    """Every metric of one overview."""
    found = list(_samples(overview))
    lines = []
    for name, text in METRICS.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        lines += [_line(*sample) for sample in found if sample[0] == name]
    return "\n".join(lines) + "\n"


def _samples(overview: JsonObject) -> Iterator[_Sample]:
    yield "exam_office_events", {}, overview["events"]
    for state, count in overview["states"].items():
        yield "exam_office_gates", {"state": state}, count
    for paper in overview["papers"]:
        labels = {"exam": paper["exam"], "paper": paper["paper"]}
        yield "exam_office_admitted", labels, paper["admitted"]
        if paper["expected"] is not None:
            yield "exam_office_expected", labels, paper["expected"]
    yield "exam_office_alerts_untaken", {}, overview["alerts"]["untaken"]
    yield "exam_office_cases_open", {}, overview["cases"]["open"]
    whole = overview["completeness"]
    yield "exam_office_journals", {}, whole["journals"]
    yield "exam_office_journals_complete", {}, whole["complete"]
    yield "exam_office_events_missing", {}, whole["missing"]
    for site in overview["sites"]:
        labels = {"site": site["site"]}
        yield "exam_office_site_gates_silent", labels, site["silent"] + site["never"]
        yield "exam_office_site_unsent", labels, site["unsent"]


def _line(name: str, labels: dict[str, str], value: float) -> str:
    shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
