"""The rows of v_completeness as one light and one sentence. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gate.core.json_types import JsonObject

CONTRADICTS = ("conflict", "broken")
VERDICTS = {
    "complete": ("完整", "complete"),
    "missing": ("未到齐", "events are still to come"),
    "unclaimed": ("闸机未报总数", "the gate has not said how many"),
    "broken": ("链断裂", "the chain is broken"),
    "conflict": ("自相矛盾", "contradicts itself"),
}
"""Each verdict of v_completeness in Chinese and English."""


def light_of(rows: Iterable[Mapping[str, object]]) -> JsonObject:
    """`light` (green, yellow, red or grey), `zh`, `en`, `journals`, `complete`, `missing`.

    Red: a journal contradicts itself. Yellow: events are on their way, or a gate has not yet said
    how many it has. Green: every journal is here up to its gate's own last word.
    """
    listed = list(rows)
    verdicts = Counter(str(row["verdict"]) for row in listed)
    missing = sum(int(str(row["missing"] or 0)) for row in listed)
    total, complete = len(listed), verdicts["complete"]
    wrong = sum(verdicts[name] for name in CONTRADICTS)
    if not total:
        light, zh, en = "grey", "尚未收到任何日志。", "No journal was received yet."
    elif wrong:
        light = "red"
        zh = f"{total} 份日志中有 {wrong} 份自相矛盾：请查看告警。"
        en = f"{wrong} of {total} journals contradict themselves: see the alerts."
    elif complete == total:
        light = "green"
        zh = f"{total} 份日志全部完整，与各闸机自报一致，无缺口。"
        en = f"All {total} journals are here up to each gate's own last word, 0 gaps."
    elif not missing:
        light, untold = "yellow", total - complete
        zh = f"{total} 份日志中 {complete} 份完整；另 {untold} 份的闸机尚未报出总数。"
        en = f"{complete} of {total} journals are complete; of {untold} the gate has not said how "
        en += "many events it has."
    else:
        light = "yellow"
        zh = f"{total} 份日志中 {complete} 份完整；缺 {missing} 条记录，等待补传。"
        en = f"{complete} of {total} journals are complete; {missing} events are still to come."
    counts = {"journals": total, "complete": complete, "missing": missing}
    return {"light": light, "zh": zh, "en": en, **counts}
