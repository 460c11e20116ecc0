"""exam-office keys."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from office.home import Home, default_home


def keys(
    home: Annotated[
        Path | None, typer.Option("--home", help="The office's folder; else EXAM_OFFICE_HOME.")
    ] = None,
    gate: Annotated[list[str] | None, typer.Option("--gate", help="Enrol this unit.")] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="Its site; else the id up to its last hyphen.")
    ] = None,
    broker: Annotated[
        list[str] | None, typer.Option("--broker", help="HOST or HOST:PORT of the broker.")
    ] = None,
    *,
    board: Annotated[
        list[str] | None, typer.Option("--board", help="Name or address of the board.")
    ] = None,
    not_before: Annotated[
        datetime | None, typer.Option(help="Certificates are valid from; else two years ago.")
    ] = None,
) -> None:
    """Make the keys and certificates that are missing; replace none. 生成密钥与证书。"""
    from gate.roster.repository import storage_refused
    from office.keys.certificates import BACKDATED
    from office.keys.key_files import make_keys

    place = Home(home or default_home())
    since = datetime.now(UTC) - BACKDATED if not_before is None else not_before.astimezone(UTC)
    with storage_refused(place.root):
        made = make_keys(
            place,
            gates=gate or (),
            site=site,
            broker=broker or (),
            board=board or (),
            not_before=since,
        )
    for path in made.files:
        print(f"made: {path}")
    if not made.files:
        print(f"Nothing was missing in {place.root}. 无需生成。")
    if made.lacking:
        print(
            f"The broker's certificate is not for {', '.join(made.lacking)}: remove "
            f"{place.broker / 'server.crt'} and run this again with every --broker name; units "
            "that have their gate.toml already keep the host that stands there. "
            "服务器证书不含上述名称：请删除后重新生成，并检查各闸机 gate.toml 中的 host。"
        )
        raise typer.Exit(1)
