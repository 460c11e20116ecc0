"""A real broker with a real office behind it, and what speaks to them, for the tests."""

import asyncio
import contextlib
import queue
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nacl.signing import SigningKey

from gate.roster.keys import read_key
from gate.store.journal import SqliteJournal
from gate.sync.link import Address, LinkEvent, MqttConnection, Will
from gate.sync.uplink import MqttUplink
from gate.sync.wire import OFFICE_STATE, Topics, encode_note
from office.audit.journal_audit import audit
from office.commands.broker_config import broker_config
from office.home import Home
from office.keys.key_files import make_keys
from office.receiving.receive import Receiver
from office.receiving.signers import signers
from office.store.database import OfficeStore
from tests.journal_making import EXAM, GATE, OTHER, SITE
from tests.waiting import until

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def made_home(root: Path) -> Home:
    make_keys(
        Home(root),
        gates=(GATE, OTHER),
        broker=("127.0.0.1",),
        not_before=datetime.now(UTC) - timedelta(days=1),
    )
    return Home(root)


def unit_folder(home: Home, folder: Path) -> None:
    """What the office made for `GATE`, as a unit that keeps its journal in the same folder."""
    folder.mkdir()
    for made in home.gate(GATE).iterdir():
        (folder / made.name).write_bytes(made.read_bytes())
        (folder / made.name).chmod(0o600)
    with (folder / "gate.toml").open("a") as config:
        config.write('[paths]\nstate = "."\nruntime = "run"\n')


class Broker:
    """Debian's mosquitto with the shipped configuration, on a free loopback port."""

    def __init__(self, home: Home, folder: Path, *, guarded: bool = True) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        listen = f"127.0.0.1:{self.port}"
        broker_config(out=folder, home=home.root, listen=listen, without_guard=not guarded)

    def start(self) -> None:
        assert MOSQUITTO, "apt install mosquitto"
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", self._folder / "mosquitto.conf"], stderr=log
            )
        until(self._listens)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """To the running broker."""
        assert self._process is not None
        self._process.send_signal(number)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            return True
        return False


@contextlib.contextmanager
def broker_at(home: Home, folder: Path, *, guarded: bool = True) -> Iterator[Broker]:
    broker = Broker(home, folder, guarded=guarded)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextlib.contextmanager
def office_at(home: Home, port: int, generation: int | None = None) -> Iterator[Receiver]:
    """The receiving office in a thread of its own."""
    stop, ready = threading.Event(), threading.Event()
    made: list[Receiver] = []

    def work() -> None:
        address = Address(
            "127.0.0.1",
            port,
            home.ca / "ca.crt",
            home.office / "office.crt",
            home.office / "office.key",
            name="office",
        )
        signing = SigningKey(read_key(home.office / "office-signing.key", "signing key"))
        with OfficeStore(home.database) as store:
            begun = store.begin_generation(generation or 1)
            made.append(Receiver(home, store, address, begun, signing))
            ready.set()
            made[0].run(stop)

    thread = threading.Thread(target=work, name="office")
    thread.start()
    assert ready.wait(5)
    try:
        yield made[0]
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def uplink_of(
    home: Home,
    port: int,
    journal: SqliteJournal,
    gate: str = GATE,
    exam: str | None = EXAM,
    **other: object,
) -> MqttUplink:
    folder = home.gate(gate)
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "ca": folder / "ca.crt",
        "certificate": folder / "gate.crt",
        "key": folder / "gate.key",
        "gate": gate,
        "site": SITE,
        "journal": journal,
        "signing": read_key(folder / "gate-signing.key", "signing key"),
        "office_public": read_key(folder / "office.pub", "office key"),
    }
    uplink = MqttUplink(**(settings | other))
    if exam is not None:
        uplink.use_exam(exam)
    return uplink


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def sending(uplink: MqttUplink) -> AsyncIterator[None]:
    task = asyncio.create_task(uplink.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def journals_at_the_office(home: Home) -> dict[str, dict[str, object]]:
    with OfficeStore(home.database) as store:
        keys = signers(store, home, None)
        return {g: audit(store, g, epoch, keys(g)) for g, epoch in store.journals()}


def client_of(home: Home, gate: str, port: int, news: "queue.Queue[LinkEvent]") -> MqttConnection:
    folder = home.gate(gate)
    address = Address(
        "127.0.0.1", port, folder / "ca.crt", folder / "gate.crt", folder / "gate.key", name=gate
    )
    state = Topics(EXAM, SITE, gate).state
    return MqttConnection(address, news.put, Will(state, encode_note(state="lost")))


def heard(news: "queue.Queue[LinkEvent]", kind: type, **fields: object) -> LinkEvent:
    while True:
        event = news.get(timeout=10)
        if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
            return event


def office_link(home: Home, port: int, news: "queue.Queue[LinkEvent]") -> MqttConnection:
    address = Address(
        "127.0.0.1",
        port,
        home.ca / "ca.crt",
        home.office / "office.crt",
        home.office / "office.key",
        name="office",
    )
    link = MqttConnection(address, news.put, Will(OFFICE_STATE, encode_note(online=False)))
    link.open()
    return link
