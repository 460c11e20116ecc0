"""exam-gate calibrate: error rates and thresholds from a set of faces, with a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.json_types import JsonObject
from gate.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

_Dir = Annotated[
    Path | None, typer.Argument(help="A folder a person (LFW's layout), or PERSON_*.jpg.")
]
_Live = Annotated[
    Path | None,
    typer.Option(help="Recordings instead of DIR: PERSON/ticket.jpg and PERSON/live/*.jpg."),
]
_Attacks = Annotated[
    Path | None,
    typer.Option(help="Recordings of people and attacks: {live,print,replay,mask}/RECORDING/*.jpg"),
]
_Degraded = Annotated[
    bool, typer.Option(help="People's other pictures as frames of bad days, against their first.")
]
_People = Annotated[int, typer.Option(min=2, help="With --degraded: how many people, by lot.")]
_Cohort = Annotated[
    Path | None, typer.Option(help="With --live: ticket photos of at least 200 other people.")
]
_Out = Annotated[Path, typer.Option(help="Folder for report.html, report.json, calibration.toml.")]
_Groups = Annotated[
    Path | None, typer.Option(help="CSV with the columns person,group or picture,group.")
]
_Pairs = Annotated[
    bool | None,
    typer.Option("--pairs/--no-pairs", help="Accuracy on DIR/pairs.txt, if it exists."),
]
_Against = Annotated[
    str | None,
    typer.Option(help="'shipped' or a calibration.toml: do its thresholds hold here? Writes none."),
]
_Models = Annotated[Path | None, typer.Option(help="Folder of the networks.")]
_Seed = Annotated[int, typer.Option(help="Lots: cohorts, fused pictures, intervals.")]


def calibrate(
    folder: _Dir = None,
    *,
    live: _Live = None,
    attacks: _Attacks = None,
    cohort: _Cohort = None,
    degraded: _Degraded = False,
    people: _People = 40,
    out: _Out = Path("calibration"),
    groups: _Groups = None,
    pairs: _Pairs = None,
    against: _Against = None,
    models: _Models = None,
    seed: _Seed = 1,
) -> None:
    """Error rates by the gate's own pipeline: a report, and the table of thresholds. With
    --against: do a table's thresholds hold on these people? Exit 1 if not. With --live: what the
    gate does with your own recordings, frames against ticket photos. With --degraded: which bad
    days a match survives. With --attacks: the liveness networks fitted to this site.
    标定与验证阈值。"""
    from gate.calibration.run import Job, run
    from gate.commands.progress import progress_bars
    from gate.models.network_files import default_folder

    if attacks is not None:
        _refuse_with_live(folder, groups, pairs, against, live, cohort, degraded or None)
        from gate.commands.calibrate_attacks import calibrate_attacks

        calibrate_attacks(attacks, out, models or default_folder())
        return
    if live is not None:
        _refuse_with_live(folder, groups, pairs, against, degraded or None)
        from gate.commands.calibrate_live import calibrate_live

        calibrate_live(live, out, cohort, models or default_folder(), seed)
        return
    if folder is None or cohort is not None:
        raise _one_set()
    if degraded:
        _refuse_with_live(groups, pairs, against)
        from gate.commands.calibrate_live import calibrate_degraded

        calibrate_degraded(folder, out, models or default_folder(), seed, people)
        return
    with progress_bars() as show:
        report = run(
            Job(folder, out, groups, pairs, against, models or default_folder(), seed), show
        )
    _print(report, out)
    if report.get("verdict") == "fails":
        raise typer.Exit(1)


def _refuse_with_live(*others: object) -> None:
    if any(o is not None for o in others):
        raise _one_set()


def _one_set() -> UsageError:
    return UsageError(
        "Name a folder of faces, or recordings with --live (then only --cohort, --out, --models "
        "and --seed go with it) or --attacks (only --out and --models).",
        "请指定人脸目录，或用 --live 指定现场录像目录"
        "（此时只能搭配 --cohort、--out、--models、--seed），"
        "或用 --attacks 指定活体检测录像目录（只能搭配 --out、--models）。",
    )


def _print(report: JsonObject, out: Path) -> None:
    from rich.console import Console

    console = Console()
    console.print(_evaluated(report) if "verdict" in report else _calibrated(report))
    faces = report["set"]
    print(
        f"{faces['pictures']} pictures of {faces['people']} people, "
        f"{len(faces['failed'])} without a face"
    )
    if "verdict" in report:
        print(f"At {report['setting']['target']:g} the threshold: {report['verdict']}")
    print(f"calibrate: {out / 'report.html'}")


def _calibrated(report: JsonObject) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent, rate_name

    rates = (1e-3, 1e-4, 1e-5)
    shown = Table(
        title="FNMR at FMR; the table's threshold, with its margin; careful probes 拒识率与阈值"
    )
    for head in ("score", "frames", *map(rate_name, rates), "pairs"):
        shown.add_column(head, justify="left" if head == "score" else "right", no_wrap=True)
    curves = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    for curve in curves:
        by_rate = {r["fmr"]: r for r in curve["rates"]}
        cells = [
            f"{percent(by_rate[f]['fnmr'])}\n{by_rate[f]['table']['threshold']:.3f}"
            if f in by_rate
            else "–"
            for f in rates
        ]
        pairs = f"{curve['pairs']:,}"
        shown.add_row(curve["normalisation"], str(curve["frames"]), *cells, pairs)
    return shown


def _evaluated(report: JsonObject) -> "Table":
    from rich.table import Table

    from gate.calibration.number_text import percent, rate_name, scientific

    shown = Table(title="The table's thresholds, careful probes 现有阈值")
    for head in ("score", "frames", "target", "FMR here", "95%", "FNMR", "verdict"):
        shown.add_column(head, justify="left" if head in ("score", "verdict") else "right")
    for r in (r for r in report["rows"] if r["setting"] == "careful"):
        low, high = r["fmr_interval"]
        shown.add_row(
            r["normalisation"],
            str(r["frames"]),
            rate_name(r["target"]),
            scientific(r["fmr"]),
            f"{scientific(low)} to {scientific(high)}",
            percent(r["fnmr"]),
            r["verdict"],
            style="bold" if r["deciding"] else None,
        )
    return shown
