"""The page of `exam-gate calibrate --live DIR`: what the gate does with recorded frames."""

from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.live_words import count_of, least_words, refusal_words, share_words
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
from gate.calibration.report.pieces import networks_table, passed_over, under_title
from gate.core.json_types import JsonFields

Report = JsonFields

UNITS = (
    ("attempt", "Whole attempts", "一次完整比对"),
    ("frame", "One accepted frame, single view", "单帧，快速模式"),
    ("frame_augmented", "One accepted frame, augmented", "单帧，精细模式"),
)


def live_page(report: Report) -> str:
    """The whole file."""
    return page(
        f"Live frames against ticket photos: {report['set']['name']}",
        "现场图像与准考证相片比对",
        under_title(report),
        [
            _summary(report),
            _the_set(report),
            _answers(report),
            _rates(report),
            passed_over("Files that were passed over", report["odd"]),
            _method(report),
        ],
    )


def _summary(report: Report) -> Markup:
    target = report["set"]["target"]
    row = next((r for r in report["rates"] if r["rate"] == target), None)
    accepted = report["frames"]["accepted"]
    if row is None:
        return lead("open", *map(_pair, least_words(report)))
    own = row["attempt"]["own"]
    en = (
        f"The gate accepts {count_of(accepted)} frames ({share_words(accepted)}). At the "
        f"rate named {rate_name(target)} it misses {own['missed']} of {own['tried']} attempts of "
        f"people with their own ticket photo ({percent(own['rate'])}; "
        f"95%: {_span(own['interval'])})."
    )
    zh = (
        f"闸机接受 {count_of(accepted)} 帧。误识率 {rate_name(target)} 时，"
        f"本人比对 {own['tried']} 次，拒识 {own['missed']} 次（{percent(own['rate'])}）。"
    )
    kind = "open" if report["least_fmr"] > target else "yes"
    return lead(kind, paragraph(en, zh), *map(_pair, least_words(report)))


def _pair(said: tuple[str, str]) -> Markup:
    return paragraph(*said)


def _the_set(report: Report) -> Markup:
    faces = report["set"]
    cohort = f"{faces['cohort']}" if faces["cohort"] else "none: raw score, ten times stricter 无"
    rows = [
        ["people with ticket photo and live frames 人数", f"{faces['people']:,}"],
        ["live frames 现场帧数", f"{faces['frames']:,}"],
        ["attempts 比对次数", f"{report['attempts']['count']:,}"],
        ["frames fused at most 最多融合帧数", f"{faces['probe_frames']}"],
        ["cohort 参照组", cohort],
        ["files passed over 跳过的文件", f"{len(report['odd']):,}"],
    ]
    return section("The recordings", "数据", table(["", ""], rows, 1))


def _answers(report: Report) -> Markup:
    frames, tried = report["frames"], report["attempts"]
    rows = [["accepted 接受", "", *_shared(frames["accepted"])]]
    rows += [[*refusal_words(name), *_shared(s)] for name, s in frames["refused"].items()]
    advice = ", ".join(f"{name} {count}" for name, count in tried["advice"].items())
    reasons = ", ".join(f"{name} {count}" for name, count in tried["reasons"].items())
    return section(
        "What each frame is answered with",
        "每一帧的判定",
        paragraph(
            "Every frame goes through the running gate's detector and quality check. A frame that "
            "is not accepted is not compared; the candidate gets the advice.",
            "每一帧均经过闸机自身的检测与质量检查；未被接受的帧不参与比对，只给出提示。",
        ),
        table(["answer 判定", "", "frames 帧数", "share 占比"], rows, 2, [True]),
        paragraph(
            f"Attempts end with: {reasons or 'none'}. Advice at their end: {advice or 'none'}.",
            f"比对结果：{reasons or '无'}；提示：{advice or '无'}。",
        ),
    )


def _shared(share: Report) -> list[str]:
    return [
        f"{share['count']:,}",
        with_interval(percent(share["share"]), [percent(e) for e in share["interval"]]),
    ]


def _rates(report: Report) -> Markup:
    parts = [figure(en, zh, _rate_table(report["rates"], key)) for key, en, zh in UNITS]
    return section(
        "Error rates by the gate's own thresholds",
        "按闸机阈值的错误率",
        paragraph(
            "FNMR: attempts, or accepted frames, of people with their own ticket photo that do not "
            "pass. FMR: the same with other people's ticket photos. Below each rate its exact 95% "
            "interval (Clopper and Pearson). That of the FMR counts pairs of people, because two "
            "who look alike match in frame after frame.",
            "FNMR 为本人被拒的比例，FMR 为他人通过的比例；小字为 95% 精确区间，"
            "FMR 区间按人员配对计数。",
        ),
        *parts,
    )


def _rate_table(rates: Sequence[Report], key: str) -> Markup:
    head = [
        "named rate 标称误识率",
        "missed 拒识",
        "FNMR",
        "people missed 被拒人数",
        "false matches 误识数",
        "FMR",
        "pairs of people 人员配对",
    ]
    return table(head, [_rate_row(r["rate"], r[key]) for r in rates], 1)


def _rate_row(rate: float, of: Report) -> list[str]:
    own, others = of["own"], of["others"]
    fmr = "–" if others["rate"] is None else scientific(others["rate"])
    return [
        rate_name(rate),
        f"{own['missed']:,} of {own['tried']:,}",
        with_interval(percent(own["rate"]), [percent(e) for e in own["interval"]]),
        f"{own['people_missed']:,} of {own['people']:,}",
        f"{others['false_matches']:,} of {others['tried']:,}",
        with_interval(fmr, [scientific(e) for e in others["interval"]]),
        f"{others['pairs_of_people_matched']:,} of {others['pairs_of_people']:,}",
    ]


def _method(report: Report) -> Markup:
    made = report["made"]
    return section(
        "How it was measured",
        "测量方法",
        paragraph(
            "The running gate's code: its detector and quality check for every frame, its choice "
            "of probes, its looks at growing numbers of fused frames, its thresholds. Frames "
            "follow each other ten a second in the order of their names; an attempt begins with "
            "the first and ends with the last at the latest, and the next one begins where it "
            "ended. A stranger makes one attempt with each other ticket photo. Both people of a "
            "pair are left out of its cohort.",
            "使用运行中闸机的同一套代码；每秒十帧，按文件名排序；配对双方均不计入参照组。",
        ),
        paragraph(f"{made['runtime']}; {made['seconds']:.0f} s, peak {made['peak_mb']} MB."),
        networks_table(report),
        folded("The command 命令", paragraph(made["command"])),
    )


def _span(interval: Sequence[float]) -> str:
    low, high = interval
    return f"{percent(low)} to {percent(high)}"
