"""The office's schema: numbered SQL files, each committed with its own record."""

import sqlite3
from collections.abc import Iterable
from importlib.resources import files


def migrate(db: sqlite3.Connection) -> None:
    """Bring `db` to the newest schema. sqlite3.Error leaves it as it was before that step."""
    known = sorted(
        (int(f.name.removesuffix(".sql")), f.read_text(encoding="utf-8"))
        for f in files("office.store").joinpath("schema").iterdir()
        if f.name.endswith(".sql")
    )
    for number, text in known:
        if number not in _applied(db):
            db.executescript(
                f"BEGIN IMMEDIATE;\n{text}\nINSERT INTO schema_record VALUES ({number:d});\nCOMMIT;"
            )


def _applied(db: sqlite3.Connection) -> Iterable[int]:
    table = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_record'").fetchone()
    return [v for (v,) in db.execute("SELECT version FROM schema_record")] if table else []
