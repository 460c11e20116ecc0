"""The office's schema brought up to date by Alembic, all missing steps in one transaction."""

from gate.core.json_types import JsonValue
from gate.errors import Refused
from office.store.connection import Database
from office.store.place import shown

NEWEST = "0002"
"""The last step that this program knows."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('exam-office schema'))"


def migrate(database: Database) -> None:
    """Brings an empty or older database to the newest schema. Refused for one of a newer program,
    and for one of a program before SQLAlchemy, which `exam-office migrate` takes over."""
    if applied(database) == NEWEST:
        return
    with database.transaction():
        if database.is_postgresql:
            database.execute(_ONE_AT_A_TIME)
        before = applied(database)  # another program may have been quicker
        if before is None and not database.is_postgresql:
            _refuse_older(database)
        if before != NEWEST:
            _upgrade(database)


def applied(database: Database) -> str | None:
    """The step that the database stands at; None where there is no schema. SQLAlchemy's errors."""
    if not has_table(database, "alembic_version"):
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def has_table(database: Database, name: str) -> bool:
    """Whether there is a table `name`. SQLAlchemy's errors."""
    if database.is_postgresql:
        found = database.execute("SELECT to_regclass(:name) IS NOT NULL", name=name)
        return bool(found.scalar())
    found = database.execute("SELECT 1 FROM sqlite_schema WHERE name = :name", name=name)
    return found.fetchone() is not None


def _refuse_older(database: Database) -> None:
    if has_table(database, "schema_record"):
        name = shown(database.place)
        raise Refused(
            f"{name} is of an earlier version of this program: run exam-office migrate.",
            f"{name} 由旧版本程序建立：请先运行 exam-office migrate。",
        )


def _upgrade(database: Database) -> None:
    from importlib.resources import files

    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    where = str(files("office.store").joinpath("migrations"))
    script = ScriptDirectory(where)

    def steps(revision: JsonValue, _: JsonValue) -> JsonValue:
        return script._upgrade_revs(NEWEST, revision)

    config = Config()
    config.set_main_option("script_location", where)
    try:
        with EnvironmentContext(config, script, fn=steps) as environment:
            environment.configure(connection=database.open_connection, transactional_ddl=False)
            environment.run_migrations()
    except (CommandError, ResolutionError) as e:
        name = shown(database.place)
        raise Refused(
            f"{name} is of a newer version of this program ({e}): install that one.",
            f"{name} 由更新版本的程序建立：请安装该版本。",
        ) from e


def schema_is_there(database: Database) -> bool:
    """Whether anything was ever begun in this database. StorageRefused, StorageDamaged."""
    with database.in_words():
        return applied(database) is not None
