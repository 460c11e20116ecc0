"""MQTT 5 packets as bytes: a hostile gate needs what no library sends. MQTT 5.0, chapter 3."""

import struct

CONNACK, PUBACK, SUBACK, DISCONNECT = 2, 4, 9, 14


def connect(client: str, receive_maximum: int = 1000) -> bytes:
    properties = b"\x21" + struct.pack("!H", receive_maximum)
    head = _text("MQTT") + b"\x05\x02" + struct.pack("!H", 60)
    return _packet(0x10, head + _length(len(properties)) + properties + _text(client))


def publish(topic: str, payload: bytes, *, qos: int, retain: bool = False, mid: int = 1) -> bytes:
    flags = 0x30 | qos << 1 | retain
    number = struct.pack("!H", mid) if qos else b""
    return _packet(flags, _text(topic) + number + b"\0" + payload)


def subscribe(topic: str, mid: int) -> bytes:
    return _packet(0x82, struct.pack("!H", mid) + b"\0" + _text(topic) + b"\x01")


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Whole packets as (type, body), and the bytes of one that has only begun."""
    found = []
    while len(data) >= 2:
        length, at, shift = 0, 1, 0
        while at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        if data[at - 1] & 0x80 or len(data) < at + length:
            break
        found.append((data[0] >> 4, data[at : at + length]))
        data = data[at + length :]
    return found, data


def code_of(kind: int, body: bytes) -> int:
    """The reason code of a CONNACK, PUBACK or DISCONNECT."""
    at = {CONNACK: 1, PUBACK: 2, DISCONNECT: 0}[kind]
    return body[at] if len(body) > at else 0


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(number: int) -> bytes:
    made = bytearray()
    while True:
        number, low = divmod(number, 128)
        made.append(low | (0x80 if number else 0))
        if not number:
            return bytes(made)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw
