"""The report's section on groups that were kept out, and its sentence in the summary."""

from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report import figures as draw
from gate.calibration.report.html import folded, paragraph, section, table, with_interval
from gate.core.json_types import JsonFields
from gate.models.matching import RAW, RAW_STRICT

Report = JsonFields


def held_out_section(report: Report) -> Markup:
    """Every group at every rate, raw beside normalised; nothing where none was kept out."""
    rows = report["held_out"]
    target = report["setting"]["target"]
    if not rows:
        return Markup()
    shown = [r for r in rows if r["target"] == target]
    return section(
        "Does the threshold travel?",
        "阈值能否推广到其他人群",
        paragraph(
            "For each group the threshold was set on everybody else and then measured on the "
            "group; s-norm with a cohort of the group's own people. Groups named look-alikes are "
            "people whose faces the network itself finds similar, which is harder than any natural "
            "group; groups by lot show what chance alone does. raw-strict is what the gate falls "
            "back to without a cohort: the raw score at a rate ten times lower. Thresholds have "
            "the table's margin; beside stands what would have passed without.",
            "每组的阈值均由其余人群确定，再在该组上测量；归一化参照组取自该组本身。",
        ),
        draw.held_out(rows, target),
        _held_out_table(shown),
        folded(
            "The other target rates 其他目标误识率",
            _held_out_table([r for r in rows if r["target"] != target]),
        ),
    )


def travelled(report: Report) -> Markup:
    """The group on which the threshold held worst, raw and normalised."""
    target = report["setting"]["target"]
    rows = [r for r in report["held_out"] if r["target"] == target]
    raw = max((r for r in rows if r["normalisation"] == RAW), key=_fmr, default=None)
    kinds = (RAW, RAW_STRICT)
    normed = max((r for r in rows if r["normalisation"] not in kinds), key=_fmr, default=None)
    if raw is None or normed is None:
        return Markup()
    return paragraph(
        f"Set on others and measured on a group that was kept out, the threshold named "
        f"{rate_name(target)} let {scientific(normed['fmr'])} pass in the worst group "
        f"({normed['group']}: {normed['people']:,} people, {normed['normalisation']}"
        f"{_span(normed)}); "
        f"the raw cosine {scientific(raw['fmr'])} ({raw['group']}{_span(raw)}).",
        f"以其余人群定阈值，最差一组实测误识率为 {scientific(normed['fmr'])}"
        f"（原始余弦为 {scientific(raw['fmr'])}）。",
    )


def _false_matches(row: Report) -> Markup:
    shown = Markup(f"{row['false_matches']:.1f}")
    if not row["doubtful"]:
        return shown
    return shown + Markup(f"<small>{row['doubtful']:.1f} of doubtful label</small>")


def _held_out_table(rows: Sequence[Report]) -> Markup:
    head = [
        "group 组",
        "score 得分",
        "target",
        "people 人数",
        "impostor pairs",
        "false matches",
        "FMR there",
        "without margin 无余量",
        "FNMR there",
        "threshold",
    ]
    cells = []
    for r in rows:
        interval = r["interval"]
        fmr_ends, fnmr_ends = interval["fmr"], interval["fnmr"]
        cells.append(
            [
                r["group"],
                r["normalisation"],
                rate_name(r["target"]),
                f"{r['people']:,}",
                f"{r['pairs']:,}",
                _false_matches(r),
                with_interval(scientific(r["fmr"]), fmr_ends and [scientific(e) for e in fmr_ends]),
                scientific(r["bare_fmr"]),
                with_interval(percent(r["fnmr"]), fnmr_ends and [percent(e) for e in fnmr_ends]),
                f"{r['threshold']:.4f}",
            ]
        )
    return table(head, cells, 2, [r["normalisation"] not in (RAW, RAW_STRICT) for r in rows])


def _span(row: Report) -> str:
    ends = row["interval"]["fmr"]
    return f", 95% {scientific(ends[0])} to {scientific(ends[1])}" if ends else ""


def _fmr(row: Report) -> float:
    fmr: float = row["fmr"]
    return fmr
