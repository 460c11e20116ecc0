"""exam-office status: the board in a terminal."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.json_types import JsonObject
from office.home import Home, default_home

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = {
    "gates": ("闸机", "Gates"),
    "ready": ("就绪", "Ready"),
    "late": ("迟报", "Late"),
    "silent": ("失联", "Silent"),
    "never": ("未上线", "Never"),
    "unsent": ("未送", "Unsent"),
}
_COLOURS = {"green": "green", "yellow": "yellow", "red": "bold red", "grey": ""}


def status(
    home: Annotated[Path | None, typer.Option("--home", help="The office's folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Sites, papers, cases, alerts and completeness, once. 考务状态一览。"""
    from rich.console import Console

    from office.board.board_feed import BoardFeed

    feed = BoardFeed(Home(home or default_home()))
    found = feed.look_once()
    if as_json:
        print(json.dumps(found | {"gates": feed.gates}, ensure_ascii=False, default=str))
        return
    console = Console(markup=False, highlight=False)
    whole, cases, alerts = found["completeness"], found["cases"], found["alerts"]
    for said in (whole["zh"], whole["en"]):
        console.print(said, style=_COLOURS[whole["light"]])
    console.print(f"存疑未处理 Doubtful cases open: {cases['open']} / {cases['all']}")
    console.print(f"告警无人处理 Alerts untaken: {alerts['untaken']} / {alerts['all']}")
    console.print(papers_table(found))
    console.print(sites_table(found))


def papers_table(found: JsonObject) -> "Table":
    """People let in and expected, by paper."""
    table = _table(("科目", "Paper"), ("已入场", "Admitted"), ("应到", "Expected"))
    for paper in found["papers"]:
        wanted = "—" if paper["expected"] is None else str(paper["expected"])
        table.add_row(f"{paper['exam']} {paper['paper']}", str(paper["admitted"]), wanted)
    return table


def sites_table(found: JsonObject) -> "Table":
    """Those where something is wrong stand first, in red."""
    table = _table(("考点", "Site"), *_COLUMNS.values())
    for site in sorted(found["sites"], key=lambda s: (not _is_troubled(s), s["site"])):
        style = "red" if _is_troubled(site) else ""
        table.add_row(site["site"], *(str(site[name]) for name in _COLUMNS), style=style)
    total = {name: sum(int(site[name]) for site in found["sites"]) for name in _COLUMNS}
    table.add_section()
    table.add_row("合计 All", *map(str, total.values()), style="bold")
    return table


def _is_troubled(site: JsonObject) -> bool:
    return bool(site["silent"] or site["never"] or site["clock_wrong"] or site["disk_low"])


def _table(name: tuple[str, str], *figures: tuple[str, str]) -> "Table":
    """A name at the left, which is never cut while there is room, and figures. Heads are Chinese
    over English: seven columns fit into 80."""
    from rich.table import Table

    table = Table()
    table.add_column("\n".join(name), no_wrap=True)
    for head in figures:
        table.add_column("\n".join(head), justify="right", no_wrap=True)
    return table
