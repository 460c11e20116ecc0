"""The partitions of PostgreSQL's `event`, one for each sitting, made when its first event comes."""

from collections.abc import Iterable

from gate.sync.envelope import ID
from office.store.connection import Database

_KNOWN = "SELECT to_regclass(:name) IS NOT NULL"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('exam-office partition'))"


def partition_of(sitting: str) -> str:
    """The name of its table. `sitting` is an id: lower case, digits, hyphens, at most 64."""
    return f"event_{sitting}" if len(sitting) < 57 else f"event_{sitting[:40]}_{_short(sitting)}"


def _short(sitting: str) -> str:
    import hashlib

    return hashlib.sha256(sitting.encode()).hexdigest()[:16]


def make_partitions(database: Database, sittings: Iterable[str]) -> None:
    """Those that are not there yet, within a transaction. ATTACH leaves readers and writers of
    other sittings alone. ValueError for a sitting that is no id; SQLAlchemy's errors."""
    for sitting in sorted(sittings):
        name = partition_of(sitting)
        if name in database.made:
            continue
        if not ID.fullmatch(sitting):
            raise ValueError(f"no id of an exam: {sitting!r:.80}")
        quoted = f'"{name}"'
        if not database.execute(_KNOWN, name=quoted).scalar():
            database.execute(_LOCK)
            if not database.execute(_KNOWN, name=quoted).scalar():
                like = "LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
                database.execute(f"CREATE TABLE {quoted} ({like})")
                database.execute(
                    f"ALTER TABLE event ATTACH PARTITION {quoted} FOR VALUES IN ('{sitting}')"
                )
        database.made.add(name)
