"""Twenty gates as a program: each publishes a signed batch a second over TLS and waits for the
office's signed receipt. Ends when stdin does; the last line of stdout is what they saw, as JSON.

A batch that has no receipt after ten seconds goes again, as a real gate's does; its time counts
from its first publication.
"""

import json
import queue
import secrets
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from gate.errors import InputRejected
from gate.roster.keys import read_key
from gate.sync.link import Address, Down, LinkEvent, Message, MqttConnection, Up, Will
from gate.sync.wire import Topics, decode_receipt, encode_note
from office.home import Home
from tests.faults.worst_gate.chain import Chain

EVERY_S, EVENTS = 1.0, 3
RESEND_S = 10.0
SETTLE_S = 60.0


@dataclass(slots=True)
class Waiting:
    payload: bytes
    went_s: float
    again_s: float


@dataclass(slots=True)
class Gate:
    """One gate; `times`: (went, seconds to the receipt) of each batch that has one."""

    topics: Topics
    address: Address
    office_public: bytes
    chain: Chain
    post: "queue.Queue[tuple[Gate, LinkEvent]]"
    next_s: float
    link: MqttConnection | None = None
    is_up: bool = False
    waiting: dict[int, Waiting] = field(default_factory=dict)
    times: list[tuple[float, float]] = field(default_factory=list)
    resent: int = 0
    downs: int = 0

    def open(self) -> None:
        will = Will(self.topics.state, encode_note(state="lost"))
        self.link = MqttConnection(self.address, lambda e: self.post.put((self, e)), will)
        self.link.open()

    def handle(self, event: LinkEvent, now_s: float) -> None:
        assert self.link is not None
        if isinstance(event, Up):
            self.is_up = True
            self.link.subscribe(self.topics.rcpt)
            for one in self.waiting.values():
                one.again_s = now_s
        elif isinstance(event, Down):
            self.is_up, self.downs = False, self.downs + 1
            self.open()
        elif isinstance(event, Message) and event.topic == self.topics.rcpt:
            self._receipt(event.payload, now_s)

    def _receipt(self, payload: bytes, now_s: float) -> None:
        try:
            receipt = decode_receipt(payload, self.office_public)
        except InputRejected:
            return
        if receipt.epoch != self.chain.epoch:
            return
        for last in [last for last in self.waiting if last <= receipt.high]:
            went_s = self.waiting.pop(last).went_s
            self.times.append((went_s, now_s - went_s))

    def work(self, now_s: float, *, is_over: bool) -> None:
        if not self.is_up or self.link is None:
            return
        for one in self.waiting.values():
            if now_s >= one.again_s:
                self.resent += now_s - one.went_s > RESEND_S / 2
                one.again_s = now_s + RESEND_S
                self.link.publish(self.topics.ev, one.payload)
        if not is_over and now_s >= self.next_s:
            self.next_s += EVERY_S
            payload, last = self.chain.batch(EVENTS)
            self.waiting[last] = Waiting(payload, now_s, now_s + RESEND_S)
            self.link.publish(self.topics.ev, payload)


def gate_of(
    home: Home, port: int, topics: Topics, post: "queue.Queue[tuple[Gate, LinkEvent]]", at_s: float
) -> Gate:
    folder = home.gate(topics.gate)
    files = (folder / "ca.crt", folder / "gate.crt", folder / "gate.key")
    key = SigningKey(read_key(folder / "gate-signing.key", "signing key"))
    return Gate(
        topics,
        Address("127.0.0.1", port, *files, name=topics.gate),
        read_key(folder / "office.pub", "office key"),
        Chain(topics.gate, secrets.token_hex(8), key),
        post,
        at_s,
    )


def main(home: str, port: str, exam: str, site: str, *names: str) -> None:
    post: queue.Queue[tuple[Gate, LinkEvent]] = queue.Queue()
    began_s = time.monotonic()
    gates = [
        gate_of(
            Home(Path(home)),
            int(port),
            Topics(exam, site, name),
            post,
            began_s + 2 + EVERY_S * n / len(names),
        )
        for n, name in enumerate(names)
    ]
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    for gate in gates:
        gate.open()
    said, last_s = False, None
    while last_s is None or (any(g.waiting for g in gates) and time.monotonic() < last_s):
        try:
            gate, event = post.get(timeout=0.02)
        except queue.Empty:
            pass
        else:
            gate.handle(event, time.monotonic())
        for gate in gates:
            gate.work(time.monotonic(), is_over=over.is_set())
        if not said and all(g.times for g in gates):
            said = True
            print("ready", flush=True)
        if over.is_set() and last_s is None:
            last_s = time.monotonic() + SETTLE_S
    print(json.dumps(seen(gates)), flush=True)


def seen(gates: list[Gate]) -> dict[str, Any]:
    return {
        "gates": {g.topics.gate: [g.chain.epoch, g.chain.seq, g.chain.head] for g in gates},
        "times": [one for g in gates for one in g.times],
        "never": sum(len(g.waiting) for g in gates),
        "resent": sum(g.resent for g in gates),
        "downs": sum(g.downs for g in gates),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
