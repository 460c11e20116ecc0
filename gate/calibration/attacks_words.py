"""What a calibration of liveness comes to, in sentences of both languages. Pure."""

from gate.core.json_types import JsonFields


def overlap_words(report: JsonFields) -> tuple[str, str]:
    """One sentence in English and Chinese: which kinds overlap, and by how much."""
    said, said_zh = [], []
    for r in report["site"]:
        if r["kind"] in report["overlapping"]:
            count = f"{r['wrong']} of {r['recordings']} {r['kind']}"
            said.append(f"{count} {'turned away' if r['kind'] == 'live' else 'let in'}")
            said_zh.append(f"{r['kind']} {r['wrong']}/{r['recordings']}")
    allowed, depth = report["allowed"], abs(report["gap"])
    return (
        f"People and attacks overlap at the best bound ({', '.join(said)}; allowed "
        f"{allowed['bpcer']:.0%} and {allowed['apcer']:.0%}; the most living attack lies "
        f"{depth:.1f} above the least living person, in logits): nothing was calibrated, the "
        "makers' bound stays; a second camera or an action stops what a network cannot tell.",
        f"真人与攻击的得分重叠（{'，'.join(said_zh)}；相差 {depth:.1f}）：未标定，沿用默认阈值；"
        "请加装第二摄像头或使用动作活体检测。",
    )


def done_words(report: JsonFields) -> tuple[str, str]:
    """One sentence for a site that was calibrated."""
    return (
        f"Calibrated from {report['people']} people: put liveness.toml into the unit's state "
        "folder (paths.state).",
        f"已用 {report['people']} 人标定：请将 liveness.toml 放入本机的状态目录（paths.state）。",
    )


def not_shown_words(report: JsonFields) -> list[tuple[str, str]]:
    """One sentence for each kind of attack that nobody showed."""
    return [
        (
            f"{kind}: not shown, so nothing is known of it.",
            f"{kind}：未展示，效果未知。",
        )
        for kind in report["not_shown"]
    ]
