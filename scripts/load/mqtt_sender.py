"""The load itself: MQTT 3.1.1 by hand, so that sending costs next to nothing."""

import asyncio
import json
import struct
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw


def _packet(kind: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        rest, digit = rest >> 7, rest & 0x7F
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind]) + length + body


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    (kind,) = await reader.readexactly(1)
    length = shift = 0
    while True:
        (digit,) = await reader.readexactly(1)
        length |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return kind, await reader.readexactly(length)


async def _connected(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_packet(0x10, _string("MQTT") + b"\x04\x02\x00\x00" + _string(name)))
    kind, body = await _read(reader)
    assert (kind, body[1]) == (0x20, 0), "the broker refused"
    return reader, writer


@dataclass
class Receipts:
    """When each batch was sent, by gate, and how long its receipt took, in seconds."""

    sent: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    waiting: int = 0
    high: dict[str, int] = field(default_factory=dict)
    """The last event of each gate that has a receipt."""

    def note_sent(self, gate: str, last: int, now_s: float) -> None:
        self.sent.setdefault(gate, deque()).append((last, now_s))
        self.waiting += 1

    def note_receipt(self, gate: str, high: int, now_s: float) -> None:
        self.high[gate] = max(high, self.high.get(gate, 0))
        waiting = self.sent.get(gate, deque())
        while waiting and waiting[0][0] <= high:
            self.seconds.append(now_s - waiting.popleft()[1])
            self.waiting -= 1

    def percentile(self, share: float) -> float:
        """Of the receipts that came, in seconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def send(
    port: int,
    batches: Iterable[tuple[str, int, bytes]],
    per_second: float,
    patience_s: float,
    receipts: Receipts | None = None,
) -> tuple[Receipts, float]:
    """Sends `batches` at `per_second`, 0 for as fast as it goes; waits for the receipts at most
    `patience_s` after the last. The receipts, and how long sending took, in seconds."""
    receipts = receipts or Receipts()
    listener = asyncio.create_task(_listen(port, receipts))
    links = [await _connected(port, f"load-{n}") for n in range(20)]
    drains = [asyncio.create_task(_drain(reader)) for reader, _ in links]
    begun = time.monotonic()
    for number, (topic, last, payload) in enumerate(batches):
        ahead = begun + number / per_second - time.monotonic() if per_second else 0.0
        if ahead > 0.002:
            await asyncio.sleep(ahead)
        elif number % 50 == 0:
            await asyncio.sleep(0)
        gate = topic.split("/")[4]
        _, writer = links[hash(gate) % len(links)]
        receipts.note_sent(gate, last, time.monotonic())
        head = _string(topic) + struct.pack("!H", number % 65535 + 1)
        writer.write(_packet(0x32, head + payload))
        if not per_second:
            await writer.drain()
    took = time.monotonic() - begun
    until = time.monotonic() + patience_s
    while receipts.waiting and time.monotonic() < until:  # noqa: ASYNC110  others are read
        await asyncio.sleep(0.05)
    for task in (listener, *drains):
        task.cancel()
    return receipts, took


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def _listen(port: int, receipts: Receipts) -> None:
    reader, writer = await _connected(port, "load-listener")
    writer.write(_packet(0x82, b"\x00\x01" + _string("eg/1/+/+/+/rcpt") + b"\x00"))
    while True:
        kind, body = await _read(reader)
        if kind & 0xF0 == 0x30:
            (size,) = struct.unpack("!H", body[:2])
            told = json.loads(body[2 + size :])
            receipts.note_receipt(told["gate"], told["high"], time.monotonic())
