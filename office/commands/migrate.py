"""exam-office migrate: an earlier office's database into today's schema, or into PostgreSQL."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gate.platform.program_end import say
from office.home import Home, default_home


def migrate(
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="The SQLite file to take over; else office.sqlite of home."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Take an office's SQLite file over into the database that --database names, or into today's
    schema in its own place. Counts and hashes are compared. 迁移考试中心数据库。"""
    from office.store.locks import ReceiveLock
    from office.store.migrating import migrated
    from office.store.place import chosen, shown

    place = Home(home or default_home())
    old, target = source or place.database, chosen(place)
    with ReceiveLock(place.root):
        done, kept = migrated(old, target)
    if as_json:
        tables = {name: {"rows": n, "sha256": d} for name, (n, d) in done.tables.items()}
        say(json.dumps({"from": str(kept), "to": shown(target), "tables": tables}))
        return
    rows = sum(count for count, _ in done.tables.values())
    say(
        f"{done.events} events, {rows} rows in all, are in {shown(target)}, compared by count and "
        f"hash. {kept} is as it was. 已迁移并核对 {rows} 行，原文件保留。"
    )
