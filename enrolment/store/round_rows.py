"""Rounds as they were described. A later description is a version of its own: what happened
before keeps the rules that were in force."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from enrolment.core.round import Round
from enrolment.rounds.round_data import round_from_toml
from enrolment.store.chain import START
from enrolment.store.instants import text_of
from enrolment.store.tables import chains, rounds
from gate.errors import NoSuchEntry


def save_round(
    connection: Connection, round_id: str, description: str, offices: str | None, at: datetime
) -> int:
    """Keeps the description; its version. The same one again is the same version."""
    known = connection.execute(
        select(rounds).where(rounds.c.round == round_id).order_by(rounds.c.version.desc()).limit(1)
    ).one_or_none()
    if known is not None and (known.description, known.offices) == (description, offices):
        return int(known.version)
    version = 1 if known is None else int(known.version) + 1
    connection.execute(
        insert(rounds).values(
            round=round_id,
            version=version,
            description=description,
            offices=offices,
            opened_at=text_of(at),
        )
    )
    if known is None:
        connection.execute(insert(chains).values(round=round_id, seq=0, hash=START))
    return version


def newest_version(connection: Connection, round_id: str) -> int:
    """The number of the newest description; 0 without any."""
    query = select(func.max(rounds.c.version)).where(rounds.c.round == round_id)
    return int(connection.execute(query).scalar_one() or 0)


def newest_round(connection: Connection) -> str:
    """The id of the round whose description came last. NoSuchEntry without any."""
    query = select(rounds.c.round).order_by(rounds.c.opened_at.desc()).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NoSuchEntry(
            "There is no round yet: exam-enrol open ROUND.toml.",
            "还没有报名批次：请先运行 exam-enrol open ROUND.toml。",
            matches=0,
        )
    return str(found)


def load_rounds(connection: Connection, round_id: str) -> dict[int, Round]:
    """Every version of a round. NoSuchEntry."""
    found = connection.execute(select(rounds).where(rounds.c.round == round_id)).all()
    if not found:
        raise NoSuchEntry(
            f"There is no round {round_id}: exam-enrol open ROUND.toml.",
            f"没有报名批次 {round_id}：请先运行 exam-enrol open ROUND.toml。",
            matches=0,
        )
    return {
        int(row.version): round_from_toml(row.description, round_id, row.offices) for row in found
    }


def mark_shredded(connection: Connection, round_id: str, at: datetime) -> None:
    """Notes that the round's key is gone."""
    connection.execute(
        update(chains).where(chains.c.round == round_id).values(shredded_at=text_of(at))
    )
