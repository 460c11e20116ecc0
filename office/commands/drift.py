"""exam-office drift: refer rates, attempts, seconds and reactions of every gate, day by day."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from office.home import Home, default_home

if TYPE_CHECKING:
    from office.audit.drift import GateDay


def drift(
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    day: Annotated[str | None, typer.Option(help="Only this day, such as 2027-04-10.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare the gates by what they have sent: exit 1 where one of them differs from the others
    beyond chance. 各闸机运行指标对比。"""
    from office.audit.drift import FAMILY_ALPHA, compare, daily_counts
    from office.store.opening import open_received

    with open_received(Home(home or default_home())) as store:
        journals = store.journals()
        found = compare(daily_counts(e for j in journals for e in store.events(*j)), day)
    if as_json:
        rows = [dataclasses.asdict(row) for row in found]
        print(json.dumps({"alpha": FAMILY_ALPHA, "test": "fisher-bonferroni", "gates": rows}))
    else:
        _show(found, FAMILY_ALPHA)
    raise typer.Exit(1 if any(row.differs for row in found) else 0)


def _show(found: "list[GateDay]", alpha: float) -> None:
    from rich.console import Console
    from rich.table import Table

    if not found:
        print("No decision was received yet. 尚未收到任何判定。")
        return
    caption = f"* differs from the other gates of its day; false alarms: {alpha:.0%} of reports"
    table = Table(caption=caption)
    for name in (
        "day",
        "gate",
        "people",
        "refer",
        "",
        "tries",
        "median s",
        "95% s",
        "typed",
        "react s",
    ):
        table.add_column(name, justify="left" if name in ("day", "gate") else "right")
    for row in found:
        f = row.figures
        table.add_row(
            row.day,
            row.gate,
            str(f["decisions"]),
            _share(f["refer_rate"]),
            f"* {row.differs}" if row.differs else "",
            _number(f["attempts_mean"]),
            _number(f["seconds_median"]),
            _number(f["seconds_p95"]),
            _share(f["typed_share"]),
            _number(f["reaction_median_s"]),
        )
    Console(width=100).print(table)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
