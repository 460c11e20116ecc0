"""The journal's schema by numbered SQL files, each committed together with its own record."""

import hashlib
import sqlite3
from importlib.resources import files

from gate.errors import Refused


def steps() -> list[tuple[int, str]]:
    """Number and text of every schema file, in order."""
    found = [f for f in files("gate.store").joinpath("schema").iterdir() if f.name.endswith(".sql")]
    return sorted((int(f.name.removesuffix(".sql")), f.read_text(encoding="utf-8")) for f in found)


def migrate(db: sqlite3.Connection, known: list[tuple[int, str]]) -> None:
    """Bring `db` to the newest of `known`. Refused where the file is newer than this program.

    A step that fails leaves the file as it was before that step.
    """
    done = applied(db)
    newest = max(number for number, _ in known)
    if any(number > newest for number in done):
        raise Refused(
            "The journal was written by a newer exam-gate: install that version again.",
            "日志由更新版本的 exam-gate 写入：请重新安装该版本。",
            version=max(done), known=newest,
        )  # fmt: skip
    for number, text in known:
        if number not in done:
            _apply(db, number, text)


def applied(db: sqlite3.Connection) -> set[int]:
    """The numbers of the steps that `db` has taken; empty for a new file."""
    table = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_record'").fetchone()
    if table is None:
        return set()
    return {row[0] for row in db.execute("SELECT version FROM schema_record")}


def _apply(db: sqlite3.Connection, number: int, text: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        db.executescript(
            f"BEGIN IMMEDIATE;\n{text}\n"
            f"INSERT INTO schema_record VALUES ({number:d}, '{digest}');\nCOMMIT;"
        )
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
