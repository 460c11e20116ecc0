"""Opening the office's database, and noticing that it is not the one that was here.

`office/database.json` outlives the database. It says that there is one, and the highest generation
that was begun. A database that is gone, or empty, is not begun anew unless somebody says so.
Otherwise every gate would send all that it has again, and nobody would miss what only the office
had.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from gate.errors import GateError, InputDamaged, StorageDamaged, UsageError
from gate.platform.durable_files import write_file
from gate.platform.json_values import decode_json
from gate.platform.regular_file import read_regular
from office.home import Home
from office.store.database import OfficeStore
from office.store.locks import WriterLock
from office.store.place import chosen, shown
from office.store.store_errors import refused

_RECORD_BYTES_MAX = 1 << 16


@dataclass(frozen=True, slots=True)
class DatabaseNote:
    """What is noted beside the database.

    `generation`: the highest begun here; 0 before the first.
    """

    generation: int = 0


def open_received(home: Home) -> OfficeStore:
    """What was received, for a look at it. InputDamaged where nothing ever was; StorageDamaged
    where something was and is gone; UsageError for a URL of something else."""
    place = chosen(home)
    if isinstance(place, str):
        store = OfficeStore(place)
        _refuse_empty(home, store)
        if store.generation() is None and not store.journals():
            store.__exit__()
            raise _nothing_yet(shown(place))
        return store
    _refuse_lost(home, place)
    if not place.exists():
        raise _nothing_yet(str(place))
    return OfficeStore(place)


def has_received(home: Home) -> bool:
    """Whether there is a database that holds something. UsageError for a URL of something else;
    StorageRefused, StorageDamaged."""
    place = chosen(home)
    if isinstance(place, Path):
        return _size(place) > 0
    with OfficeStore(place) as store:
        return store.generation() is not None or bool(store.journals())


def _nothing_yet(name: str) -> InputDamaged:
    return InputDamaged(
        f"Nothing was received yet: there is no {name}.", f"尚未收到任何数据：没有 {name}。"
    )


def open_receiving(home: Home, *, new: bool = False) -> OfficeStore:
    """To store what comes. `new`: begin an empty database in place of one that is gone.
    StorageDamaged where one is gone and `new` was not said. UsageError where it was said and one
    is there, and for a URL of something else."""
    place = chosen(home)
    if isinstance(place, str):
        store = OfficeStore(place)
        if not new:
            _refuse_empty(home, store)
        elif store.generation() is not None:
            store.__exit__()
            raise _not_new(shown(place))
        return store
    if new and _size(place):
        raise _not_new(str(place))
    if not new:
        _refuse_lost(home, place)
    _begin(home, place)
    return OfficeStore(place)


def _not_new(name: str) -> UsageError:
    return UsageError(
        f"{name} is there and not empty: move it away first, or leave out --new-database.",
        f"{name} 已存在且非空：请先移走，或去掉 --new-database。",
    )


def _refuse_empty(home: Home, store: OfficeStore) -> None:
    """An empty database of PostgreSQL where this home remembers a full one."""
    if store.generation() is None and read_record(home).generation:
        name = shown(store.database.place)
        store.__exit__()
        raise StorageDamaged(
            f"The office's database {name} is empty, and something was received here before: "
            "restore the last backup, or begin an empty one with exam-office receive "
            "--new-database; the gates then send again what they have.",
            f"考试中心数据库 {name} 为空，但此前已收到过数据：请恢复最近的备份，或用 exam-office "
            "receive --new-database 新建空库，闸机会重新发送。",
        )


def begin_generation(home: Home, store: OfficeStore, now_ms: int, *, above: int = 0) -> int:
    """A new generation of the database: above `above` and every one that this home remembers,
    whatever a restored backup says and whatever the clock shows."""
    above = max(above, read_record(home).generation)
    generation = store.begin_generation(now_ms, above=above)
    note_generation(home, generation)
    return generation


def note_generation(home: Home, generation: int) -> None:
    """Durable when it returns. StorageRefused."""
    try:
        write_file(home.record, json.dumps({"generation": generation}).encode() + b"\n", 0o644)
    except OSError as e:
        raise refused(home.record, e) from e


def read_record(home: Home) -> DatabaseNote:
    """StorageDamaged where it cannot be read."""
    try:
        found = decode_json(read_regular(home.record, _RECORD_BYTES_MAX))
        return DatabaseNote(int(found["generation"]))
    except FileNotFoundError:
        return DatabaseNote()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as e:
        raise StorageDamaged(
            f"{home.record} cannot be read ({e}): restore it from the backup, or remove it.",
            f"无法读取 {home.record}：请从备份恢复，或删除该文件。",
        ) from e


def _refuse_lost(home: Home, database: Path) -> None:
    is_there = database.exists()
    log = database.with_name(f"{database.name}-wal")
    if _size(database) or not (is_there or read_record(home).generation or _size(log)):
        return
    what = "is empty (0 bytes)" if is_there else "is gone, and something was received here before"
    zh = "为空（0 字节）" if is_there else "不存在，但此前已收到过数据"
    raise StorageDamaged(
        f"The office's database {database} {what}: put the last backup in its place, or begin an "
        "empty one with exam-office receive --new-database; the gates then send again what they "
        "have.",
        f"考试中心数据库 {database} {zh}：请恢复最近的备份，或用 exam-office receive "
        "--new-database 新建空库，闸机会重新发送。",
    )


def _begin(home: Home, database: Path) -> None:
    """Unless there is one, an empty database under its name, whole or not there: a kill leaves none
    of 0 bytes."""
    staged = database.with_name(f".{database.name}.new")
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with WriterLock(database):
            if _size(database):
                return
            _remove(staged, "", "-wal", "-shm", "-journal")
            with OfficeStore(staged):
                pass
            _remove(staged, ".writing")
            _remove(database, "-wal", "-shm")  # of the one that is gone: not this one's
            staged.replace(database)
    except OSError as e:
        if isinstance(e, GateError):
            raise
        raise refused(database, e) from e


def _remove(path: Path, *ends: str) -> None:
    for end in ends:
        path.with_name(path.name + end).unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as e:
        raise refused(path, e) from e
