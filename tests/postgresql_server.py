"""Debian's PostgreSQL in a temporary folder, on a socket of its own, for tests and benches."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from office.store.database import OfficeStore

_USER = "exam"
_numbers = itertools.count(1)


def programs() -> Path:
    """The folder of the newest version's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[4])
    assert found, "apt install postgresql"
    return found[-1].parent


def _account() -> str | None:
    """PostgreSQL does not run as root."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class PostgresqlServer:
    """One server. `durable`: as in use; otherwise commits do not wait for the disk."""

    def __init__(self, *, durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        self._bin, self._account = programs(), _account()
        self.folder = Path(tempfile.mkdtemp(prefix="exam-pg-"))
        if self._account is not None:
            shutil.chown(self.folder, self._account)
        self._settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", *settings)
        if not durable:
            self._settings += ("fsync=off",)
        self._process: subprocess.Popen[bytes] | None = None
        made = ["-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run([self._bin / "initdb", "-D", self.folder / "data", *made])

    def _run(self, words: list[str | Path]) -> None:
        done = subprocess.run(
            words, check=False, capture_output=True, text=True, cwd="/", **self._as()
        )
        assert done.returncode == 0, done.stderr

    def _as(self) -> dict[str, object]:
        if self._account is None:
            return {}
        group = pwd.getpwnam(self._account).pw_gid
        return {"user": self._account, "group": group, "extra_groups": []}

    def start(self) -> None:
        words = [w for setting in self._settings for w in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", *words],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._as(),  # type: ignore[call-overload]
            )
        from tests.waiting import until

        until(self._answers, 60)

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self.connect("postgres").close()
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """`how`: SIGINT ends the sessions, SIGQUIT is a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(60)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def connect(self, base: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder), user=_USER, dbname=base, autocommit=True, connect_timeout=5
        )

    def url(self, base: str) -> str:
        return f"postgresql+psycopg://{_USER}@/{base}?host={self.folder}"

    def create(self, template: str | None = None) -> str:
        """The URL of a new database."""
        base = f"office{next(_numbers)}"
        with self.connect("postgres") as db:
            db.execute(f"CREATE DATABASE {base} TEMPLATE {template or 'template0'}".encode())
        return self.url(base)

    def migrated_template(self) -> str:
        """The name of a database with the newest schema; copies of it are made quickly."""
        with self.connect("postgres") as db:
            db.execute(b"CREATE DATABASE empty_office TEMPLATE template0")
        with OfficeStore(self.url("empty_office")):
            pass
        return "empty_office"

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def postgresql_server(
    *, durable: bool = False, settings: tuple[str, ...] = ()
) -> Iterator[PostgresqlServer]:
    server = PostgresqlServer(durable=durable, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()
