"""The events of a round, each with the hash of the one before."""

import hashlib
import json

from sqlalchemy import Connection, insert, select, update

from enrolment.store.tables import chains, events
from gate.core.json_types import JsonFields
from gate.errors import StorageDamaged

START = "0" * 64


def canonical(body: JsonFields) -> str:
    """One spelling of a body."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def lock(connection: Connection, round_id: str) -> None:
    """One writer of the round at a time, until the transaction ends. SQLite has one anyway."""
    if connection.dialect.name == "sqlite":
        return
    connection.execute(
        select(chains.c.seq).where(chains.c.round == round_id).with_for_update()
    ).one_or_none()


def append(
    connection: Connection, round_id: str, place: tuple[str, int, int], at: str, body: JsonFields
) -> int:
    """Adds an event; `place`: application, its version, version of the round. The event's seq."""
    head = connection.execute(
        select(chains.c.seq, chains.c.hash).where(chains.c.round == round_id).with_for_update()
    ).one()
    application, version, round_version = place
    text = canonical(body)
    row = {
        "round": round_id,
        "seq": head.seq + 1,
        "application": application,
        "version": version,
        "round_version": round_version,
        "at": at,
        "kind": body["kind"],
        "body": text,
        "prev": head.hash,
    }
    row["hash"] = _hash(row)
    connection.execute(insert(events).values(row))
    connection.execute(
        update(chains).where(chains.c.round == round_id).values(seq=row["seq"], hash=row["hash"])
    )
    return int(row["seq"])


def verify(connection: Connection, round_id: str) -> int:
    """How many events the round has, each in its place and unchanged. StorageDamaged."""
    prev, count = START, 0
    rows = connection.execute(
        select(events).where(events.c.round == round_id).order_by(events.c.seq)
    )
    for count, row in enumerate(rows.mappings(), 1):
        if row["seq"] != count or row["prev"] != prev or row["hash"] != _hash(dict(row)):
            raise _damaged(round_id, count)
        prev = row["hash"]
    head = connection.execute(
        select(chains.c.seq, chains.c.hash).where(chains.c.round == round_id)
    ).one_or_none()
    if head is None or (head.seq, head.hash) != (count, prev):
        raise _damaged(round_id, count)
    return count


_HASHED = ("round", "seq", "application", "version", "round_version", "at", "body", "prev")


def _hash(row: JsonFields) -> str:
    return hashlib.sha256(canonical({name: row[name] for name in _HASHED}).encode()).hexdigest()


def _damaged(round_id: str, seq: int) -> StorageDamaged:
    return StorageDamaged(
        f"The events of {round_id} were changed near {seq}: take the last good backup.",
        f"{round_id} 的事件记录在第 {seq} 条附近被改动：请使用最近的备份。",
        seq=seq,
    )
