"""The calibration that ships, its report and its page in docs say the same."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report.page import calibration_page
from gate.models.calibration_table import TABLE, as_toml
from gate.models.network_files import load_manifest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "calibration"
PAGE = ROOT / "docs" / "calibration.md"
STATED = (1e-3, 1e-4, 1e-5)
AGAIN = "run scripts/calibrate, or python -m tests.test_calibration_docs for the page alone"


def report() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    return found


def test_the_table_that_ships_is_the_reports() -> None:
    assert as_toml(report()) == TABLE.read_text(encoding="utf-8"), AGAIN
    tomllib.loads(TABLE.read_text(encoding="utf-8"))


def test_the_report_is_of_the_networks_that_ship() -> None:
    pinned = {o.name: o.sha256 for o in load_manifest().outputs}
    for network in report()["networks"]:
        assert pinned[network["name"]] == network["sha256"], AGAIN


def test_the_page_in_docs_is_of_these_figures() -> None:
    shown = (FOLDER / "report.html").read_text(encoding="utf-8")
    assert shown == calibration_page(report()), AGAIN


def test_the_report_shows_no_face() -> None:
    for path in FOLDER.iterdir():
        assert path.suffix in (".html", ".json")
        assert b"data:image" not in path.read_bytes()


def between(name: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def _interval(value: str, ends: list[float] | None) -> str:
    return value if not ends else f"{value} ({percent(ends[0])} to {percent(ends[1])})"


def made_lines() -> str:
    found = report()
    made, faces = found["made"], found["set"]
    quick = len(faces["failed_quick"])
    line = (
        f"Measured {made['date']} on {faces['pictures']:,} pictures of {faces['people']:,} people "
        f"({faces['name']}). Without a face: {len(faces['failed'])}, in the quick setting {quick} "
        f"more. Machine: {made['machine']}, {made['runtime']}, seed {made['seed']}. "
        f"{made['seconds']:.0f} s, peak memory {made['peak_mb']} MB. {made.get('note', '')}"
    )
    return line.rstrip()


def rates_table() -> str:
    lines = [
        "| probes | score | frames | "
        + " | ".join(f"FNMR at {rate_name(f)}" for f in STATED)
        + " | in the table for 1e-4: threshold, FMR, FNMR | impostor pairs |",
        "|---" * 8 + "|",
    ]
    for c in report()["curves"]:
        rates = {r["fmr"]: r for r in c["rates"]}
        cells = [_interval(percent(rates[f]["fnmr"]), rates[f]["fnmr_interval"]) for f in STATED]
        used = rates[1e-4]["table"]
        lines.append(
            f"| {c['setting']} | {c['normalisation']} | {c['frames']} | {' | '.join(cells)} "
            f"| {used['threshold']:.3f}, {scientific(used['fmr'])}, {percent(used['fnmr'])} "
            f"| {c['pairs']:,} |"
        )
    return "\n".join(lines)


def strict_table() -> str:
    lines = [
        "| probes | frames | rate | threshold measured | false matches | in the table: threshold, "
        "floor | FNMR there, without the floor |",
        "|---" * 7 + "|",
    ]
    for c in report()["curves"]:
        if not c["cohort"]:
            continue
        for r in c["rates"]:
            if r["fmr"] <= 1e-5:
                ends = r.get("threshold_interval")
                span = f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else ""
                used = r["table"]
                lines.append(
                    f"| {c['setting']} | {c['frames']} | {rate_name(r['fmr'])} "
                    f"| {r['threshold']:.3f}{span} | {r['false_matches']:,} "
                    f"| {used['threshold']:.3f}, {used['floor']:.3f} | {percent(used['fnmr'])} |"
                )
    return "\n".join(lines)


def held_out_table() -> str:
    lines = [
        "| group kept out | people | impostor pairs | score | false matches "
        "| FMR measured, target 1e-4 | without the margin | FNMR |",
        "|---" * 8 + "|",
    ]
    for r in report()["held_out"]:
        if r["target"] == 1e-4:
            ends = r["interval"]["fmr"]
            span = f" ({scientific(ends[0])} to {scientific(ends[1])})" if ends else ""
            doubted = f", {r['doubtful']:.1f} of them doubtful labels" if r["doubtful"] else ""
            lines.append(
                f"| {r['group']} | {r['people']:,} | {r['pairs']:,} | {r['normalisation']} "
                f"| {r['false_matches']:.1f}{doubted} | {scientific(r['fmr'])}{span} "
                f"| {scientific(r['bare_fmr'])} | {percent(r['fnmr'])} |"
            )
    return "\n".join(lines)


def by_share_table() -> str:
    """Of the report. A report from before the floors has none: then the page keeps its own."""
    rows = report().get("by_share")
    if not rows:
        return between("by-share")
    lines = [
        "| group | people | share of the cohort | frames | impostor pairs | FMR without the floor "
        "| false matches, FMR with it | FNMR without the floor | with it |",
        "|---" * 9 + "|",
    ]
    for r in rows:
        ends = r["interval"]["fmr"]
        span = f" ({scientific(ends[0])} to {scientific(ends[1])})" if ends else ""
        lines.append(
            f"| {r['group']} | {r['people']:,} | {r['share']:.0%} | {r['frames']} "
            f"| {r['pairs']:,} | {scientific(r['alone_fmr'])} "
            f"| {r['false_matches']:.1f}, {scientific(r['fmr'])}{span} "
            f"| {percent(r['alone_fnmr'])} "
            f"| {_interval(percent(r['fnmr']), r['interval']['fnmr'])} |"
        )
    return "\n".join(lines)


TABLES = {
    "made": made_lines,
    "rates": rates_table,
    "strict": strict_table,
    "held-out": held_out_table,
    "by-share": by_share_table,
}


@pytest.mark.parametrize("name", TABLES)
def test_figures_of_the_page_are_the_reports(name: str) -> None:
    assert between(name) == TABLES[name](), AGAIN


@pytest.mark.parametrize(("part", "comma"), [(0, ", "), (1, "、")], ids=["English", "Chinese"])
def test_the_measured_figures_are_the_reports(part: int, comma: str) -> None:
    text = (ROOT / "docs/measured.md").read_text(encoding="utf-8").split("## 实测数据")[part]
    found = report()
    curve = next(c for c in found["curves"] if c["mirror"] and c["frames"] == 1 and not c["cohort"])
    missed = {r["fmr"]: r["fnmr"] for r in curve["rates"]}
    assert f"| {found['listed']['accuracy']['careful']:.4f} |" in text
    assert f"| {comma.join(f'{1 - missed[f]:.4f}' for f in STATED)} |" in text
    travelled = [r for r in found["held_out"] if r["target"] == 1e-4 and "lot" not in r["group"]]
    normed = max(r["fmr"] for r in travelled if r["normalisation"].startswith("snorm"))
    raw = max(r["fmr"] for r in travelled if r["normalisation"] == "raw")
    assert re.search(rf"\| {scientific(normed)} ?[(（].*{scientific(raw)}[)）] \|", text)


def write_tables() -> None:
    """python -m tests.test_calibration_docs: puts the figures into their page."""
    (FOLDER / "report.html").write_text(calibration_page(report()), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{table()}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tables()
