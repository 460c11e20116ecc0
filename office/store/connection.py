"""One connection to the office's database by SQLAlchemy Core, SQLite or PostgreSQL.

Every statement commits by itself outside `transaction`. SQLite has one writer at a time, by a
lock beside the file. PostgreSQL keeps its writers apart by locks on rows.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from pathlib import Path

from sqlalchemy import CursorResult, TextClause, create_engine, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.pool import NullPool

from gate.core.json_types import JsonValue
from gate.errors import GateError, StorageRefused
from office.store.locks import NoLock, WriterLock
from office.store.place import Place, shown
from office.store.store_errors import explained, explained_postgresql, refused

_CONNECT_S = 5
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3}
_SESSION = (
    "SET lock_timeout = '30s'",
    # Few keys against large tables: always by the index, also before statistics are there.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    # A receipt says that an event is on the disk. A setting that promises more may stay.
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')",
)

Row = Sequence[object]


@cache
def _statement(sql: str) -> TextClause:
    return text(sql)


_JSON_ROWS = "jsonb_array_elements(CAST(:keys AS jsonb)) AS k(value)"


_AT_ONCE = (1, 8, 64, 256)
"""Keys in one statement of SQLite: few sizes, so that each is prepared once."""


@cache
def _joined(sql: str, width: int, keys: int) -> str:
    """A query over `keys` keys at once, in SQLite's own words. The keys come first in the join: for
    each one the table is entered by its index."""
    names = ", ".join(f"c{n}" for n in range(width))
    one = f"({', '.join('?' * width)})"
    given = f"WITH k ({names}) AS (VALUES {', '.join([one] * keys)}) "
    joined = re.sub(r"\{keys\}\s+JOIN", "k CROSS JOIN", sql)
    return given + re.sub(r"k\.value ->> (\d+)", r"k.c\1", joined)


@cache
def _for_each(sql: str, width: int) -> str:
    """A writing statement for one key, in SQLite's own words."""
    one = ", ".join(f"?{n + 1} AS c{n}" for n in range(width))
    return re.sub(r"k\.value ->> (\d+)", r"k.c\1", sql.format(keys=f"(SELECT {one}) AS k"))


class Database:
    """Of one thread. The methods raise StorageRefused, StorageDamaged, StorageBroken: within
    `transaction` or `in_words` that is done; elsewhere errors are those of SQLAlchemy."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.is_postgresql = isinstance(place, str)
        self._engine = _engine_of(place)
        self._connection: Connection | None = None
        self.connected = 0
        """How often a connection was made; above 1 where PostgreSQL was away."""
        self.alone = False
        """Whether no other program may receive into this database of PostgreSQL."""
        self.made: set[str] = set()
        """Tables that this connection knows to be there; forgotten with it, and by a rollback."""
        in_memory = self.is_postgresql or str(place) == ":memory:"
        self.writer = NoLock() if in_memory else WriterLock(Path(place))

    def execute(self, sql: str, **values: object) -> CursorResult[*tuple[JsonValue, ...]]:
        """One statement, values as `:name`. SQLAlchemy's errors."""
        return self._open().execute(_statement(sql), values)

    def rows(self, sql: str, **values: object) -> list[JsonValue]:
        """All rows of a query; an error in our words. StorageRefused, StorageDamaged."""
        with self.in_words():
            return list(self.execute(sql, **values).fetchall())

    def execute_rows(self, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        """One statement for each of `rows`; nothing for none."""
        listed = list(rows)
        if listed:
            self._open().execute(_statement(sql), listed)

    def execute_tuples(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """The same in the driver's own words: `?` of SQLite. SQLAlchemy's errors."""
        self._open().exec_driver_sql(sql, list(rows))

    def keyed(self, sql: str, keys: Iterable[Row]) -> list[JsonValue]:
        """Rows of a query over many keys at once. `sql` has `{keys} JOIN`, a relation `k` with one
        key in each row. `k.value ->> 0` is its first field as text; the join asks that it is equal
        to a column. SQLAlchemy's errors."""
        listed = [tuple(key) for key in keys]
        if not listed:
            return []
        if self.is_postgresql:
            found = self.execute(sql.format(keys=_JSON_ROWS), keys=json.dumps(listed))
            return list(found.fetchall())
        width = len(listed[0])
        rows: list[JsonValue] = []
        for at in range(0, len(listed), _AT_ONCE[-1]):
            some = listed[at : at + _AT_ONCE[-1]]
            size = next(size for size in _AT_ONCE if len(some) <= size)
            values = [*chain.from_iterable(some), *repeat(None, width * (size - len(some)))]
            run = self._open().exec_driver_sql(_joined(sql, width, size), tuple(values))
            rows += run.fetchall()  # no column is equal to null: what only fills up finds nothing
        return rows

    def write_keyed(self, sql: str, rows: Iterable[Row]) -> None:
        """A writing statement of the same form. SQLAlchemy's errors."""
        listed = [tuple(row) for row in rows]
        if not listed:
            return
        if self.is_postgresql:
            self.execute(sql.format(keys=_JSON_ROWS), keys=json.dumps(listed))
        else:
            self._open().exec_driver_sql(_for_each(sql, len(listed[0])), listed)

    def copy_in(self, sql: str, block: bytes) -> None:
        """COPY of PostgreSQL, its text form in `block`. IntegrityError of SQLAlchemy where a key is
        there already, OperationalError."""
        import psycopg

        try:
            with self.driver.cursor().copy(sql) as copy:
                copy.write(block)
        except psycopg.errors.UniqueViolation as e:
            raise IntegrityError(sql, {}, e) from e
        except psycopg.Error as e:
            gone = self.driver.closed or self.driver.broken
            raise OperationalError(sql, {}, e, connection_invalidated=gone) from e

    @property
    def driver(self) -> JsonValue:
        """The connection of sqlite3 or psycopg below."""
        return self._open().connection.driver_connection

    @property
    def open_connection(self) -> Connection:
        """The connection of SQLAlchemy; made where there is none."""
        return self._open()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Committed and on the disk when it ends; nothing of it stands after an error."""
        with self.writer, self.in_words():
            connection = self._open()
            connection.exec_driver_sql("BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE")
            try:
                yield
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    def _roll_back(self, connection: Connection) -> None:
        """A connection that cannot even do that is given up; its transaction ends with it."""
        self.made.clear()
        try:
            if not self.is_postgresql and not self.driver.in_transaction:
                return
            connection.exec_driver_sql("ROLLBACK")
        except (DBAPIError, InvalidRequestError):
            self.drop()

    @contextlib.contextmanager
    def in_words(self) -> Iterator[None]:
        """Errors of the database and of the system as errors of ours."""
        try:
            yield
        except DBAPIError as e:
            if e.connection_invalidated:
                self.drop()
            raise self._explained(e.orig) from e
        except InvalidRequestError as e:  # the connection is gone, and SQLAlchemy knows it
            self.drop()
            raise self._explained(e) from e
        except sqlite3.Error as e:
            raise self._explained(e) from e
        except OSError as e:
            if isinstance(e, GateError):
                raise
            raise refused(shown(self.place), e) from e

    def _explained(self, error: BaseException | None) -> Exception:
        if isinstance(error, sqlite3.Error):
            return explained(shown(self.place), error)
        return explained_postgresql(shown(self.place), error)

    def drop(self) -> None:
        """Gives up the connection; the next statement makes a new one."""
        gone, self._connection = self._connection, None
        if gone is not None:
            with contextlib.suppress(DBAPIError, InvalidRequestError):
                gone.invalidate()
            with contextlib.suppress(DBAPIError, InvalidRequestError):
                gone.close()

    def close(self) -> None:
        """Ends the connection. StorageRefused where another program holds the lock of a file."""
        with self.writer:  # the last one to close moves the log into the file
            gone, self._connection = self._connection, None
            if gone is not None:
                with contextlib.suppress(DBAPIError, InvalidRequestError):
                    gone.close()
            self._engine.dispose()

    def _open(self) -> Connection:
        if self._connection is None:
            made = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if self.is_postgresql:
                self._prepare(made)
            self._connection = made
            self.connected += 1
            self.made.clear()
        return self._connection

    def _prepare(self, made: Connection) -> None:
        """Of PostgreSQL, for one session. StorageRefused where another program receives."""
        for statement in _SESSION:
            made.exec_driver_sql(statement)
        if self.alone and not made.exec_driver_sql(_RECEIVING).scalar():
            made.close()
            name = shown(self.place)
            raise StorageRefused(
                f"Another exam-office receive stores into {name}: end it first, or leave it to do "
                "the work.",
                f"已有 exam-office receive 正在写入 {name}：请先结束它。",
            )

    def receive_alone(self) -> None:
        """From now on, also over lost connections, no other program receives into this database
        of PostgreSQL. StorageRefused at once where one does."""
        with self.in_words():
            self.alone = self.is_postgresql
            self.drop()
            self._open()


_RECEIVING = "SELECT pg_try_advisory_lock(hashtext('exam-office receive'))"


def _engine_of(place: Place) -> Engine:
    if isinstance(place, Path):
        return create_engine("sqlite://", creator=lambda: _sqlite(place), poolclass=NullPool)
    about = {"connect_timeout": _CONNECT_S, "application_name": "exam-office", **_ALIVE}
    return create_engine(place, poolclass=NullPool, connect_args=about)


def _sqlite(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None)
    made.text_factory = _readable
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"):
        made.execute(f"PRAGMA {pragma}")
    return made


def _readable(raw: bytes) -> str:
    """Bytes that are no UTF-8 are an alteration to be named, not an error of the database."""
    return raw.decode("utf-8", "replace")
