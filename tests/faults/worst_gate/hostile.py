"""One gate in wrong hands as a program: its certificate and its signing key are valid.

It goes through its attacks until stdin ends. Each runs for a moment just below the rate at which
the broker would shut it out. Then one of them runs as fast as it can. Shut out, it holds thousands
of silent connections, and begins again.

The last line of stdout is what it sent and how the broker answered, by attack, as JSON. `sent`:
publications. `0` and so on: PUBACKs by reason code. `qos 0`: sent without one. `unanswered`: the
connection ended before one came. Then `connections`, `refused connections` and `ended connections`.
"""

import contextlib
import itertools
import json
import math
import resource
import secrets
import select
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from nacl.signing import SigningKey

from gate.roster.keys import read_key
from gate.sync.link import Address, tls_context
from gate.sync.wire import Topics
from office.home import Home
from tests.faults.worst_gate import packets
from tests.faults.worst_gate.chain import Chain

WHOLE_MESSAGES_S, REFUSED_MESSAGES_S = 38, 18
"""Just below what the guard allows in a second: of messages, and of messages that it refuses."""
SHUT_OUT_S = 35.0
UNDER_WAY = 200
"""Publications of a connection without an answer yet: as many as a careless program would have."""


class Connection:
    """One connection with what came back on it counted. OSError where it is refused or ends."""

    def __init__(self, address: Address, context: ssl.SSLContext, seen: Counter[str]) -> None:
        self._seen = seen
        self._open: set[int] = set()
        self._mid = 0
        self._rest = b""
        seen["connections"] += 1
        raw = socket.create_connection((address.host, address.port), 5.0)
        try:
            self._socket = context.wrap_socket(raw, server_hostname=address.host)
            self._socket.sendall(packets.connect(address.name))
            self._hear(5.0)
        except OSError:
            raw.close()
            seen["refused connections"] += 1
            raise

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        self._mid = self._mid % 65535 + 1
        self._seen["sent"] += 1
        if qos:
            self._open.add(self._mid)
        else:
            self._seen["qos 0"] += 1
        self.raw(packets.publish(topic, payload, qos=qos, retain=retain, mid=self._mid))
        while len(self._open) >= UNDER_WAY:
            self._hear(1.0)
        self._hear(0.0)

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def settle(self) -> None:
        """Wait a moment for what is still to be answered."""
        until = time.monotonic() + 2.0
        while self._open and time.monotonic() < until:
            self._hear(0.2)

    def close(self) -> None:
        self._seen["unanswered"] += len(self._open)
        self._open.clear()
        self._socket.close()

    def _hear(self, timeout_s: float) -> None:
        if not self._socket.pending() and not select.select([self._socket], [], [], timeout_s)[0]:
            return
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("ended by the broker")
        found, self._rest = packets.split(self._rest + data)
        for kind, body in found:
            if kind == packets.PUBACK:
                self._open.discard(int.from_bytes(body[:2]))
                self._seen[str(packets.code_of(kind, body))] += 1
            elif kind == packets.DISCONNECT:
                self._seen[f"disconnect {packets.code_of(kind, body)}"] += 1


class Hostile:
    def __init__(self, home: Home, port: int, mine: Topics, other: str) -> None:
        folder = home.gate(mine.gate)
        files = (folder / "ca.crt", folder / "gate.crt", folder / "gate.key")
        self.mine, self.other = mine, Topics(mine.exam, mine.site, other)
        self.address = Address("127.0.0.1", port, *files, name=mine.gate)
        self.context = tls_context(self.address)
        self.key = SigningKey(read_key(folder / "gate-signing.key", "signing key"))
        self.chain = Chain(mine.gate, secrets.token_hex(8), self.key)
        self.seen: dict[str, Counter[str]] = {}
        self.over = threading.Event()

    def attack(self, name: str, each_s: float, pace: float) -> None:
        """Its step over and over, on a new connection whenever one is ended. `pace`: publications a
        second."""
        seen, step = self.seen.setdefault(name, Counter()), ATTACKS[name]
        began, sent = time.monotonic(), seen["sent"]
        until = began + each_s
        while time.monotonic() < until and not self.over.is_set():
            try:
                link = Connection(self.address, self.context, seen)
            except OSError:
                self.over.wait(0.2)
                continue
            try:
                while time.monotonic() < until and not self.over.is_set():
                    step(self, link)
                    ahead_s = began + (seen["sent"] - sent) / pace - time.monotonic()
                    self.over.wait(max(0.0, min(ahead_s, until - time.monotonic())))
                link.settle()
            except OSError:
                seen["ended connections"] += 1
            finally:
                link.close()


def large(on: Hostile, link: Connection) -> None:
    """Around the limits of payload (32,768) and packet (34,816), and far above."""
    for size in (32_700, 32_768, 32_769, 34_700, 34_816, 34_900, 200_000):
        link.publish(on.mine.ev, b"x" * size)


def signed(on: Hostile, link: Connection) -> None:
    """Valid batches, as large and as many as go."""
    payload, _ = on.chain.batch(50, "x" * 400)
    link.publish(on.mine.ev, payload)


def deep(on: Hostile, link: Connection) -> None:
    for level in (10, 900, 15_000):
        link.publish(on.mine.ev, b'{"v":1,"ev":' + b"[" * level + b"]" * level + b"}")
        link.publish(on.mine.alert, b'{"detail":' + b"[" * level + b"]" * level + b"}")


def without_flow_control(on: Hostile, link: Connection) -> None:
    payload, _ = on.chain.batch(50, "x" * 400)
    link.publish(on.mine.ev, payload, qos=0)


def garbage(on: Hostile, link: Connection) -> None:
    link.publish(on.mine.ev, secrets.token_bytes(2000))
    link.publish(on.mine.state, secrets.token_bytes(200))


def noise(_on: Hostile, link: Connection) -> None:
    """Bytes that are no MQTT."""
    link.raw(secrets.token_bytes(500))
    link.settle()


def retained(on: Hostile, link: Connection) -> None:
    exam = f"exam-{secrets.token_hex(4)}"
    for part in ("state", "cfg/rep", "alert", "ev", "rcpt"):
        topic = f"eg/1/{exam}/{on.mine.site}/{on.mine.gate}/{part}"
        link.publish(topic, b"x" * 4000, retain=True)


def reconnecting(_on: Hostile, _link: Connection) -> None:
    raise ConnectionResetError("enough of this one")


def forged(on: Hostile, link: Connection) -> None:
    """Another gate's name in the topic, in the batch, and a signature that is wrong."""
    theirs = Chain(on.other.gate, "0" * 16, on.key)
    payload, _ = theirs.batch(5)
    link.publish(on.other.ev, payload)
    link.publish(on.mine.ev, payload)
    wrong, _ = Chain(on.mine.gate, "0" * 16, SigningKey(b"x" * 32)).batch(5)
    link.publish(on.mine.ev, wrong)
    link.publish("eg/1/office/state", b'{"v":1,"online":false}', retain=True)
    link.publish(on.other.rcpt, payload, retain=True)


ATTACKS: dict[str, Callable[[Hostile, Connection], None]] = {
    "large": large,
    "signed": signed,
    "deep": deep,
    "qos 0": without_flow_control,
    "garbage": garbage,
    "noise": noise,
    "retained": retained,
    "reconnecting": reconnecting,
    "forged": forged,
}
BELIEVED = ("signed", "garbage", "deep")
"""What the guard has nothing against; the office does."""
SILENT = 2100


def silent(on: Hostile, held: contextlib.ExitStack) -> None:
    """Connections that say nothing, as many as the broker has places; they stay open."""
    seen = on.seen.setdefault("silent", Counter())
    for _ in range(SILENT):
        if on.over.is_set():
            return
        seen["connections"] += 1
        try:
            held.enter_context(socket.create_connection(("127.0.0.1", on.address.port), 2.0))
        except OSError:
            seen["refused connections"] += 1


def one_round(on: Hostile, number: int, each_s: float) -> None:
    for name in ATTACKS:
        pace = WHOLE_MESSAGES_S if name in BELIEVED else REFUSED_MESSAGES_S
        on.attack(name, each_s, pace)
    on.attack([*ATTACKS][number % len(ATTACKS)], each_s, math.inf)
    until = time.monotonic() + min(SHUT_OUT_S, 4 * each_s)
    while time.monotonic() < until and not on.over.is_set():
        with contextlib.ExitStack() as held:
            silent(on, held)
            on.over.wait(each_s)


def main(home: str, port: str, exam: str, site: str, own: str, other: str, each_s: str) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    on = Hostile(Home(Path(home)), int(port), Topics(exam, site, own), other)
    threading.Thread(target=lambda: (sys.stdin.read(), on.over.set()), daemon=True).start()
    print("ready", flush=True)
    for number in itertools.count():
        if on.over.is_set():
            break
        one_round(on, number, float(each_s))
    journal = [on.chain.epoch, on.chain.seq, on.chain.head]
    print(json.dumps({"sent": on.seen, "journal": journal}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
