"""Sections that every report has: the set, what failed, groups, the worst pairs, the method."""

from collections.abc import Sequence

from markupsafe import Markup

from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report.html import folded, joined, paragraph, section, table, with_interval
from gate.core.json_types import JsonFields

Report = JsonFields
FAILED_SHOWN = 200
ODD_SHOWN = 200

DOUBTS = {
    "": "",
    "same-photograph": "one photograph under two names 同一照片，两个姓名",
    "as-one-person": "as alike as one person: two spellings, or twins 疑为同一人",
    "one-odd": "first: likely wrong label, or another face in it 前者疑似标签错误",
    "other-odd": "second: likely wrong label, or another face in it 后者疑似标签错误",
    "both-odd": "both: likely wrong labels 两者均疑似标签错误",
}


def under_title(report: Report) -> str:
    """One line that says what ran where."""
    made = report["made"]
    return f"exam-gate {made['version']} · {made['date']} · {made['machine']} · seed {made['seed']}"


def the_set(report: Report) -> Markup:
    """The table of the set: pictures, people, and pictures without a face."""
    faces = report["set"]
    without = len(faces["failed"])
    rows = [
        ["pictures 图片", f"{faces['pictures']:,}"],
        ["people 人数", f"{faces['people']:,}"],
        ["people with two pictures or more 两张以上", f"{faces['people_with_two']:,}"],
        [
            "pictures without a face (failure to acquire) 未检测到人脸",
            f"{without:,} ({percent(without / max(1, faces['pictures']))})",
        ],
    ]
    listed = report.get("listed")
    if listed:
        rows.append(
            [
                f"accuracy, {listed['pairs']:,} listed pairs, {listed['folds']} folds 准确率",
                f"{listed['accuracy']['quick']:.4f} (quick), "
                f"{listed['accuracy']['careful']:.4f} (careful)",
            ]
        )
    return section("The set", "数据集", table(["", ""], rows, 1))


def failures(report: Report) -> Markup:
    """Names of the pictures in which no face was found."""
    said = [
        _failed(
            report["set"]["failed"],
            "No face was found in these pictures.",
            "以下图片未检测到人脸：",
        ),
        _failed(
            report["set"]["failed_quick"],
            "In these the quick look of a live frame found none, the careful one did.",
            "以下图片快速模式未检测到人脸：",
        ),
    ]
    return (
        section(
            "Failures to acquire",
            "采集失败",
            *said,
            paragraph("Rates are of the other pictures.", "以上图片不计入错误率。"),
        )
        if any(said)
        else Markup()
    )


def _failed(names: Sequence[str], en: str, zh: str) -> Markup:
    if not names:
        return Markup()
    more = f" and {len(names) - FAILED_SHOWN:,} more" if len(names) > FAILED_SHOWN else ""
    return paragraph(en, zh) + paragraph(", ".join(names[:FAILED_SHOWN]) + more)


def left_out_words(left_out: Report) -> Markup:
    """What could not be measured, why, and what it would take."""
    said = [
        paragraph(
            f"FMR {rate_name(fmr)} is left out: fewer than five false matches would stand behind "
            f"it; {needed:,} impostor pairs are needed.",
            f"误识率 {rate_name(fmr)} 未列出：至少需要 {needed:,} 个不同人配对。",
        )
        for fmr, needed in left_out["rates"]
    ]
    if left_out["snorm"]:
        said.append(
            paragraph(
                f"s-norm is left out: a cohort takes {left_out['snorm']} people. With a roster as "
                "small the gate uses the raw score at a rate ten times stricter.",
                f"未计算归一化得分：参照组需要 {left_out['snorm']} 人。",
            )
        )
    if left_out["frames"]:
        counts = ", ".join(map(str, left_out["frames"]))
        said.append(
            paragraph(
                f"Fusion of {counts} pictures is left out: nobody has so many.",
                f"未计算 {counts} 张融合：无人有足够照片。",
            )
        )
    if left_out["fnmr"]:
        said.append(
            paragraph("FNMR is unknown: nobody has two pictures.", "拒识率未知：没有人有两张照片。")
        )
    return joined(said)


def groups(report: Report) -> Markup:
    """Rates inside each group of the CSV, at thresholds that were set on everybody."""
    rows = report["groups"]
    if not rows:
        return Markup()
    head = [
        "group 组",
        "score 得分",
        "at FMR",
        "people 人数",
        "impostor pairs",
        "false matches",
        "FMR in the group",
        "genuine pairs",
        "FNMR in the group",
    ]
    cells = [
        [
            r["group"],
            r["normalisation"],
            rate_name(r["fmr"]),
            f"{r['people']:,}",
            f"{r['pairs']:,}",
            f"{r['false_matches']:,}",
            _fmr(r),
            f"{r['genuine']:,}",
            _fnmr(r),
        ]
        for r in rows
    ]
    return section(
        "By group",
        "分组结果",
        paragraph(
            "Both pictures of a pair are of the group; thresholds are those above, set on "
            "everybody. s-norm here has cohorts of everybody, drawn by lot (pairs are counted once "
            "for each of them), which is not how a gate works where the group sits an exam: "
            "a cohort of other people than the candidates' own can be worse than none.",
            "配对双方均属该组；阈值同上。此处归一化参照组取自全体，而非该组本身。",
        ),
        table(head, cells, 2),
    )


def _fmr(row: Report) -> Markup:
    ends = row["interval"]["fmr"]
    if not ends:
        return with_interval("0", ["0", scientific(3 / max(1, row["pairs"]))])
    measured = row["false_matches"] / max(1, row["pairs"])
    return with_interval(scientific(measured), [scientific(e) for e in ends])


def _fnmr(row: Report) -> Markup:
    ends = row["interval"]["fnmr"]
    if not row["genuine"] or not ends:
        return Markup("–")
    return with_interval(percent(row["missed"] / row["genuine"]), [percent(e) for e in ends])


def worst_pairs(report: Report) -> Markup:
    """Names only; what the set itself says against a label."""
    worst = report["worst"]
    if not worst["impostors"]:
        return Markup()
    head = ["first 前者", "second 后者", "score 得分", "cosine 余弦", "what the set says 说明"]
    both = [
        [
            [p["one"], p["other"], f"{p['score']:.3f}", f"{p['cosine']:.3f}", DOUBTS[p["doubt"]]]
            for p in worst[kind]
        ]
        for kind in ("impostors", "genuine")
    ]
    doubtful = ", ".join(worst["doubtful"]) or "none"
    return section(
        "The worst pairs",
        "最差配对",
        paragraph(f"Highest scores of different people ({worst['score']}).", "不同人的最高得分："),
        table(head, both[0], 2, last_words=True),
        paragraph("Lowest scores of one person.", "同一人的最低得分："),
        table(head, both[1], 2, last_words=True),
        paragraph(
            "A label is doubted only on evidence out of the set: one photograph under two names; "
            "two names as alike as the median pair of one person; a picture that no other picture "
            "of its person comes near (below the cosine of FMR 1e-3), while those agree among "
            "themselves or another person's picture is nearer. All figures above count these "
            f"labels as they stand. Pictures with a doubtful label by the last rule: {doubtful}.",
            "仅依据数据本身质疑标签；上述所有数字均按原标签计算。",
        ),
    )


def method(report: Report) -> Markup:
    """How it was measured, and with which networks."""
    made = report["made"]
    return section(
        "How it was measured",
        "测量方法",
        paragraph(
            "The gate's own code for still pictures: detector, landmarks, alignment, recogniser, "
            "fusion, s-norm. FMR is of pairs of pictures of different people, every pair counted; "
            "thresholds are the least score that no more than the target share passes. s-norm: "
            "five cohorts by lot, and from each pair's statistics the pair's own people are left "
            "out. A rate needs five false matches to be stated.",
            "使用闸机自身的静态图片流程；每个不同人配对均计入。",
        ),
        paragraph(
            f"{made['runtime']}; {made['seconds']:.0f} s, "
            f"peak memory {made['peak_mb']} MB. {made.get('note', '')}"
        ),
        networks_table(report),
        folded("The command 命令", paragraph(made["command"])),
    )


def networks_table(report: Report) -> Markup:
    """The networks that were measured, by SHA-256."""
    rows = [[n["name"], Markup("<code>{}</code>").format(n["sha256"])] for n in report["networks"]]
    return table(["network 模型", "SHA-256"], rows, 2)


def passed_over(title: str, odd: Sequence[Report]) -> Markup:
    """What a job passed over, at most `ODD_SHOWN` of it; nothing where there was none."""
    rows = [[o["where"], f"{o['en']} {o['zh']}"] for o in odd[:ODD_SHOWN]]
    if not rows:
        return Markup()
    more = len(odd) - len(rows)
    told = [paragraph(f"And {more:,} more.", f"另有 {more:,} 个。")] if more else []
    head = ["file 文件", "why 原因"]
    return section(title, "跳过的文件", table(head, rows, 2, last_words=True), *told)
