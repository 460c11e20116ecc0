"""The page of `exam-gate calibrate DIR --degraded`: which bad days a match survives."""

from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.number_text import percent, rate_name, scientific
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
from gate.calibration.report.pieces import networks_table, under_title
from gate.core.json_types import JsonFields

Report = JsonFields
FNMR_ASKED = 0.01


def degraded_page(report: Report) -> str:
    """The whole file."""
    return page(
        f"Frames of bad days against ticket photos: {report['set']['name']}",
        "劣化现场图像与准考证相片比对",
        under_title(report),
        [_summary(report), _conditions(report), _tickets(report), _quality(report), _how(report)],
    )


def _summary(report: Report) -> Markup:
    asked = [c for c in report["conditions"] if not c["excused"]]
    unseen = [c["name"] for c in asked if not c["accepted"]]
    over = [c["name"] for c in asked if (c["frame"]["rate"] or 0) > FNMR_ASKED]
    kept = len(asked) - len(unseen) - len(over)
    highest = max((c["frame"]["interval"][1] for c in asked if c["accepted"]), default=1.0)
    most, rate = percent(FNMR_ASKED), rate_name(report["set"]["target"])
    said = (
        f"In {kept} of {len(asked)} conditions at most {most} of the accepted frames are missed at "
        f"the rate named {rate}, {report['set']['people']} people. The widest interval of these "
        f"reaches {percent(highest)}."
    )
    zh = f"{len(asked)} 种条件中，{kept} 种的接受帧拒识率不超过 {most}。"
    rest = [
        paragraph(f"More are missed: {', '.join(over)}.", "拒识率较高的条件见下表。")
        if over
        else "",
        paragraph(f"No frame is accepted: {', '.join(unseen)}.", "完全未接受的条件见下表。")
        if unseen
        else "",
    ]
    shown = highest <= FNMR_ASKED and not rest[0] and not rest[1]
    return lead("yes" if shown else "open", paragraph(said, zh), *(Markup(r) for r in rest if r))


def _conditions(report: Report) -> Markup:
    head = [
        "condition 条件",
        "frames accepted 接受帧",
        "FNMR of accepted frames 单帧拒识率",
        "attempts missed 比对拒识",
        "FNMR of attempts 比对拒识率",
        "advice right 提示正确",
        "advice given 提示",
    ]
    rows = [_condition(c) for c in report["conditions"]]
    marked = [c["excused"] for c in report["conditions"]]
    return section(
        "By condition",
        "按条件",
        paragraph(
            "A frame is compared only where the gate accepts it; else the candidate gets an "
            "advice. An attempt is all frames of one person in one condition. Highlighted: so "
            "much stray light that only the advice is asked for.",
            "闸机不接受的帧不参与比对，只给出提示；高亮行只要求提示正确。",
        ),
        table(head, rows, 1, marked, last_words=True),
    )


def _condition(c: Report) -> list[str]:
    frame, attempt = c["frame"], c["attempt"]
    turned_away = c["frames"] - c["accepted"]
    right = f"{c['right_advice']} of {turned_away}" if turned_away and c["right"] else "–"
    return [
        f"{c['name']} {c['zh']}",
        f"{c['accepted']} of {c['frames']}",
        _rate(frame),
        f"{attempt['missed']} of {attempt['tried']}",
        _rate(attempt),
        right,
        ", ".join(f"{name} {count}" for name, count in c["refused"].items()),
    ]


def _rate(of: Report) -> Markup | str:
    if of["rate"] is None:
        return "–"
    return with_interval(percent(of["rate"]), [percent(e) for e in of["interval"]])


def _tickets(report: Report) -> Markup:
    rows = [
        [t["name"], f"{t['missed']} of {t['tried']}", _rate(t), str(t["unusable"])]
        for t in report["tickets"]
    ]
    head = ["ticket photo 准考证相片", "missed 拒识", "FNMR", "unusable 不可用"]
    return section(
        "By the size of the ticket photo",
        "按准考证相片尺寸",
        paragraph("Accepted sound frames, one each.", "正常单帧。"),
        table(head, rows, 1),
    )


def _quality(report: Report) -> Markup:
    names = {
        "feature_norm": ("Feature norm of the probe", "特征模长"),
        "eyes_px": ("Pixels between the eyes", "两眼间距（像素）"),
    }
    parts = [figure(*names[key], _bins(bins)) for key, bins in report["quality"].items()]
    return section(
        "By the quality of the probe",
        "按样本质量",
        paragraph(
            "Single frames of all conditions at the threshold of the target rate. A pair of people "
            "stands in many of these pairs, so the interval of the FMR is too narrow.",
            "所有条件的单帧；误识率区间未计入人员重复，偏窄。",
        ),
        *parts,
    )


def _bins(bins: Sequence[Report]) -> Markup:
    head = ["from 起", "frames 帧", "missed 拒识", "FNMR", "false matches 误识", "FMR"]
    rows = [
        [
            f"{b['from']:g}",
            f"{b['frames']:,}",
            f"{b['missed']:,}",
            with_interval(percent(b["fnmr"]), [percent(e) for e in b["fnmr_interval"]]),
            f"{b['false_matches']:,} of {b['pairs']:,}",
            with_interval(
                "–" if b["fmr"] is None else scientific(b["fmr"]),
                [scientific(e) for e in b["fmr_interval"]],
            ),
        ]
        for b in bins
    ]
    return table(head, rows, 1)


def _how(report: Report) -> Markup:
    made, faces = report["made"], report["set"]
    return section(
        "How it was measured",
        "测量方法",
        paragraph(
            f"{faces['people']} people by lot with two pictures at least ({faces['left_out']} more "
            "were left out: no face in one of them, or a second person). One picture is the "
            f"ticket photo, cut and compressed; another one becomes {faces['frames_each']} frames "
            f"of 640x480 in each condition. The cohort: {faces['cohort']} other people. "
            "The frames are made by calculation: light in linear values, then blur, then noise, "
            "then eight bits.",
            "一张照片作为准考证相片，另一张计算生成 640x480 的现场帧；参照组为其他人。",
        ),
        paragraph(f"{made['runtime']}; {made['seconds']:.0f} s, peak {made['peak_mb']} MB."),
        networks_table(report),
        folded("The command 命令", paragraph(made["command"])),
    )
