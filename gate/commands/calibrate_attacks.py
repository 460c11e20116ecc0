"""exam-gate calibrate --attacks: the liveness pair fitted to a site."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gate.core.json_types import JsonObject

if TYPE_CHECKING:
    from rich.table import Table


def calibrate_attacks(folder: Path, out: Path, models: Path) -> None:
    """Measures, prints the figures, writes attacks.json and liveness.toml. Exit 1 where people and
    attacks overlap."""
    from rich.console import Console

    from gate.calibration.attacks_run import AttacksJob, run_attacks
    from gate.commands.progress import progress_bars

    with progress_bars() as show:
        report = run_attacks(AttacksJob(folder, out, models), show)
    for odd in report["odd"]:
        print(f"{odd['where']}: {odd['en']} {odd['zh']}", file=sys.stderr)
    Console().print(_rates(report))
    for kind in report["not_shown"]:
        print(f"{kind}: not shown, nothing is known of it 未展示")
    if report["verdict"] == "overlap":
        english, chinese = overlap_words(report)
        print(f"{english}\n{chinese}", file=sys.stderr)
        raise typer.Exit(1)
    print(f"calibrate: {out / 'liveness.toml'}: its place is the unit's state folder (paths.state)")


def overlap_words(report: JsonObject) -> tuple[str, str]:
    """One sentence in English and Chinese: which kinds overlap, and by how much."""
    said, said_zh = [], []
    for r in report["site"]:
        if r["kind"] in report["overlapping"]:
            count = f"{r['wrong']} of {r['recordings']} {r['kind']}"
            said.append(f"{count} {'turned away' if r['kind'] == 'live' else 'let in'}")
            said_zh.append(f"{r['kind']} {r['wrong']}/{r['recordings']}")
    parts, allowed = ", ".join(said), report["allowed"]
    depth = abs(report["gap"])
    return (
        f"People and attacks overlap at the best bound ({parts}; allowed {allowed['bpcer']:.0%} "
        f"and {allowed['apcer']:.0%}; the most living attack lies {depth:.1f} above the least "
        "living person, in logits): nothing was calibrated, the makers' bound stays; a second "
        "camera or an action stops what a network cannot tell.",
        f"真人与攻击的得分重叠（{'，'.join(said_zh)}；相差 {depth:.1f}）：未标定，沿用默认阈值；"
        "请加装第二摄像头或使用动作活体检测。",
    )


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
