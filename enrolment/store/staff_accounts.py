"""Staff who may sign in at the portal, and what they did: accounts and a chained audit log."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.portal_tables import audit, staff
from gate.errors import StorageDamaged
from gate.roster.pin_hashes import pin_fits

ROLES = ("reviewer", "chief")
"""reviewer: decides the cases of the districts. chief: figures, offices and the log, too."""
PASSWORD_MIN, PASSWORD_MAX = 10, 128
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A member of staff and the districts that are theirs."""

    name: str
    role: str
    districts: frozenset[str]


def keep_account(engine: Engine, account: StaffAccount, password_hash: str) -> None:
    """Adds the account, or gives it another role, districts and password."""
    with writing(engine) as connection:
        connection.execute(delete(staff).where(staff.c.name == account.name))
        connection.execute(
            insert(staff).values(
                name=account.name,
                role=account.role,
                districts=" ".join(sorted(account.districts)),
                password_hash=password_hash,
            )
        )


def account_named(engine: Engine, name: str) -> StaffAccount | None:
    """The account, None where there is none."""
    with reading(engine) as connection:
        row = connection.execute(select(staff).where(staff.c.name == name)).one_or_none()
    if row is None:
        return None
    return StaffAccount(row.name, row.role, frozenset(row.districts.split()))


def opened_by(engine: Engine, name: str, password: str) -> StaffAccount | None:
    """The account that `password` opens. Takes as long for a name that is unknown."""
    with reading(engine) as connection:
        known = connection.execute(
            select(staff.c.password_hash).where(staff.c.name == name)
        ).scalar_one_or_none()
    if len(password) > PASSWORD_MAX or not pin_fits(known, password):
        return None
    return account_named(engine, name)


def note(engine: Engine, at: datetime, who: str, did: str, about: str = "") -> None:
    """Adds a line to the audit log."""
    with writing(engine) as connection:
        head = connection.execute(
            select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
        ).one_or_none()
        row: dict[str, str | int] = {
            "seq": 1 if head is None else head.seq + 1,
            "at": text_of(at),
            "who": who,
            "did": did,
            "about": about,
            "prev": _START if head is None else head.hash,
        }
        connection.execute(insert(audit).values(**row, hash=_hash(row)))


def verified_notes(engine: Engine) -> list[dict[str, str]]:
    """The whole audit log, the oldest first. StorageDamaged where a line was changed."""
    prev, found = _START, []
    with reading(engine) as connection:
        rows = connection.execute(select(audit).order_by(audit.c.seq)).mappings().all()
    for seq, row in enumerate(rows, 1):
        if row["seq"] != seq or row["prev"] != prev or row["hash"] != _hash(dict(row)):
            raise StorageDamaged(
                f"The audit log was changed near {seq}: take the last good backup.",
                f"操作记录在第 {seq} 条附近被改动：请使用最近的备份。",
                seq=seq,
            )
        prev = row["hash"]
        found.append({name: str(row[name]) for name in ("at", "who", "did", "about")})
    return found


def _hash(row: dict[str, str | int]) -> str:
    told = [row[name] for name in ("seq", "at", "who", "did", "about", "prev")]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
