"""What the spectator sees: one line a person, the figures, and the last line that counts."""

import json
from pathlib import Path

from rich.console import Console
from rich.text import Text

from demo.ending import Ending, lateness, timings
from demo.judge import Seen
from demo.sockets import JsonObject, Message

COLOURS = {"ADMIT": "bold green", "REFER": "bold yellow", "REFUSE": "bold red"}
HEAD = (
    "  ",
    "No",
    "card 证件",
    "score 相似度",
    "decision 结论",
    "reason 原因",
    "lamps 灯",
    "buzzer",
    "ms",
)
WIDTHS = (2, 3, 12, 14, 8, 22, 32, 11, 7)


class Screen:
    """A line appears as soon as its person is done."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, style="dim", soft_wrap=True)

    def head(self) -> None:
        self._line([Text(h, style="bold") for h in HEAD])

    def row(self, seen: Seen) -> None:
        self.say(f"   {seen.row.en} · {seen.row.zh}")
        self._line(_board_cells(seen) if seen.row.is_at_board else _cells(seen))
        if seen.decision and seen.verdict and seen.then_shown:
            self._line(_verdict_cells(seen))
        for fault in seen.wrong:
            self._console.print(f"      {fault}", markup=False, style="bold red", soft_wrap=True)

    def _line(self, cells: list[Text]) -> None:
        for cell, width in zip(cells, WIDTHS, strict=True):
            cell.truncate(width, pad=True)
        self._console.print(Text(" ").join(cells), no_wrap=True, overflow="ignore", crop=False)

    def figures(self, facts: JsonObject) -> None:
        for part, values in facts["timings"].items():
            if isinstance(values, dict):
                self.say(
                    f"  {part:8} median {values['median']:8.2f} ms   p95 {values['p95']:8.2f} ms"
                )
        self.say(
            f"  over {facts['timings']['decisions']} decisions whose face was already seen "
            "(the journal is in memory here: disk is SQLite's part alone); "
            f"gate {facts['rss_mb']} MB resident, {facts['idle_cpu_percent']}% of a core idle"
        )

        late = facts["lateness"]
        if late["edges"]:
            self.say(
                f"  lamps late by their schedule: median {late['median_ms']} ms, "
                f"worst {late['worst_ms']} ms over {late['edges']} edges, "
                f"{late['missing_flashes']} flashes missing"
            )

    def last(self, facts: JsonObject) -> None:
        for fault in facts["wrong"]:
            self._console.print(f"  {fault}", markup=False, style="bold red", soft_wrap=True)
        self._console.print(facts["line"], markup=False, soft_wrap=True)


def _cells(seen: Seen) -> list[Text]:
    decision = seen.decision or {}
    outcome = str(decision.get("outcome") or "—")
    total = (decision.get("ms") or {}).get("total")
    shown = seen.shown
    return [
        Text("✓", style="green") if seen.as_expected else Text("✗", style="bold red"),
        Text(f"{seen.row.number:2}"),
        Text(seen.row.card),
        Text(_score(decision)),
        Text(outcome, style=COLOURS.get(outcome, "dim")),
        Text(str(decision.get("reason") or seen.row.expect.reason)),
        Text((shown.lamps if shown else None) or "?"),
        Text((shown.buzzer if shown else None) or "?"),
        Text("" if total is None else f"{total:.1f}", justify="right"),
    ]


def _board_cells(seen: Seen) -> list[Text]:
    first, number, *_ = _cells(seen)
    shown = [f"{place.partition(' ')[2] or place} {text}" for place, text in seen.board.items()]
    rest = ["看板 board", "", "", "", " · ".join(shown), "", ""]
    return [first, number, *map(Text, rest)]


def _verdict_cells(seen: Seen) -> list[Text]:
    verdict, shown = seen.verdict or {}, seen.then_shown
    outcome = str(verdict.get("outcome") or "—")
    return [
        Text(" "),
        Text("  "),
        Text("监考员 staff"),
        Text(str(verdict.get("by") or "")),
        Text(outcome, style=COLOURS.get(outcome, "dim")),
        Text(str(verdict.get("reason") or "")),
        Text((shown.lamps if shown else None) or "?"),
        Text((shown.buzzer if shown else None) or "?"),
        Text(""),
    ]


def _score(decision: Message) -> str:
    """The deciding score against its threshold, and the attempt where it was not the first. The
    raw score against its floor where only that was missed."""
    value = decision.get("normalised")
    value = decision.get("score") if value is None else value
    attempt = decision.get("attempt") or 0
    nth = f" #{attempt}" if attempt > 1 else ""
    if value is None:
        return f"—{nth}"
    floor = decision.get("floor")
    if floor is not None and value >= decision["threshold"] and decision["score"] < floor:
        return f"{decision['score']:.2f}<{floor:.2f}{nth}"
    sign = "≥" if value >= decision["threshold"] else "<"
    return f"{value:.2f}{sign}{decision['threshold']:.2f}{nth}"


def facts(morning: list[Seen], planned: int, ending: Ending) -> JsonObject:
    """What --json writes: the same as was shown. `ok` is the exit code's reason."""
    right = sum(s.as_expected for s in morning)
    ok = right == planned == len(morning) and not ending.wrong and ending.gate_events > 0
    line = (
        f"demo: {right} of {planned} as expected; gate {ending.gate_events} events, "
        f"office {ending.office_events} events, {ending.missing} missing, chain {ending.chain}"
    )
    return {
        "ok": ok,
        "line": line,
        "expected": planned,
        "as_expected": right,
        "gate_events": ending.gate_events,
        "office_events": ending.office_events,
        "missing": ending.missing,
        "chain": ending.chain,
        "timings": timings(morning),
        "lateness": lateness(morning),
        "rss_mb": ending.rss_mb,
        "idle_cpu_percent": ending.idle_cpu_percent,
        "stopped_with": ending.stopped_with,
        "wrong": ending.wrong,
        "rows": [_fact(s) for s in morning],
    }


def _fact(seen: Seen) -> JsonObject:
    shown, then = seen.shown, seen.then_shown
    return {
        "row": seen.row.number,
        "zh": seen.row.zh,
        "en": seen.row.en,
        "card": seen.row.card,
        "as_expected": seen.as_expected,
        "wrong": seen.wrong,
        "lamps": shown.lamps if shown else None,
        "buzzer": shown.buzzer if shown else None,
        "barrier": shown.barrier if shown else None,
        "late_ms": [round(s * 1000, 1) for s in shown.late_s] if shown else [],
        "asked_again": seen.asked,
        "board": seen.board,
        "took_s": seen.took_s,
        "decision": seen.decision,
        "verdict": seen.verdict,
        "verdict_lamps": then.lamps if then else None,
    }


def write_json(path: Path, shown: JsonObject) -> None:
    path.write_text(json.dumps(shown, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
