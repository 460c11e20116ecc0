"""exam-gate signals: what lamps and buzzer say, for those who learn it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT

if TYPE_CHECKING:
    from gate.core.signal_guide import GuideRow
    from gate.ports import Signals

app = typer.Typer(no_args_is_help=True, help="Lamps and buzzer: play, card. 指示灯：演示、说明卡。")


@app.command()
def play(
    reasons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REASON]...", help="Only the patterns of these; else every one."),
    ] = None,
    *,
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="For each pattern.")] = 5.0,
) -> None:
    """Show each pattern on the lamps and say what it means, with the gate stopped. The barrier
    stays as it is. 逐一演示灯光和蜂鸣器的含义。"""
    from gate.config.settings import load
    from gate.wiring import real_signals

    rows, settings = _rows(reasons or []), load(config)

    async def shown() -> None:
        async with real_signals(settings.signals) as signals:
            await show_each(signals, rows, lambda: asyncio.sleep(seconds), print)

    asyncio.run(shown())


@app.command()
def card(
    out: Annotated[Path, typer.Option(help="The page, for A4 paper.")] = Path("signal-card.html"),
) -> None:
    """Write the card that hangs beside the gate, Chinese and English. 生成悬挂在闸机旁的说明卡。"""
    from gate.commands.output_file import write_output
    from gate.console.signal_card import signal_card
    from gate.core.signal_guide import signal_guide

    write_output(out, signal_card(signal_guide()).encode(), 0o644)
    print(f"{out}: print it on A4 paper. 请用 A4 纸打印。")


async def show_each(
    signals: "Signals",
    rows: "Iterable[GuideRow]",
    pause: Callable[[], Awaitable[None]],
    tell: Callable[[str], None],
) -> None:
    """Each pattern for one `pause`, told in both languages; dark at the end, however it ends."""
    from gate.core.reasons import IDLE

    try:
        for row in rows:
            tell("{}  {}".format(*row.seen))
            for zh, en in row.said:
                tell(f"    {zh}  {en}")
            tell("  → {}  {}".format(*row.staff_do))
            signals.show(row.pattern)
            await pause()
    finally:
        signals.show(IDLE)


def _rows(names: list[str]) -> "list[GuideRow]":
    """UsageError for a reason that there is not."""
    from gate.core.reasons import Reason
    from gate.core.signal_guide import signal_guide
    from gate.errors import UsageError

    wanted = {name.upper() for name in names}
    unknown = sorted(wanted - set(Reason))
    if unknown:
        raise UsageError(
            f"No reason is called {', '.join(unknown)}: {', '.join(Reason)}.",
            f"没有名为 {'、'.join(unknown)} 的原因。可用：{'、'.join(Reason)}。",
            unknown=unknown,
        )
    rows = signal_guide()
    return [row for row in rows if not wanted or wanted & set(row.reasons)]
