"""The page of `exam-gate calibrate --attacks DIR`: people and attacks before one gate."""

from markupsafe import Markup

from gate.calibration.attacks_words import done_words, not_shown_words, overlap_words
from gate.calibration.number_text import percent
from gate.calibration.report.html import (
    folded,
    lead,
    page,
    paragraph,
    section,
    table,
    with_interval,
)
from gate.calibration.report.pieces import passed_over, under_title
from gate.core.json_types import JsonFields

Report = JsonFields


def attacks_page(report: Report) -> str:
    """The whole file."""
    return page(
        f"Liveness at this site: {report['set']['name']}",
        "本考点活体检测标定",
        under_title(report),
        [
            _summary(report),
            _rates(report),
            _fit(report),
            passed_over("Passed over", report["odd"]),
            _method(report),
        ],
    )


def _summary(report: Report) -> Markup:
    overlaps = report["verdict"] == "overlap"
    words = overlap_words(report) if overlaps else done_words(report)
    said = [words, *not_shown_words(report)]
    return lead("no" if overlaps else "yes", *(paragraph(en, zh) for en, zh in said))


def _rates(report: Report) -> Markup:
    rows = [
        [site["kind"], site["rate_name"], _rate(makers), _rate(site)]
        for makers, site in zip(report["makers"], report["site"], strict=True)
    ]
    head = ["shown 展示", "rate 错误率", "makers' 0.5 默认阈值", "fitted here 本考点"]
    return section(
        "Recordings that were judged wrong",
        "误判的录像",
        paragraph(
            "BPCER: people taken for attacks. APCER: attacks taken for people. Below each rate "
            "stands its exact 95% interval.",
            "BPCER：真人被误判为攻击；APCER：攻击被误判为真人；下方为 95% 精确区间。",
        ),
        table(head, rows, 2),
    )


def _rate(rate: Report) -> Markup:
    low, high = rate["interval"]
    said = f"{rate['wrong']} of {rate['recordings']}, {percent(rate['rate'])}"
    return with_interval(said, [percent(low), percent(high)])


def _fit(report: Report) -> Markup:
    weights = [f"{w:.3f}" for w in report["weights"]]
    rows = [
        ["weight of V2's logit 权重", weights[0]],
        ["weight of V1SE's logit 权重", weights[1]],
        ["constant 常数", f"{report['constant']:.3f}"],
        ["least living person above most living attack, in logits 间隔", f"{report['gap']:.2f}"],
    ]
    return section("The fit", "拟合", table(["", ""], rows, 1))


def _method(report: Report) -> Markup:
    made, faces = report["made"], report["set"]
    return section(
        "How it was measured",
        "测量方法",
        paragraph(
            "A recording is one presentation, judged by the mean of five frames spread over it. "
            "Logistic regression on the two logits; every recording counts the same. Each person "
            "is scored by a fit without them, and without attacks that show their face.",
            "每段录像取五帧均值；仅对两个 logit 做逻辑回归；每人由不含其本人的拟合评分。",
        ),
        paragraph(
            f"{report['people']} people, {faces['recordings']} recordings, {faces['frames']:,} "
            f"frames; {made['runtime']}; {made['seconds']:.0f} s, peak {made['peak_mb']} MB."
        ),
        folded("The command 命令", paragraph(made["command"])),
    )
