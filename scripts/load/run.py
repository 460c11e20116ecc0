"""A broker, an office and 1,000 gates' events on this machine: rates, receipts, processor time.

python -m scripts.load.run [--postgresql] [--workers N] [--rate 7200] [--size 7] [--seconds 60]

--rate 0 sends as fast as the broker takes: the drain of a backlog.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from office.home import Home
from office.keys.key_files import make_keys
from office.store.connection import Database
from office.store.database import OfficeStore
from scripts.load.mqtt_sender import send
from scripts.load.signed_batches import enrol, rounds
from tests.mqtt_making import free_port
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.waiting import until

_TICK = os.sysconf("SC_CLK_TCK")
_BROKER = """
per_listener_settings true
persistence false
max_queued_messages 2000000
max_queued_bytes 0
listener {tls} 127.0.0.1
cafile {home}/ca/ca.crt
certfile {home}/broker/server.crt
keyfile {home}/broker/server.key
require_certificate true
use_identity_as_username true
listener {plain} 127.0.0.1
allow_anonymous true
user root
"""


def cpu_s(pid: int) -> float:
    """Of a process, the ones that it waited for, and those that it has now."""
    total = 0.0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total = sum(map(int, fields[11:15])) / _TICK
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return total
    return total + sum(cpu_s(int(child)) for child in children)


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--postgresql", action="store_true")
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--rate", type=float, default=7200)
    asked.add_argument("--size", type=int, default=7)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--events", type=int)
    asked.add_argument("--gates", type=int, default=1000)
    asked.add_argument("--patience", type=float, default=120, help="seconds for the last receipts")
    args = asked.parse_args()
    wanted = args.events or int(args.rate * args.seconds)
    batches = list(islice(rounds(args.gates, args.size), wanted // args.size))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/var/tmp")))
        home = Home(folder / "office")
        since = datetime.now(UTC) - timedelta(days=1)
        make_keys(home, gates=(), broker=("127.0.0.1",), not_before=since)
        enrol(home, args.gates)
        server: PostgresqlServer | None = None
        place: Path | str = home.database
        if args.postgresql:
            settings = ("shared_buffers=512MB", "max_wal_size=8GB")
            server = stack.enter_context(postgresql_server(durable=True, settings=settings))
            place = server.create()
        plain, broker = start_broker(home, folder, stack)
        office = start_office(home, place, broker[1], args.workers, stack)
        watched = {"broker": broker[0], "office": office.pid}
        if server is not None:
            watched["postgresql"] = server.pid
        before = {name: cpu_s(pid) for name, pid in watched.items()}
        receipts, took = asyncio.run(
            send(plain, batches, args.rate / args.size if args.rate else 0, args.patience)
        )
        spent = {name: cpu_s(pid) - before[name] for name, pid in watched.items()}
        whole = took + (max(receipts.seconds[-200:], default=0.0))
        memory = rss_mb(office.pid)
        office.send_signal(signal.SIGTERM)
        office.wait(60)
        found = _stored(place)
        events = len(batches) * args.size
        result = {
            "database": "postgresql" if server else "sqlite",
            "workers": args.workers,
            "batch": args.size,
            "offered_per_second": round(events / took),
            "events": events,
            "stored": found,
            "missing": events - found,
            "receipts_missing": receipts.waiting,
            "receipt_median_s": round(receipts.percentile(0.5), 3),
            "receipt_p99_s": round(receipts.percentile(0.99), 3),
            "stored_per_second": round(found / whole),
            "cpu_us_per_event": {n: round(1e6 * s / max(found, 1), 1) for n, s in spent.items()},
            "office_rss_mb": round(memory),
            "load": os.getloadavg()[0],
        }
        if server is not None and isinstance(place, str):
            result["bare_copy_us_per_event"] = _bare_copy(server, place, found)
        print(json.dumps(result, indent=1))


def start_broker(home: Home, folder: Path, stack: ExitStack) -> tuple[int, tuple[int, int]]:
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    tls, plain = free_port(), free_port()
    config = folder / "mosquitto.conf"
    config.write_text(_BROKER.format(tls=tls, plain=plain, home=home.root))
    assert program, "apt install mosquitto"
    process = subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    time.sleep(1)
    return plain, (process.pid, tls)


def start_office(
    home: Home, place: Path | str, port: int, workers: int, stack: ExitStack
) -> "subprocess.Popen[bytes]":
    url = place if isinstance(place, str) else f"sqlite:///{place}"
    status = home.root / "log"
    words = ["receive", "--home", str(home.root), "--host", "127.0.0.1", "--port", str(port)]
    with status.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "office", *words, "--workers", str(workers)],
            stderr=log,
            stdout=log,
            env=os.environ | {"EXAM_OFFICE_DATABASE": url},
        )
    stack.callback(process.wait)
    stack.callback(process.kill)
    until(lambda: "Receiving at" in status.read_text(), 60)
    return process


def _stored(place: Path | str) -> int:
    with OfficeStore(place) as store:
        return int(store.database.rows("SELECT count(*) FROM event")[0][0])


def _bare_copy(server: PostgresqlServer, place: str, rows: int) -> float:
    """Processor time of PostgreSQL for the same rows by COPY alone, with the same key."""
    database = Database(place)
    database.execute("CREATE TABLE bare (LIKE event INCLUDING DEFAULTS)")
    database.execute("ALTER TABLE bare ADD PRIMARY KEY (gate, epoch, seq, sitting)")
    with database.driver.cursor().copy("COPY (SELECT * FROM event) TO STDOUT") as copy:
        block = b"".join(copy)
    before = cpu_s(server.pid)
    database.copy_in("COPY bare FROM STDIN", block)
    spent = cpu_s(server.pid) - before
    database.close()
    return round(1e6 * spent / max(rows, 1), 1)


if __name__ == "__main__":
    main()
