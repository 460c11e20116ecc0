"""exam-gate calibrate --live and --degraded: what the gate does with live frames."""

from pathlib import Path
from typing import TYPE_CHECKING

from gate.core.json_types import JsonFields

if TYPE_CHECKING:
    from rich.table import Table


def calibrate_live(folder: Path, out: Path, cohort: Path | None, models: Path, seed: int) -> None:
    """Measures, writes report.html and report.json, prints the figures."""
    from gate.calibration.live_run import LiveJob, run_live
    from gate.commands.progress import progress_bars

    with progress_bars() as show:
        report = run_live(LiveJob(folder, out, cohort, models, seed), show)
    _print(report, out)


def calibrate_degraded(folder: Path, out: Path, models: Path, seed: int, people: int) -> None:
    """Measures, writes report.html and report.json, prints a row for each condition."""
    from rich.console import Console

    from gate.calibration.degraded_run import run_degraded
    from gate.commands.progress import progress_bars

    with progress_bars() as show:
        report = run_degraded(folder, out, models, seed=seed, people=people, show=show)
    Console().print(_conditions(report))
    print(f"{report['set']['people']} people, cohort {report['set']['cohort']}")
    print(f"calibrate: {out / 'report.html'}")


def _conditions(report: JsonFields) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent

    shown = Table(title="Frames of bad days against ticket photos 劣化图像")
    for head in ("condition", "accepted", "FNMR, frames", "FNMR, attempts", "advice right"):
        shown.add_column(head, justify="left" if head == "condition" else "right")
    for c in report["conditions"]:
        turned_away = c["frames"] - c["accepted"]
        rates = [f"{c[k]['missed']}/{c[k]['tried']} {percent(c[k]['rate'])}" for k in _OF]
        right = f"{c['right_advice']}/{turned_away}" if c["right"] else "–"
        shown.add_row(c["name"], f"{c['accepted']}/{c['frames']}", *rates, right)
    return shown


_OF = ("frame", "attempt")


def _print(report: JsonFields, out: Path) -> None:
    from rich.console import Console

    from gate.calibration.live_words import least_words

    console = Console()
    for odd in report["odd"]:
        print(f"{odd['where']}: {odd['en']} {odd['zh']}")
    console.print(_answers(report))
    console.print(_rates(report))
    for en, zh in least_words(report):
        print(f"{en}\n{zh}")
    faces = report["set"]
    print(f"{faces['people']} people, {faces['frames']} frames, {len(report['odd'])} passed over")
    print(f"calibrate: {out / 'report.html'}")


def _answers(report: JsonFields) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent

    shown = Table(title="Frames, and what each is answered with 每帧判定")
    for head in ("answer", "frames", "share", "95%"):
        shown.add_column(head, justify="left" if head == "answer" else "right", no_wrap=True)
    frames = report["frames"]
    for name, share in {"accepted": frames["accepted"], **frames["refused"]}.items():
        low, high = (percent(e) for e in share["interval"])
        cells = (str(share["count"]), percent(share["share"]), f"{low} to {high}")
        shown.add_row(name, *cells, style="bold" if name == "accepted" else None)
    return shown


def _rates(report: JsonFields) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent, rate_name, scientific

    score = "s-norm" if report["set"]["cohort"] else "raw, ten times stricter"
    shown = Table(title=f"By the gate's own thresholds ({score}) 按闸机阈值")
    for head in ("rate", "of", "missed, FNMR", "false matches, FMR"):
        shown.add_column(head, justify="left" if head == "of" else "right", no_wrap=True)
    names = (("attempt", "attempts"), ("frame", "frames"), ("frame_augmented", "frames, augmented"))
    for row in report["rates"]:
        for key, name in names:
            own, others = row[key]["own"], row[key]["others"]
            low, high = (percent(e) for e in own["interval"])
            least, most = (scientific(e) for e in others["interval"])
            fmr = "–" if others["rate"] is None else scientific(others["rate"])
            shown.add_row(
                rate_name(row["rate"]),
                name,
                f"{own['missed']} of {own['tried']}  {percent(own['rate'])}\n{low} to {high}",
                f"{others['false_matches']} of {others['tried']}  {fmr}\n{least} to {most}",
            )
    return shown
