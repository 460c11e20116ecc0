"""exam-office backup and restore: a copy of the database, and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from gate.platform.program_end import say
from office.home import Home, default_home

_Home = Annotated[Path | None, typer.Option(help="The office's folder.")]


def backup(
    out: Annotated[Path, typer.Option(help="The file that is written.")], home: _Home = None
) -> None:
    """Copy the database into one file; receive may go on. 备份考试中心数据库。"""
    from office.store.backup import back_up
    from office.store.opening import open_received
    from office.store.place import chosen, shown

    place = Home(home or default_home())
    with open_received(place) as store:
        generation = store.generation()
    back_up(chosen(place), out)
    size = out.stat().st_size / 2**20
    say(
        f"{shown(chosen(place))}, generation {generation}, is copied to {out} ({size:.1f} MiB). "
        "Copy the folder with the keys too. 已备份；密钥文件夹请另行备份。"
    )


def restore(
    file: Annotated[Path, typer.Argument(help="What exam-office backup wrote.")],
    home: _Home = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a SQLite file that is there.")
    ] = False,
) -> None:
    """Put a backup into the place of the database; gates send again what it lacks.
    恢复考试中心数据库。"""
    from office.store.backup import restore as restored
    from office.store.locks import ReceiveLock
    from office.store.opening import note_generation, read_record
    from office.store.place import chosen, shown

    place = Home(home or default_home())
    with ReceiveLock(place.root):
        generation = restored(file, chosen(place), replace=replace)
        highest = max(generation, read_record(place).generation)
        note_generation(place, highest)
    say(
        f"{file} stands at {shown(chosen(place))}, generation {generation}. The next receive "
        f"begins above {highest}, and gates send again what is missing. "
        "已恢复，闸机将补发缺失记录。"
    )
