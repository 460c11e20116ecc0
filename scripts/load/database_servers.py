"""PostgreSQL of a province, of the nation, and a synchronous standby, on this machine by TCP."""

import os
import shutil
import signal
from pathlib import Path

import psycopg

from tests.mqtt_making import free_port
from tests.postgresql_server import PostgresqlServer, programs
from tests.waiting import until

_USER, BASE = "exam", "office"
STANDBY = "standby"
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "wal_level=logical",
    "max_replication_slots=16",
    "max_wal_senders=16",
    "max_logical_replication_workers=16",
    "shared_buffers=256MB",
)


class Server(PostgresqlServer):
    """Durable. `synchronous`: a commit waits for the standby's disk."""

    def __init__(self, *, synchronous: bool = False) -> None:
        self.port = free_port()
        names = (f"synchronous_standby_names={STANDBY}",) if synchronous else ()
        settings = (*_SETTINGS, f"port={self.port}", *names)
        super().__init__(durable=True, settings=settings)

    def connect(self, base: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.conninfo(base), autocommit=True, connect_timeout=5)

    def conninfo(self, base: str = BASE) -> str:
        """As libpq takes it."""
        return f"host=127.0.0.1 port={self.port} user={_USER} dbname={base}"

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        """In the office's database; the rows, if there are any."""
        with self.connect(BASE) as db:
            run = db.execute(sql.encode())
            return run.fetchall() if run.description else []

    def copy_of(self, primary: "Server") -> None:
        """Becomes a standby of `primary`, not started yet."""
        data = self.folder / "data"
        shutil.rmtree(data)
        source = f"{primary.conninfo('postgres')} application_name={STANDBY}"
        words: list[str | Path] = [programs() / "pg_basebackup", "-D", data, "-R", "-d", source]
        self._run([*words, "--checkpoint=fast", "--no-sync"])

    def promote(self) -> None:
        """Returns when it takes writes."""
        self._run([programs() / "pg_ctl", "promote", "-w", "-D", self.folder / "data"])
        until(lambda: self.execute("SELECT pg_is_in_recovery()") == [(False,)], 60)

    def kill(self) -> None:
        """All its processes at once; none is asked."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        self.stop(signal.SIGKILL)


def url(*servers: Server) -> str:
    """Of the office's database, at whichever of `servers` takes writes."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in servers)
    return f"postgresql+psycopg://{_USER}@/{BASE}?{hosts}&target_session_attrs=read-write"


def conninfo(*servers: Server) -> str:
    """The same for a subscription."""
    hosts, ports = ",".join("127.0.0.1" for _ in servers), ",".join(str(s.port) for s in servers)
    return f"host={hosts} port={ports} user={_USER} dbname={BASE} target_session_attrs=read-write"
