"""The journal's schema by numbered SQL files, each committed together with its own record."""

import hashlib
import sqlite3
from importlib.resources import files

from gate.errors import Refused

_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ')"


def steps() -> list[tuple[int, str]]:
    """Number and text of every schema file, in order."""
    found = [f for f in files("gate.store").joinpath("schema").iterdir() if f.name.endswith(".sql")]
    return sorted((int(f.name.removesuffix(".sql")), f.read_text(encoding="utf-8")) for f in found)


def migrate(db: sqlite3.Connection, known: list[tuple[int, str]]) -> None:
    """Brings `db` to the newest of `known`, in one transaction.

    Where a step fails, the file stays as it was and the earlier program can use it. Refused: a step
    does not fit, or as `refuse_unknown` says. sqlite3.Error: anything that is not the step's fault.
    """
    refuse_unknown(db, known)
    done = applied(db)
    wanted = [(number, text) for number, text in known if number not in done]
    if wanted:
        _apply(db, wanted)


def refuse_unknown(db: sqlite3.Connection, known: list[tuple[int, str]]) -> None:
    """Refused where the file is newer than this program, or has taken another step."""
    done = applied(db)
    newest = max(number for number, _ in known)
    if any(number > newest for number in done):
        raise Refused(
            "The journal was written by a newer exam-gate: install that version again.",
            "日志由更新版本的 exam-gate 写入：请重新安装该版本。",
            version=max(done),
            known=newest,
        )
    for number, text in known:
        if done.get(number, digest(text)) != digest(text):
            raise _unfit(number, "the file has taken another step of this number")


def applied(db: sqlite3.Connection) -> dict[int, str]:
    """The steps that `db` has taken, number to SHA-256; empty for a new file."""
    table = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_record'").fetchone()
    if table is None:
        return {}
    return dict(db.execute("SELECT version, sha256 FROM schema_record").fetchall())


def _apply(db: sqlite3.Connection, wanted: list[tuple[int, str]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    number = 0
    try:
        for number, text in wanted:
            for statement in _statements(text):
                db.execute(statement)
            db.execute(
                "INSERT INTO schema_record (version, sha256) VALUES (?, ?)", (number, digest(text))
            )
        if number > 1:  # the first step's table has no room for a time
            db.execute(f"UPDATE schema_record SET at = {_NOW} WHERE at = ''")
        db.execute("COMMIT")
    except sqlite3.Error as e:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if e.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT):
            raise _unfit(number, str(e)) from e
        raise


def _statements(text: str) -> list[str]:
    """executescript() would commit what is under way first."""
    found, begun = [], ""
    for line in text.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return [*found, begun] if begun.strip() else found


def digest(text: str) -> str:
    """SHA-256 of `text`, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _unfit(number: int, why: str) -> Refused:
    return Refused(
        f"The journal cannot take step {number} of this exam-gate's schema ({why}); it is as it "
        "was: install the version before again.",
        f"日志无法升级到第 {number} 步（{why}），文件保持原样：请重新安装之前的版本。",
        step=number,
    )
