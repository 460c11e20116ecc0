"""Two provinces, a nation and a synchronous standby on this machine; the primary is killed.

python -m scripts.load.scale [--gates 100] [--rate 700] [--seconds 60] [--json FILE]

Each province has a broker, an `exam-office receive` and a PostgreSQL of its own. The nation has
both by logical replication. A third into the run the first province's primary is killed with all
its processes, and its standby promoted. PostgreSQL 15 does not take the slot of a subscription
over to a standby: the subscription is made anew, with everything copied again.

The nation may be ahead of the standby that takes over: rows of `receipt` and `signed_head` that
the killed primary never confirmed stay there (`nation_more`). Nothing was answered by them.
Exit 1 where an event with a receipt is lost, or the nation lacks a row.
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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from office.home import Home
from office.keys.key_files import make_keys
from office.store.database import OfficeStore
from office.store.partitions import make_partitions
from scripts.load.database_servers import BASE, STANDBY, Server, conninfo, url
from scripts.load.mqtt_sender import Receipts, send
from scripts.load.run import start_broker, start_office
from scripts.load.signed_batches import Unit, enrol
from tests.waiting import until

SIZE = 7
_SQL = Path(__file__).parents[2] / "docs" / "examples"
_TABLES = (
    *("event", "conflict", "mark", "signed_head", "claim", "gate_key", "receipt", "settlement"),
    *("gate_state", "gate_said", "command", "command_target", "command_result"),
)
_PATIENCE_S = 180.0


@dataclass(slots=True)
class Province:
    """One office. `servers`: the primary, and its standby if there is one."""

    name: str
    home: Home
    servers: list[Server]
    batches: list[tuple[str, int, bytes]]
    plain_port: int = 0
    office: "subprocess.Popen[bytes] | None" = None
    receipts: Receipts = field(default_factory=Receipts)

    @property
    def exam(self) -> str:
        """A province examines under an id of its own."""
        return f"load-2027-04-{self.name}"

    @property
    def server(self) -> Server:
        """Which takes writes."""
        return self.servers[0]


def main() -> None:
    """Prints one JSON object."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--gates", type=int, default=100, help="of each province")
    asked.add_argument("--rate", type=float, default=700, help="events a second, each province")
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--json", type=Path, help="write the figures there, too")
    args = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/var/tmp")))
        nation = _server(stack)
        provinces = [_province(n, folder, args, stack) for n in range(2)]
        _begin_nation(nation, provinces)
        at_nation = {p.name: _public_keys(p, folder / "nation" / p.name) for p in provinces}
        for province in provinces:
            _begin_office(province, stack)
        figures = asyncio.run(_run(nation, provinces, args))
        figures |= _compared(nation, provinces, at_nation)
        figures |= {"gates": 2 * args.gates, "offered_per_second": 2 * args.rate}
        figures |= {"failover": "streaming replication, promoted by this script, no Patroni"}
        figures |= {"at": datetime.now(UTC).date().isoformat(), "load": os.getloadavg()[0]}
    text = json.dumps(figures, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")
    good = figures["receipted_lost"] == 0 and figures["nation_same"] and figures["audit_same"]
    sys.exit(0 if good else 1)


def _server(stack: ExitStack, *, synchronous: bool = False) -> Server:
    server = Server(synchronous=synchronous)
    stack.callback(server.remove)
    return server


def _province(number: int, folder: Path, args: argparse.Namespace, stack: ExitStack) -> Province:
    """Its first one has the standby."""
    home = Home(folder / f"p{number}" / "office")
    first = number * args.gates
    primary = _server(stack, synchronous=number == 0)
    primary.start()
    servers = [primary]
    if number == 0:
        standby = _server(stack)
        standby.copy_of(primary)
        standby.start()
        servers.append(standby)
        until(lambda: _is_synchronous(primary), 60)
    with primary.connect("postgres") as db:
        db.execute(f"CREATE DATABASE {BASE}".encode())
    with OfficeStore(url(*servers)):
        pass
    primary.execute((_SQL / "province.sql").read_text())
    since = datetime.now(UTC) - timedelta(days=1)
    make_keys(home, gates=(), broker=("127.0.0.1",), not_before=since)
    enrol(home, args.gates, first)
    province = Province(f"p{number}", home, servers, [])
    units = [Unit(n, SIZE, province.exam) for n in range(first, first + args.gates)]
    each = max(1, int(args.rate * args.seconds / SIZE / args.gates))
    province.batches += [unit.next_batch() for _ in range(each) for unit in units]
    province.batches += [unit.closing_batch() for unit in units]
    return province


def _is_synchronous(primary: Server) -> bool:
    with primary.connect("postgres") as db:
        rows = db.execute(b"SELECT application_name, sync_state FROM pg_stat_replication")
        return (STANDBY, "sync") in rows.fetchall()


def _begin_nation(nation: Server, provinces: list[Province]) -> None:
    nation.start()
    with nation.connect("postgres") as db:
        db.execute(f"CREATE DATABASE {BASE}".encode())
    with OfficeStore(url(nation)) as store, store.transaction():
        make_partitions(store.database, [province.exam for province in provinces])
    nation.execute((_SQL / "nation.sql").read_text())
    for province in provinces:
        _subscribe(nation, province)


def _subscribe(nation: Server, province: Province) -> None:
    source = conninfo(*province.servers)
    nation.execute(
        f"CREATE SUBSCRIPTION {province.name} CONNECTION '{source}' PUBLICATION province "
        f"WITH (slot_name = 'nation_{province.name}')"
    )


def _subscribe_anew(nation: Server, province: Province) -> None:
    """The slot was with the server that is gone."""
    for change in ("DISABLE", "SET (slot_name = NONE)"):
        nation.execute(f"ALTER SUBSCRIPTION {province.name} {change}")
    nation.execute(f"DROP SUBSCRIPTION {province.name}")
    _subscribe(nation, province)


def _begin_office(province: Province, stack: ExitStack) -> None:
    folder = province.home.root.parent
    province.plain_port, (_, tls) = start_broker(province.home, folder, stack)
    place = url(*province.servers)
    province.office = start_office(province.home, place, tls, 1, stack)


async def _run(
    nation: Server, provinces: list[Province], args: argparse.Namespace
) -> dict[str, object]:
    figures: dict[str, object] = {}
    began = time.monotonic()
    sending = [
        send(p.plain_port, p.batches, args.rate / SIZE, _PATIENCE_S, p.receipts) for p in provinces
    ]
    await asyncio.gather(*sending, _fail_over(nation, provinces[0], args.seconds / 3, figures))
    figures["seconds"] = round(time.monotonic() - began, 1)
    for province in provinces:
        assert province.office is not None
        province.office.send_signal(signal.SIGTERM)
        province.office.wait(60)
    begun = time.monotonic()
    until(lambda: all(_is_caught_up(nation, p) for p in provinces), 300)
    figures["nation_behind_s"] = round(time.monotonic() - begun, 2)
    figures["receipt_s"] = {
        p.name: {name: round(p.receipts.percentile(share), 3) for name, share in _SHARES}
        for p in provinces
    }
    return figures


_SHARES = (("median", 0.5), ("p99", 0.99), ("worst", 1.0))


async def _fail_over(
    nation: Server, province: Province, after_s: float, figures: dict[str, object]
) -> None:
    await asyncio.sleep(after_s)
    primary, standby = province.servers
    receipted = sum(province.receipts.high.values())
    killed = time.monotonic()
    primary.kill()
    await asyncio.to_thread(standby.promote)
    promoted = time.monotonic()
    before = len(province.receipts.seconds)
    province.servers = [standby, primary]
    while len(province.receipts.seconds) == before:  # noqa: ASYNC110  others send
        await asyncio.sleep(0.02)
    figures |= {
        "receipted_at_kill": receipted,
        "kill_to_promoted_s": round(promoted - killed, 2),
        "kill_to_next_receipt_s": round(time.monotonic() - killed, 2),
    }
    await asyncio.to_thread(_subscribe_anew, nation, province)


def _is_caught_up(nation: Server, province: Province) -> bool:
    """Every table is copied, and the slot has all that was written."""
    copied = nation.execute(
        "SELECT bool_and(r.srsubstate = 'r') FROM pg_subscription_rel AS r JOIN pg_subscription "
        f"AS s ON s.oid = r.srsubid WHERE s.subname = '{province.name}'"
    )
    sent = province.server.execute(
        "SELECT confirmed_flush_lsn >= pg_current_wal_flush_lsn() FROM pg_replication_slots "
        f"WHERE slot_name = 'nation_{province.name}'"
    )
    return copied == [(True,)] and sent == [(True,)]


def _public_keys(province: Province, root: Path) -> Home:
    """A folder at the nation: the province's public key, no enrolments, no secrets."""
    home = Home(root)
    home.office.mkdir(parents=True)
    shutil.copy(province.home.office / "office.pub", home.office)
    return home


def _compared(
    nation: Server, provinces: list[Province], at_nation: dict[str, Home]
) -> dict[str, object]:
    there = {p.name: _audit(p.exam, p.home, p.server) for p in provinces}
    here = {p.name: _audit(p.exam, at_nation[p.name], nation) for p in provinces}
    rows = {p.name: _events(p.server, p.exam) for p in provinces}
    copied = {p.name: _events(nation, p.exam) for p in provinces}
    rows_here = {t: _rows(nation, t) for t in _TABLES}
    rows_there = {t: set[object]().union(*(_rows(p.server, t) for p in provinces)) for t in _TABLES}
    return {
        "sent": sum(_sent(p) for p in provinces),
        "receipted": sum(sum(p.receipts.high.values()) for p in provinces),
        "receipts_missing": sum(p.receipts.waiting for p in provinces),
        "receipted_lost": sum(_lost(p.receipts, rows[p.name]) for p in provinces),
        "stored": {name: len(found) for name, found in rows.items()},
        "nation_stored": {name: len(found) for name, found in copied.items()},
        "nation_same": copied == rows and all(rows_here[t] >= rows_there[t] for t in _TABLES),
        "nation_more": {t: n for t in _TABLES if (n := len(rows_here[t] - rows_there[t]))},
        "database_bytes_per_event": _size(nation) // sum(len(found) for found in copied.values()),
        "audit_same": here == there,
        "audit": {name: _journals(found) for name, found in here.items()},
    }


def _events(server: Server, exam: str) -> dict[tuple[object, object], object]:
    """The hash of each event, by gate and seq."""
    found = server.execute(f"SELECT gate, seq, hash FROM event WHERE sitting = '{exam}'")
    return {(gate, seq): digest for gate, seq, digest in found}


def _rows(server: Server, table: str) -> set[object]:
    """A digest of each row."""
    return {digest for (digest,) in server.execute(f"SELECT md5(t::text) FROM {table} AS t")}


def _size(server: Server) -> int:
    """Of the database with its indexes, in bytes."""
    return int(str(server.execute("SELECT pg_database_size(current_database())")[0][0]))


def _sent(province: Province) -> int:
    last: dict[str, int] = {}
    for topic, high, _ in province.batches:
        last[topic] = high
    return sum(last.values())


def _lost(receipts: Receipts, rows: dict[tuple[object, object], object]) -> int:
    """Events that a receipt covers and the database has not."""
    return sum(
        (gate, seq) not in rows
        for gate, high in receipts.high.items()
        for seq in range(1, high + 1)
    )


def _audit(exam: str, home: Home, server: Server) -> dict[str, object]:
    """What `exam-office audit` says of the database by the keys in `home`."""
    said = subprocess.run(
        [sys.executable, "-m", "office", "audit", exam, "--json", "--home", str(home.root)],
        env=os.environ | {"EXAM_OFFICE_DATABASE": url(server)},
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode not in {0, 1}:
        raise SystemExit(said.stderr)
    found: dict[str, object] = json.loads(said.stdout)
    return found


def _journals(found: dict[str, object]) -> dict[str, object]:
    """How many are whole and closed. The decisions are made up, and the rules give others."""
    gates = found["gates"]
    assert isinstance(gates, list)
    good = sum(gate["whole"] and gate["closed"] for gate in gates)
    return {"journals": len(gates), "whole_and_closed": good}


if __name__ == "__main__":
    main()
