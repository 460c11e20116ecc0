"""The report's section on groups that are rare in the roster."""

from markupsafe import Markup

from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report.html import paragraph, section, table, with_interval
from gate.core.json_types import JsonFields

Report = JsonFields


def by_share_section(report: Report) -> Markup:
    """Every group at every share of the cohort; nothing where none was measured, or by a version
    that did not."""
    rows = report.get("by_share", [])
    if not rows:
        return Markup()
    target = rate_name(rows[0]["target"])
    return section(
        "Groups that are rare in the roster",
        "名单中人数较少的群体",
        paragraph(
            f"FMR and FNMR inside each group at the bounds named {target}, careful probes, by the "
            "group's share of the cohort. The normalised score alone is too generous where the "
            "like of two people are missing in the cohort. So the raw cosine has to reach a floor "
            "beside it, which only refuses more. Counts are of one cohort, the mean of three "
            "draws; below the rate with the floor its 95% interval.",
            f"在标称误识率 {target} 下，按群体在参照组中的比例统计组内误识率与拒识率；"
            "原始余弦须同时达到下限，该下限只会增加拒绝。",
        ),
        table(
            [
                "group 组",
                "people 人数",
                "share of the cohort 占比",
                "frames, floor 张数与下限",
                "impostor pairs",
                "FMR without floor 无下限",
                "false matches 误识数",
                "FMR 误识率",
                "genuine pairs",
                "FNMR without floor 无下限",
                "FNMR 拒识率",
            ],
            [_row(r) for r in rows],
            1,
        ),
    )


def _row(r: Report) -> list[str | Markup]:
    fmr_ends, fnmr_ends = r["interval"]["fmr"], r["interval"]["fnmr"]
    return [
        r["group"],
        f"{r['people']:,}",
        f"{r['share']:.0%}",
        f"{r['frames']}, {r['floor']:.3f}",
        f"{r['pairs']:,}",
        scientific(r["alone_fmr"]),
        f"{r['false_matches']:.1f}",
        with_interval(scientific(r["fmr"]), fmr_ends and [scientific(e) for e in fmr_ends]),
        f"{r['genuine']:,}",
        percent(r["alone_fnmr"]),
        with_interval(percent(r["fnmr"]), fnmr_ends and [percent(e) for e in fnmr_ends]),
    ]
