"""The page of `exam-gate calibrate DIR --against TABLE`: do these thresholds hold here?"""

from markupsafe import Markup

from gate.calibration.against_table import is_last_word
from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report import figures as draw
from gate.calibration.report.html import (
    figure,
    lead,
    page,
    paragraph,
    section,
    table,
    with_interval,
)
from gate.calibration.report.pieces import (
    failures,
    groups,
    method,
    the_set,
    under_title,
    worst_pairs,
)
from gate.core.json_types import JsonFields

Report = JsonFields
VERDICTS = {
    "holds": (
        "yes",
        "The threshold holds on this set",
        "阈值在本数据集上成立",
        "even the upper end of the interval is at most twice the target",
    ),
    "fails": (
        "no",
        "The threshold does not hold on this set",
        "阈值在本数据集上不成立",
        "more than twice the target passes: do not run a gate with this table for these "
        "people before it is calibrated on them",
    ),
    "not shown": (
        "open",
        "This set is too small to tell",
        "本数据集不足以判断",
        "the interval reaches beyond twice the target: add people",
    ),
}


def evaluation_page(report: Report) -> str:
    """The whole page."""
    return page(
        f"Thresholds on other people: {report['set']['name']}",
        "阈值验证报告",
        under_title(report),
        [
            _verdict(report),
            the_set(report),
            failures(report),
            _rows(report),
            _histograms(report),
            groups(report),
            worst_pairs(report),
            method(report),
        ],
    )


def deciding(report: Report) -> Report | None:
    """The row that the verdict rests on."""
    target = report["setting"]["target"]
    rows = (r for r in report["rows"] if is_last_word(r))
    return next((r for r in rows if r["target"] == target), None)


def _verdict(report: Report) -> Markup:
    kind, en, zh, why = VERDICTS[report["verdict"]]
    row = deciding(report)
    if row is None:
        return lead(kind, paragraph(f"{en}.", f"{zh}。"))
    measured = (
        f"{en}: at the threshold named {rate_name(row['target'])} ({row['normalisation']}) "
        f"{row['false_matches']:g} of {row['pairs']:,} pairs of different people pass, "
        f"{scientific(row['fmr'])} (95%: {scientific(row['fmr_interval'][0])} to "
        f"{scientific(row['fmr_interval'][1])}); "
        f"{why}. Of the pairs of one person {percent(row['fnmr'])} are missed."
    )
    return lead(kind, paragraph(measured, f"{zh}：实测误识率 {scientific(row['fmr'])}。"))


def _rows(report: Report) -> Markup:
    head = [
        "score 得分",
        "setting 模式",
        "frames 张数",
        "target FMR",
        "threshold 阈值",
        "false matches 误识数",
        "impostor pairs",
        "FMR measured 实测",
        "FNMR measured",
        "verdict 结论",
    ]
    cells = []
    for r in report["rows"]:
        missed = r["fnmr_interval"] and [percent(e) for e in r["fnmr_interval"]]
        cells.append(
            [
                r["normalisation"],
                r["setting"],
                str(r["frames"]),
                rate_name(r["target"]),
                f"{r['threshold']:.4f}",
                f"{r['false_matches']:g}",
                f"{r['pairs']:,}",
                with_interval(scientific(r["fmr"]), [scientific(e) for e in r["fmr_interval"]]),
                with_interval(percent(r["fnmr"]), missed),
                r["verdict"],
            ]
        )
    table_of = report["table"]
    came_from = (
        f"Thresholds come from the table that was measured on {table_of.get('set', 'another set')} "
        f"({table_of.get('people', '?')} people, {table_of.get('date', 'no date')}). Highlighted: "
        "the score that a gate would decide by with as many candidates. raw-strict is the raw "
        "score at a rate ten times lower, for rosters too small for a cohort."
    )
    return section(
        "The table's thresholds here",
        "现有阈值在本数据集上的表现",
        paragraph(came_from, "高亮行为闸机实际使用的得分。"),
        table(head, cells, 2, [r["deciding"] for r in report["rows"]]),
    )


def _histograms(report: Report) -> Markup:
    singles = [r for r in report["rows"] if (r["frames"], r["setting"]) == (1, "careful")]
    plots = []
    for counted in report["histograms"]:
        name = counted["normalisation"]
        marks = [(r["target"], r["threshold"]) for r in singles if r["normalisation"] == name]
        plots.append(figure(f"Scores, {name}", "得分分布", draw.histogram(counted, marks)))
    return section("Scores and the table's thresholds", "得分与阈值", *plots)
