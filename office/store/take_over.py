"""An office's SQLite file taken over into another database: every row copied, then compared.

The file may be of a program before SQLAlchemy (numbered SQL steps 1 to 5) or of this one. It is
only read. The copy is one transaction: either all of it stands, counted and hashed, or nothing.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from gate.core.json_types import JsonValue
from gate.core.records import JournalEvent
from gate.errors import InputDamaged, InputRejected, StorageBroken, UsageError
from gate.sync.heartbeat import read_heartbeat
from office.store.connection import Database
from office.store.database import OfficeStore
from office.store.event_rows import event_row
from office.store.kept_gates import state_row
from office.store.kept_proofs import as_written
from office.store.place import Place, shown

_AT_ONCE = 2000

TABLES = {
    "office": ("one", "generation"),
    "event": ("gate", "epoch", "seq", "prev", "hash", "event", "received"),
    "conflict": ("gate", "epoch", "seq", "prev", "hash", "event", "received"),
    "mark": ("gate", "epoch", "exam", "site", "high", "head", "heard"),
    "signed_head": (
        *("gate", "epoch", "first", "last", "prev", "head", "hist", "key", "sig", "beside"),
    ),
    "claim": ("gate", "epoch", "seq", "head", "forked", "beat", "received"),
    "gate_key": ("gate", "key", "word"),
    "receipt": ("gate", "epoch", "generation", "high", "head", "receipt"),
    "settlement": ("exam", "decision", "number", "record", "sig"),
    "command": ("id", "verb", "expires", "record"),
    "command_target": ("id", "gate"),
    "command_result": ("id", "gate", "number", "result", "detail", "received", "record"),
    "gate_said": ("gate", "part", "exam", "site", "received", "payload"),
    "gate_state": (
        *("gate", "epoch", "exam", "site", "heard", "said", "said_head", "oldest_unsent_at"),
        *("clock", "disk_free_mb", "roster_version", "version", "beat"),
    ),
    "alert": (
        *("kind", "gate", "epoch", "seq", "what", "exam", "site", "first_at", "last_at", "times"),
        *("detail", "zh", "taken_by", "taken_at"),
    ),
}
"""What an earlier version kept, by table. A column that it had not yet is empty there. Heartbeats
stood in `gate_said` before `gate_state` had a column for them."""
_KEYS = {
    "office": "one",
    "event": "gate, epoch, seq",
    "conflict": "gate, epoch, seq, hash",
    "mark": "gate, epoch",
    "signed_head": "gate, epoch, last, head, first",
    "claim": "gate, epoch, seq, head",
    "gate_key": "gate, key",
    "receipt": "gate, epoch, high, head, generation",
    "settlement": "exam, decision, number",
    "command": "id",
    "command_target": "id, gate",
    "command_result": "id, gate, number",
    "gate_said": "gate, part",
    "gate_state": "gate",
    "alert": "kind, gate, epoch, seq, what",
}
_ABSENT = {"prev": "''", "beside": "'{}'"}


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was copied. `tables`: the name of each to its rows and their SHA-256, hex, which is the
    same on both sides."""

    tables: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many events were taken over."""
        return self.tables["event"][0]


def take_over(source: Path, target: Place) -> TakenOver:
    """Copies everything of the office's SQLite file `source` into the empty database `target`.

    InputDamaged where `source` is no office's database; UsageError where `target` is not empty;
    StorageBroken where what was written is not what was read; StorageRefused, StorageDamaged.
    """
    with closing(_opened(source)) as old, OfficeStore(target) as store:
        database = store.database
        if store.generation() is not None or store.journals():
            name = shown(target)
            raise UsageError(
                f"{name} holds an office's data already: name an empty database.",
                f"{name} 已有考试中心数据：请指定空数据库。",
            )
        with store.transaction():
            sittings = {(g, e): exam for g, e, exam in _select(old, "mark", "gate, epoch, exam")}
            for table, columns in TABLES.items():
                rows = _rows(old, table, columns)
                if table == "event":
                    _write_events(store, rows, sittings)
                else:
                    _write(database, old, table, columns, rows)
            return _compared(old, database)


def _opened(source: Path) -> sqlite3.Connection:
    try:
        old = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
        old.text_factory = _readable
        old.execute("BEGIN")
        if _columns(old, "event") and _columns(old, "mark"):
            return old
        old.close()
        why = "it has no events"
    except sqlite3.Error as e:
        why = str(e)
    raise InputDamaged(
        f"{source} is no office's database ({why}): name the file that was received into.",
        f"{source} 不是考试中心数据库（{why}）：请指定正确的文件。",
    )


def _readable(raw: bytes) -> str:
    """PostgreSQL takes neither NUL nor bytes that are no UTF-8; nothing that a gate signs has
    them."""
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def _columns(old: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in old.execute(f"PRAGMA table_info({table})")}


def _select(old: sqlite3.Connection, table: str, what: str) -> Iterator[tuple[JsonValue, ...]]:
    return iter(old.execute(f"SELECT {what} FROM {table} ORDER BY {_KEYS[table]}"))


def _rows(
    old: sqlite3.Connection, table: str, columns: Iterable[str]
) -> Iterator[tuple[JsonValue, ...]]:
    there = _columns(old, table)
    if table in ("gate_said", "gate_state") and "beat" not in _columns(old, "gate_state"):
        return _said_before(old, table, columns)
    if not there:
        return iter(())
    what = ", ".join(c if c in there else _ABSENT[c] for c in columns)
    return _select(old, table, what)


def _said_before(
    old: sqlite3.Connection, table: str, columns: Iterable[str]
) -> Iterator[tuple[JsonValue, ...]]:
    """Rows of either table from `gate_said` of an earlier version, which may have none."""
    if not _columns(old, "gate_said"):
        return
    names = TABLES["gate_said"]
    for row in _select(old, "gate_said", ", ".join(names)):
        _, part, exam, site, received, payload = row
        if table == "gate_said" and part != "hb":
            yield row
        elif table == "gate_state" and part == "hb":
            try:
                beat = read_heartbeat(payload.encode())
            except InputRejected:  # no heartbeat of ours: the gate says another in a minute
                continue
            kept = state_row(beat, payload.encode(), exam, site, received)
            yield tuple(kept[name] for name in columns)


def _write_events(
    store: OfficeStore, rows: Iterator[tuple[JsonValue, ...]], sittings: dict[tuple[str, str], str]
) -> None:
    while some := list(islice(rows, _AT_ONCE)):
        made = []
        for gate, epoch, seq, prev, digest, text, received in some:
            read = as_written(text) or cast(JournalEvent, {})
            place = {"gate": gate, "epoch": epoch, "seq": seq, "prev": prev, "hash": digest}
            event = cast(JournalEvent, {**read, **place})
            sitting = sittings.get((gate, epoch), "unknown")
            made.append(event_row(event, received=received, sitting=sitting, text=text))
        store.write_events(made)


def _write(
    database: Database,
    old: sqlite3.Connection,
    table: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple[JsonValue, ...]],
) -> None:
    more: tuple[str, ...] = ()
    tops: dict[tuple[str, str], int] = {}
    if table == "mark":
        more = ("sitting", "top")
        tops = {(g, e): n for g, e, n in _tops(old)}
    names = (*columns, *more)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})"
    while some := list(islice(rows, _AT_ONCE)):
        written = [dict(zip(columns, row, strict=True)) for row in some]
        for row in written if more else ():
            top = max(tops.get((row["gate"], row["epoch"]), 0), row["high"])
            row |= {"sitting": row["exam"], "top": top}
        database.execute_rows(sql, written)


def _tops(old: sqlite3.Connection) -> Iterable[tuple[str, str, int]]:
    return old.execute("SELECT gate, epoch, max(seq) FROM event GROUP BY gate, epoch")


def _compared(old: sqlite3.Connection, database: Database) -> TakenOver:
    """Both sides read again, in the order of their keys. StorageBroken where they differ."""
    found = {}
    for table, columns in TABLES.items():
        what = ", ".join(columns)
        there = database.execute(f"SELECT {what} FROM {table} ORDER BY {_KEYS[table]}")
        read, written = _digest(_rows(old, table, columns)), _digest(there)
        if read != written:
            raise StorageBroken(
                f"Table {table} was not copied whole ({read[0]} rows read, {written[0]} written): "
                "nothing was changed; check the disk, then try again.",
                f"表 {table} 未能完整复制（读取 {read[0]} 行，写入 {written[0]} 行）："
                "未作任何更改，请检查磁盘后重试。",
            )
        found[table] = read
    return TakenOver(found)


def _digest(rows: Iterable[JsonValue]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(json.dumps(list(row), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        count += 1
    return count, digest.hexdigest()
