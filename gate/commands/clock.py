"""exam-gate clock: whether the running gate's clock may be relied on, and an operator's word on it.

Before a roster is destroyed for good, its date must be confirmed by a second source. Where neither
the office nor the board's clock can, a person who looks at another clock does.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.staff import By, Config, Runtime, socket_of
from gate.commands.staff_pin import told, with_pin
from gate.config.settings import DEFAULT
from gate.platform.json_lines import Message

app = typer.Typer(
    no_args_is_help=True, help="The running gate's clock: status, confirm. 时钟：状态、确认日期。"
)


@app.command()
def status(
    config: Config = DEFAULT,
    runtime: Runtime = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """What the clock shows, who confirms it, and what a destruction waits for: exit 1 where the
    clock is not trusted. 时钟状态。"""
    said = _status(socket_of(config, runtime))
    clock, retention = said["clock"], said["retention"]
    if as_json:
        print(json.dumps({"clock": clock, "retention": retention}, ensure_ascii=False))
    else:
        print("\n".join(_lines(clock, retention)))
    raise typer.Exit(0 if clock["trusted"] else 1)


@app.command()
def confirm(
    day: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="Today, such as 2027-05-12.")
    ] = None,
    *,
    by: By,
    config: Config = DEFAULT,
    runtime: Runtime = None,
) -> None:
    """You have looked at another clock, and the date that the gate's clock shows is right. It
    counts for 24 hours and for this date alone, and is journaled with your name. Without DATE the
    gate's own is asked about. 确认日期。"""
    path = socket_of(config, runtime)
    shown = str(_status(path)["clock"]["at"])[:10]
    if day is None and sys.stdin.isatty():
        typer.confirm(f"Is today {shown} by another clock? 今天是 {shown} 吗？", abort=True)
    request = {"do": "confirm-clock", "date": day or shown, "by": by}
    done = asyncio.run(told(path, with_pin(path, request)))
    print(f"confirmed: {done['date']} by {by} 已确认")
    if "steady" in done["wanting"]:
        print(
            f"The clock has been steady for {done['steady_s'] // 60} min; nothing is destroyed "
            "before 60. 时钟稳定满一小时后方可销毁。"
        )


def _status(path: Path) -> Message:
    return asyncio.run(told(path, {"ask": "status"}))


def _lines(clock: Message, retention: Message) -> list[str]:
    trusted = "trusted 已校准" if clock["trusted"] else "NOT trusted 未校准"
    confirmed = ", ".join(clock["confirmed_by"]) or "nobody 无"
    why = "" if clock["why"] is None else f" ({clock['why']})"
    return [
        f"{clock['at']} {clock['timezone']} {trusted}{why}, for {clock['since_s'] // 60} min",
        f"board's clock 板载时钟: {clock['board']}",
        *([f"{clock['behind_s']} s behind the journal 早于记录"] if clock["behind_s"] else []),
        f"trusted without a step for {clock['steady_s'] // 60} min",
        f"date confirmed by: {confirmed}",
        *([f"{retention['zh']} {retention['en']}"] if retention.get("over") else []),
    ]
