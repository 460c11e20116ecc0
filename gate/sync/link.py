"""One MQTT 5 connection over mutual TLS, from its attempt to its end. Used at both ends.

paho's own network thread drives it, and every callback is posted as a value to one sink. An event
loop with paho's socket hooks was considered and not chosen, for two reasons. The TLS handshake
blocks inside `connect()` either way. Bytes that TLS has buffered do not wake a loop that watches
the socket.
"""

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.errors import GateError
from gate.sync.link_faults import (
    NOT_ADMITTED,
    alert_of,
    closed_unanswered,
    ended,
    not_admitted,
    not_connected,
    noting_sockets,
    refuses_us,
    unreachable,
    unusable_files,
)

log = logging.getLogger(__name__)

_KEEPALIVE_S = 20
_CONNECT_S = 5.0
_RECEIVE_MAXIMUM = 50
"""Messages that the broker sends before it waits for an acknowledgement of ours."""
MAX_PACKET = 96 * 1024
"""Bytes of the largest packet that we take. It is well above what the broker takes, since the
broker adds properties to what it sends on. It drops a message that is too large for a reader, and
never gives back the reader's receive quota. After as many as that the reader would hear nothing
more."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and who we are. `name`: MQTT client id and the certificate's CN."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    name: str


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the connection ends without a goodbye."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Up:
    """The connection stands and the broker has accepted it."""


@dataclass(frozen=True, slots=True)
class Down:
    """The last event of a link. `error` is None after our own goodbye."""

    error: GateError | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was received.

    `retained`: it was said before we subscribed.
    """

    topic: str
    payload: bytes
    mid: int
    retained: bool


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker has taken message `mid` into its memory, or says why not. No more than that.
    `code`: MQTT's reason code, 128 and more where it is refused."""

    mid: int
    refused: str | None
    code: int = 0


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker hands on, from now, what comes under the topics of subscription `mid`."""

    mid: int


LinkEvent = Up | Down | Message | Acked | Subscribed


class MqttConnection:
    """`post` is called from other threads. `keep_session_s`: how long the broker keeps messages for
    us while we are away; then they are acknowledged by `ack` alone. A link is used once."""

    def __init__(
        self,
        address: Address,
        post: Callable[[LinkEvent], None],
        will: Will,
        keep_session_s: int = 0,
        receive_maximum: int = _RECEIVE_MAXIMUM,
    ) -> None:
        self._address = address
        self._post = post
        self._keep_session_s = keep_session_s
        self._receive_maximum = receive_maximum
        self._ended = threading.Lock()
        self._answered = False
        self._leaving = False
        self._detail = ""
        self._tls_error: ssl.SSLError | None = None
        self._client = self._made(will)

    def open(self) -> None:
        """Returns at once; `Up` or `Down` follows. DNS may block for long: nobody waits for it."""
        threading.Thread(target=self._connect, name="mqtt-connect", daemon=True).start()

    def subscribe(self, *topics: str) -> int:
        """The `mid` that `Subscribed` names once the broker has answered; 0 on a broken link."""
        _, mid = self._client.subscribe([(topic, 1) for topic in topics])
        return mid or 0

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int:
        """The message's `mid`. On a broken link it goes nowhere."""
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def ack(self, mid: int) -> None:
        """Acknowledges the received message `mid` to the broker."""
        self._client.ack(mid, 1)

    def leave(self) -> None:
        """Say goodbye; `Down(None)` follows when it is said. Idempotent."""
        self._leaving = True
        self._client.disconnect()

    def _made(self, will: Will) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._address.name,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,  # its delays have no jitter; the owner decides
            manual_ack=self._keep_session_s > 0,
        )
        client.connect_timeout = _CONNECT_S
        client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.enable_logger(_logger_of(self._note_error))
        return client

    def _connect(self) -> None:
        address = self._address
        try:
            context = tls_context(address)
        except (OSError, ValueError) as e:
            files = (address.ca.name, address.certificate.name, address.key.name)
            self._end(unusable_files(e, files))
            return
        context.sslsocket_class = noting_sockets(self._note_tls)
        try:
            self._client.tls_set_context(context)
            self._client.connect(
                address.host,
                address.port,
                keepalive=_KEEPALIVE_S,
                clean_start=self._keep_session_s == 0,
                properties=self._properties(),
            )
        except (OSError, ValueError) as e:
            self._end(not_connected(e, address, address.ca.name, address.certificate.name))
            return
        if self._leaving:
            self._client.disconnect()
        self._client.loop_start()

    def _properties(self) -> Any:
        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._keep_session_s
        properties.ReceiveMaximum = self._receive_maximum
        properties.MaximumPacketSize = MAX_PACKET
        return properties

    def _end(self, error: GateError | None) -> None:
        if self._ended.acquire(blocking=False):
            self._post(Down(error))

    def _note_tls(self, error: ssl.SSLError) -> None:
        self._tls_error = error

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, code: Any, _p: Any) -> None:
        self._answered = True
        if not code.is_failure:
            self._post(Up())
        elif code.value in NOT_ADMITTED:
            self._end(not_admitted(self._address, self._address.certificate.name, str(code)))
        else:
            self._end(unreachable(self._address, str(code), code.value))

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: Any, _p: Any) -> None:
        if self._leaving:
            self._end(None)
        elif self._answered:
            self._end(
                ended(self._address, self._address.name, self._detail or str(code), code.value)
            )
        else:
            self._end(self._unanswered())

    def _unanswered(self) -> GateError:
        """Why the broker ended the connection before it answered: asked once more where its alert
        was lost."""
        alert = self._tls_error if refuses_us(self._tls_error) else None
        if alert is None:
            try:
                alert = alert_of(self._address, tls_context(self._address))
            except (OSError, ValueError):  # the files are being replaced: the next attempt tells
                alert = None
        if alert is None:
            return closed_unanswered(self._address)
        return not_admitted(self._address, self._address.certificate.name, str(alert.reason))

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        self._post(Message(message.topic, bytes(message.payload), message.mid, message.retain))

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: Any, _p: Any) -> None:
        self._post(Acked(mid, str(code) if code.is_failure else None, code.value))

    def _on_subscribe(self, _c: Any, _u: Any, mid: int, codes: list[Any], _p: Any) -> None:
        if not any(code.is_failure for code in codes):
            self._post(Subscribed(mid))

    def _note_error(self, text: str) -> None:
        self._detail = text


class _Told(logging.Handler):
    """Hands on what paho tells of errors; the rest goes to our own log."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno == logging.ERROR:
            self._tell(text)
        log.debug("%s", text)


def _logger_of(tell: Callable[[str], None]) -> logging.Logger:
    """For one client. paho spells out two lines for each message, unless nobody asks for them."""
    is_asked_for = log.isEnabledFor(logging.DEBUG)
    logger = logging.Logger(__name__, logging.DEBUG if is_asked_for else logging.ERROR)
    logger.addHandler(_Told(tell))
    return logger


def tls_context(address: Address) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's name checked, our certificate shown. OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(address.ca)
    context.load_cert_chain(address.certificate, address.key)
    return context
