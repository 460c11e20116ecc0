"""report.html: one file, nothing fetched, no script. Figures in, text out."""

from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report import figures as draw
from gate.calibration.report.by_share_page import by_share_section
from gate.calibration.report.held_out_page import held_out_section, travelled
from gate.calibration.report.html import (
    figure,
    folded,
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
    left_out_words,
    method,
    the_set,
    under_title,
    worst_pairs,
)
from gate.core.json_types import JsonFields

STATED = (1e-3, 1e-4, 1e-5)
Report = JsonFields


def calibration_page(report: Report) -> str:
    """The page of a calibration."""
    return page(
        f"Calibration report: {report['set']['name']}",
        "校准报告",
        under_title(report),
        [
            _summary(report),
            the_set(report),
            failures(report),
            _rates(report),
            _plots(report),
            _frames(report),
            groups(report),
            held_out_section(report),
            by_share_section(report),
            worst_pairs(report),
            method(report),
        ],
    )


def _summary(report: Report) -> Markup:
    target = report["setting"]["target"]
    curves = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    wanted = report["setting"]["normalisation"]
    normed = [c for c in curves if c["normalisation"] == wanted] or curves
    found = [(c, r) for c in normed for r in c["rates"] if r["fmr"] == target]
    if not found or found[0][1]["fnmr"] is None:
        return lead(
            "open",
            paragraph(
                f"This set does not bear out a rate of {rate_name(target)}; see what was left out.",
                f"本数据集不足以确定 {rate_name(target)} 的误识率，见下文说明。",
            ),
        )
    first, last = found[0], found[-1]
    low, high = first[1]["fnmr_interval"]
    en = (
        f"At a false match rate of {rate_name(target)} ({first[0]['normalisation']}, threshold "
        f"{first[1]['threshold']:.3f}) one picture against one misses "
        f"{percent(first[1]['fnmr'])} of the pairs of one person (95%: {percent(low)} to "
        f"{percent(high)})"
    )
    zh = (
        f"误识率 {rate_name(target)} 时（{first[0]['normalisation']}，阈值 "
        f"{first[1]['threshold']:.3f}），单张比对的拒识率为 {percent(first[1]['fnmr'])}"
    )
    if last is not first:
        en += f"; {last[0]['frames']} pictures fused miss {percent(last[1]['fnmr'])}"
        zh += f"；融合 {last[0]['frames']} 张为 {percent(last[1]['fnmr'])}"
    return lead("yes", paragraph(en + ".", zh + "。"), _margin(first[1]), travelled(report))


def _margin(rate: Report) -> Markup:
    used = rate["table"]
    return paragraph(
        f"The gate's threshold of that name has a margin and stands at {used['threshold']:.3f}: "
        f"{scientific(used['fmr'])} pass it here and {percent(used['fnmr'])} are missed.",
        f"实际采用阈值 {used['threshold']:.3f}：误识率 {scientific(used['fmr'])}，"
        f"拒识率 {percent(used['fnmr'])}。",
    )


def _rates(report: Report) -> Markup:
    augmented, single = ([c for c in report["curves"] if c["mirror"] == m] for m in (True, False))
    return section(
        "Error rates and thresholds",
        "错误率与阈值",
        paragraph(
            "FNMR is the share of pairs of one person that the threshold misses. Below each figure "
            "its 95% interval, by drawing the people (not the pairs) again 1,000 times. "
            "References are always careful, as ticket photos are. A live face is first compared "
            "by its quick template and, where that leaves it open, by careful ones, which have the "
            "last word. Highlighted: the score that the gate uses.",
            "FNMR 为同一人配对被误拒的比例；小字为按人重抽样 1000 次的 95% 区间。",
        ),
        figure("Careful probes", "精细模式", _rate_table(augmented, report)),
        figure("Quick probes", "快速模式", _rate_table(single, report)),
        paragraph(
            "The table's thresholds have a margin: at most three quarters of the rate that a "
            "threshold is named by was measured at it, and by drawing people again the upper end "
            "of the FMR's interval is at most that rate; with several pictures at most twice, "
            "since fewer people have them and the interval is mostly chance. 1e-2 and 1e-6 are "
            "moved as far as the next rate. Figures and curves above are at the measured rate, "
            "without the margin; its cost stands in the list. Beside a normalised score the raw "
            "cosine has to reach the floor of its row; rates in the list are without it.",
            "采用的阈值留有余量：实测误识率不超过标称值的四分之三，"
            "95% 区间上限不超过标称值（多张融合时不超过两倍）。",
        ),
        folded("Every threshold, and the false matches behind it 全部阈值", _every(report)),
        _where_it_ends(augmented),
        left_out_words(report["left_out"]),
    )


def _where_it_ends(curves: Sequence[Report]) -> Markup:
    last = min((r for c in curves if c["frames"] == 1 for r in c["rates"]), key=lambda r: r["fmr"])
    return paragraph(
        f"The table ends at {rate_name(last['fmr'])}, with {last['false_matches']:,} false matches "
        "of one careful picture behind it; a target below that is refused.",
        f"阈值表止于 {rate_name(last['fmr'])}。",
    )


def _rate_table(curves: Sequence[Report], report: Report) -> Markup:
    wanted = report["setting"]["normalisation"]
    head = ["score 得分", "frames 张数"]
    head += [f"FNMR at FMR {rate_name(f)}" for f in STATED]
    head += ["impostor pairs 不同人配对", "genuine pairs 同一人配对"]
    rows = []
    for c in curves:
        by_rate = {r["fmr"]: r for r in c["rates"]}
        cells = [_fnmr(by_rate.get(f)) for f in STATED]
        counts = [f"{c['pairs']:,}", f"{c['genuine']:,}"]
        rows.append([c["normalisation"], str(c["frames"]), *cells, *counts])
    return table(head, rows, 1, [c["normalisation"] == wanted for c in curves])


def _fnmr(rate: Report | None) -> Markup:
    if rate is None or rate["fnmr"] is None:
        return Markup("–")
    ends = rate.get("fnmr_interval")
    return with_interval(percent(rate["fnmr"]), ends and [percent(e) for e in ends])


def _every(report: Report) -> Markup:
    head = [
        "score",
        "setting",
        "frames",
        "FMR",
        "measured at 实测",
        "95%",
        "false matches 误识数",
        "FNMR",
        "in the table 采用阈值",
        "FMR there",
        "FNMR there",
        "floor 余弦下限",
    ]
    rows = []
    for c in report["curves"]:
        for r in c["rates"]:
            ends = r.get("threshold_interval")
            span = f"{ends[0]:.4f} – {ends[1]:.4f}" if ends else ""
            rows.append(
                [
                    c["normalisation"],
                    c["setting"],
                    str(c["frames"]),
                    rate_name(r["fmr"]),
                    f"{r['threshold']:.5f}",
                    span,
                    f"{r['false_matches']:,}",
                    percent(r["fnmr"]),
                    f"{r['table']['threshold']:.5f}",
                    scientific(r["table"]["fmr"]),
                    percent(r["table"]["fnmr"]),
                    _floor(r["table"].get("floor")),
                ]
            )
    return table(head, rows, 1)


def _floor(cosine: float | None) -> str:
    return "–" if cosine is None else f"{cosine:.5f}"


def _plots(report: Report) -> Markup:
    mine = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    singles = {c["normalisation"]: c["rates"] for c in mine if c["frames"] == 1}
    plots = [
        figure(
            f"Scores, {counted['normalisation']}",
            "得分分布",
            draw.histogram(
                counted,
                [
                    (r["fmr"], r["threshold"])
                    for r in singles[counted["normalisation"]]
                    if r["fmr"] in STATED
                ],
            ),
        )
        for counted in report["histograms"]
    ]
    return section(
        "Curves",
        "曲线",
        figure("DET curve: what each false match rate costs", "检测误差权衡曲线", draw.det(report)),
        *plots,
    )


def _frames(report: Report) -> Markup:
    curves = [c for c in report["curves"] if c["mirror"] == report["setting"]["mirror"]]
    shown = [c for c in curves if c["same_people"]["fnmr"]]
    if len({c["frames"] for c in shown}) < 2:
        return Markup()
    people = shown[0]["same_people"]["people"]
    rows = [
        [
            c["normalisation"],
            str(c["frames"]),
            *(
                percent(dict(map(tuple, c["same_people"]["fnmr"])).get(f))
                for f in (1e-3, 1e-4, 1e-5)
            ),
        ]
        for c in shown
    ]
    return section(
        "Several frames",
        "多帧融合",
        paragraph(
            f"The same {people} people throughout: those with at least six pictures, so that five "
            "can be fused and one is left to compare with; every person weighs the same, careful "
            "probes. The fused pictures are different photographs, which differ more than the "
            "frames of one visit.",
            f"均为同一批 {people} 人（每人至少六张照片），每人权重相同。",
        ),
        draw.by_frames(report),
        table(["score 得分", "frames 张数", "FNMR at 1e-3", "at 1e-4", "at 1e-5"], rows, 1),
        _looks(report["looks"]),
    )


def _looks(looks: Report | None) -> Markup:
    if looks is None:
        return Markup()
    low, high = (percent(e) for e in looks["interval"])
    passed, missed = scientific(looks["fmr_of_all"]), percent(looks["fnmr"])
    return figure(
        "A whole attempt",
        "一次完整尝试",
        paragraph(
            "As the gate makes it, by the table's raw thresholds: a quick look at one picture, "
            f"then careful ones at one, two and three more, each at its share of "
            f"{rate_name(looks['target'])}. Of "
            f"{looks['impostor']:,} attempts by the wrong person {passed} "
            f"pass at any look; of {looks['people']} people's own {missed} are missed "
            f"(95%: {low} to {high}); {percent(looks['at_once'])} pass at the first look.",
            f"多次比对合计误识率 {passed}，拒识率 {missed}，"
            f"首次即通过 {percent(looks['at_once'])}。",
        ),
    )
