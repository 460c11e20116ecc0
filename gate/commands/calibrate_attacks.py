"""exam-gate calibrate --attacks: the liveness pair fitted to a site."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gate.core.json_types import JsonObject

if TYPE_CHECKING:
    from rich.table import Table


def calibrate_attacks(folder: Path, out: Path, models: Path) -> None:
    """Measures, prints the figures, writes report.html, report.json and liveness.toml. Exit 1 where
    people and attacks overlap."""
    from rich.console import Console

    from gate.calibration.attacks_run import AttacksJob, run_attacks
    from gate.calibration.attacks_words import done_words, not_shown_words, overlap_words
    from gate.commands.progress import progress_bars

    with progress_bars() as show:
        report = run_attacks(AttacksJob(folder, out, models), show)
    for odd in report["odd"]:
        print(f"{odd['where']}: {odd['en']} {odd['zh']}", file=sys.stderr)
    Console().print(_rates(report))
    for words in not_shown_words(report):
        print(*words)
    print(f"calibrate: {out / 'report.html'}")
    if report["verdict"] == "overlap":
        print("\n".join(overlap_words(report)), file=sys.stderr)
        raise typer.Exit(1)
    print(*done_words(report))


def _rates(report: JsonObject) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent

    shown = Table(title=f"{report['people']} people 活体检测标定")
    for head in ("shown", "rate", "makers' 0.5", "95%", "this site", "95%"):
        shown.add_column(head, justify="left" if head in ("shown", "rate") else "right")
    for makers, site in zip(report["makers"], report["site"], strict=True):
        cells = []
        for r in (makers, site):
            low, high = r["interval"]
            cells.append(f"{r['wrong']} of {r['recordings']} = {percent(r['rate'])}")
            cells.append(f"{percent(low)} to {percent(high)}")
        shown.add_row(site["kind"], site["rate_name"], *cells)
    return shown
