"""What the figures of live frames say in words, for the page and the terminal."""

from gate.calibration.number_text import percent, rate_name
from gate.core.json_types import JsonFields
from gate.core.reasons import ADVICE_TEXT, Advice

NAMED = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

_ANSWERS = {
    "no-face": ("No face was found", "未检测到人脸"),
    "several-faces": ("Several faces", "检测到多张人脸"),
}


def refusal_words(answer: str) -> tuple[str, str]:
    """The answer's name, and what the candidate reads, in both languages."""
    en, zh = _ANSWERS.get(answer) or ADVICE_TEXT[Advice(answer)][::-1]
    return answer, f"{en} {zh}"


def count_of(share: JsonFields) -> str:
    """`12 of 40`."""
    return f"{share['count']:,} of {share['of']:,}"


def share_words(share: JsonFields) -> str:
    """`30%; 95%: 17% to 47%`."""
    low, high = share["interval"]
    return f"{percent(share['share'])}; 95%: {percent(low)} to {percent(high)}"


def least_words(report: JsonFields) -> list[tuple[str, str]]:
    """What the recordings are too few for, in both languages; nothing where they bear out the
    target."""
    pairs = report["set"]["people"] * (report["set"]["people"] - 1)
    unsaid = [r for r in NAMED if r < report["least_fmr"]]
    said: list[tuple[str, str]] = []
    if unsaid and report["least_fmr"] > report["set"]["target"]:
        least = next((r for r in reversed(NAMED) if r >= report["least_fmr"]), None)
        below = "of any false match rate" if least is None else f"below {rate_name(least)}"
        zh = "任何误识率" if least is None else f"{rate_name(least)} 以下的误识率"
        said.append(
            (
                f"This says nothing {below}: {report['set']['people']} people make {pairs:,} pairs "
                f"of different people, and {rate_name(report['set']['target'])} takes "
                f"{round(3 / report['set']['target']):,}.",
                f"本次数据不能说明{zh}：{report['set']['people']} 人仅有 {pairs:,} 个配对。",
            )
        )
    return said
