"""What a gate says of a broker that drops, is busy, refuses it, or refuses what it sends.

The broker here is a real TLS listener with the broker's certificate, which answers as it is told.
"""

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gate.errors import CertificateRefused, NetworkFault
from gate.sync.link import Acked, Down, LinkEvent, Up
from gate.sync.pace import BYTES_PER_S, MESSAGES_PER_S, Pace
from gate.sync.wire import MAX_EVENTS
from office.home import Home
from tests.checkout import ROOT
from tests.journal_making import GATE, fill, opened
from tests.mqtt_making import client_of, heard, made_home, office_at, sending, uplink_of
from tests.waiting import soon, until

pytestmark = pytest.mark.system


class Answering:
    """Takes connections for as long as it stands.

    `connack`: its reason code, None: the connection is closed instead. `puback`: the reason code of
    every publication. `disconnect`: that of the DISCONNECT that answers a subscription, None for a
    SUBACK once `may_subscribe` is set.
    """

    def __init__(
        self, home: Home, connack: int | None, puback: int = 0, disconnect: int | None = None
    ) -> None:
        self._connack, self.puback, self._disconnect = connack, puback, disconnect
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(home.broker / "server.crt", home.broker / "server.key")
        self._context.load_verify_locations(home.ca / "ca.crt")
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.published = 0
        self.subscribing, self.may_subscribe = threading.Event(), threading.Event()
        self.may_subscribe.set()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(raw,), daemon=True).start()

    def _one(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(raw, server_side=True) as link:
            stream = link.makefile("rb")
            while head := stream.read(1):
                body = stream.read(_length(stream))
                if head[0] >> 4 == 1:
                    if self._connack is None:
                        return
                    link.sendall(bytes([0x20, 3, 0, self._connack, 0]))
                elif head[0] >> 4 == 3 and head[0] & 6:
                    self.published += 1
                    at = 2 + int.from_bytes(body[:2])
                    link.sendall(bytes([0x40, 4]) + body[at : at + 2] + bytes([self.puback, 0]))
                elif head[0] >> 4 == 8 and self._disconnect is not None:
                    link.sendall(bytes([0xE0, 2, self._disconnect, 0]))
                    return
                elif head[0] >> 4 == 8:
                    self.subscribing.set()
                    self.may_subscribe.wait(20)
                    link.sendall(bytes([0x90, 4]) + body[:2] + b"\0\1")


def _length(stream: "socket.SocketIO") -> int:
    length, shift = 0, 0
    while True:
        (byte,) = stream.read(1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return length


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


@contextlib.contextmanager
def answering(
    home: Home, connack: int | None, puback: int = 0, disconnect: int | None = None
) -> Iterator[Answering]:
    broker = Answering(home, connack, puback, disconnect)
    try:
        yield broker
    finally:
        broker.close()


@pytest.mark.parametrize(
    ("connack", "kind"),
    [
        (None, NetworkFault),
        (136, NetworkFault),
        (137, NetworkFault),
        (151, NetworkFault),
        (159, NetworkFault),
        (135, CertificateRefused),
        (134, CertificateRefused),
        (138, CertificateRefused),
    ],
)
def test_a_broker_that_will_not_have_us_is_told_by_its_code(
    home: Home, connack: int | None, kind: type[Exception]
) -> None:
    with answering(home, connack) as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        client_of(home, GATE, broker.port, news).open()
        down = heard(news, Down)
        assert isinstance(down, Down)
        assert type(down.error) is kind


async def test_a_gate_whose_place_was_taken_says_so(home: Home, tmp_path: Path) -> None:
    """A copied card, at a broker that tells why."""
    with answering(home, 0, disconnect=142) as broker:
        async with opened(tmp_path) as journal:
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["error_kind"] == "SessionTakenOver")
                assert f"as {GATE}, with our certificate" in str(uplink.status["last_error"])


@pytest.mark.parametrize("code", [135, 151])
async def test_a_batch_that_the_broker_refuses_is_kept_and_told(
    home: Home, tmp_path: Path, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with answering(home, 0, code) as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 120)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink.status["broker_refused"].get(str(code), 0) >= 1)
                assert uplink.status["unsent"] == 120
                assert uplink.status["connected"]
    assert f"({code})" in caplog.text
    assert broker.published < 20  # no flood of repetitions


async def test_a_packet_that_is_too_large_goes_again_in_smaller_ones_and_these_grow_again(
    home: Home, tmp_path: Path
) -> None:
    """149 is none of the codes that a PUBACK may have; Debian's mosquitto sends it all the same."""
    with answering(home, 0, 149) as broker:
        async with opened(tmp_path) as journal:
            await fill(journal, 120)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await soon(lambda: uplink._state.batch_size.most < MAX_EVENTS)
                assert uplink.status["unsent"] == 120
                small = uplink._state.batch_size.most
                broker.puback = 0
                uplink._state.batch_size = replace(uplink._state.batch_size, wait_s=0.1)
                await soon(lambda: uplink._state.batch_size.most > small)


def test_an_office_is_connected_once_its_subscription_is_answered(home: Home) -> None:
    """What a gate says before that reaches nobody, so whoever asks must not be told otherwise."""
    with answering(home, 0) as broker:
        broker.may_subscribe.clear()
        with office_at(home, broker.port) as office:
            assert broker.subscribing.wait(20)
            assert not office.connected
            broker.may_subscribe.set()
            until(lambda: office.connected)


def test_a_known_connection_still_stands(home: Home) -> None:
    with answering(home, 0) as broker:
        news: queue.Queue[LinkEvent] = queue.Queue()
        link = client_of(home, GATE, broker.port, news)
        link.open()
        heard(news, Up)
        acked = heard(news, Acked, mid=link.publish("t", b"x"))
        assert acked == Acked(acked.mid, None, 0)
        link.leave()


def test_a_gate_stays_below_what_the_guard_allows() -> None:
    """An hour of a backlog without end, in batches of every size."""
    for size in (300, 9_000, 32_768):
        pace, sent, now_s = Pace(), 0, 0.0
        while now_s < 3600:
            while pace.may_send(now_s):
                pace.note_sent(size)
                sent += 1
            now_s += 0.5
            assert sent <= 200 + now_s * MESSAGES_PER_S + 1
            assert sent * size <= 4 * 1024 * 1024 + now_s * BYTES_PER_S + size
        assert sent > 3000


def test_its_rates_are_below_the_guards_own() -> None:
    text = (ROOT / "firmware_config/mosquitto/guard/limits.h").read_text(encoding="utf-8")
    assert ".messages_per_s = 40, .messages_burst = 400" in text
    assert ".bytes_per_s = 1 << 20, .bytes_burst = 8 << 20" in text
    assert MESSAGES_PER_S < 40
    assert BYTES_PER_S < 1 << 20
