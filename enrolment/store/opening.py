"""Opening the database; one transaction that writes holds the only pen."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from enrolment.store.portal_tables import metadata
from gate.errors import StorageRefused, UsageError

BUSY_S = 60
_READS = "enrolment_reads"


def open_database(url: str) -> Engine:
    """The database at `url`, with its tables. UsageError, StorageRefused."""
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError) as e:
        raise UsageError(
            f"{url} is no address of a database: write sqlite:///FILE or postgresql+psycopg://...",
            f"{url} 不是数据库地址：请写成 sqlite:///文件 或 postgresql+psycopg://…。",
        ) from e
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _begin_immediate)
    with storage_refused(), engine.begin() as connection:
        metadata.create_all(connection)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction. StorageRefused where the database takes no more."""
    with storage_refused(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and keeps nobody from writing. StorageRefused."""
    with storage_refused(), engine.connect() as plain:
        connection = plain.execution_options(**{_READS: True})
        with connection.begin():
            yield connection


@contextmanager
def storage_refused() -> Iterator[None]:
    """StorageRefused for what the database refuses."""
    try:
        yield
    except OperationalError as e:
        raise StorageRefused(
            f"The database does not answer ({e.orig}): is it there, and is there room?",
            f"数据库无法使用（{e.orig}）：请检查其位置与剩余空间。",
        ) from e


def _sqlite_connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin below
    cursor = connection.cursor()
    for line in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_S * 1000}"):
        cursor.execute(f"PRAGMA {line}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
