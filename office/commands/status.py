"""exam-office status: the board in a terminal."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.core.json_types import JsonObject
from office.home import Home, default_home

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = ("gates", "ready", "late", "silent", "never", "unsent")


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
    console.print(f"{whole['zh']} {whole['en']}")
    console.print(
        f"存疑未处理 Doubtful cases open: {cases['open']} / {cases['all']}   "
        f"告警无人处理 Alerts untaken: {alerts['untaken']} / {alerts['all']}"
    )
    console.print(_papers(found))
    console.print(_sites(found))


def _papers(found: JsonObject) -> "Table":
    from rich.table import Table

    table = Table("科目 Paper", "已入场 Admitted", "应到 Expected")
    for paper in found["papers"]:
        wanted = "—" if paper["expected"] is None else str(paper["expected"])
        table.add_row(f"{paper['exam']} {paper['paper']}", str(paper["admitted"]), wanted)
    return table


def _sites(found: JsonObject) -> "Table":
    from rich.table import Table

    heads = ("闸机 Gates", "就绪 Ready", "迟报 Late", "失联 Silent", "未上线 Never", "未送 Unsent")
    table = Table("考点 Site", *heads)
    for site in found["sites"]:
        table.add_row(site["site"], *(str(site[name]) for name in _COLUMNS))
    return table
