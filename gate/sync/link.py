"""One MQTT 5 connection over mutual TLS, from its attempt to its end. Used at both ends.

paho's own network thread drives it, and every callback is posted as a value to one sink. Driving
paho from the event loop by its socket hooks was weighed and left: its TLS handshake blocks inside
`connect()` either way, and bytes that TLS has buffered do not wake a loop that watches the socket.
"""

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gate.errors import CertificateRefused, GateError, NetworkFault

log = logging.getLogger(__name__)

_KEEPALIVE_S = 20
_CONNECT_S = 5.0
_RECEIVE_MAXIMUM = 50
MAX_PACKET = 96 * 1024
"""Bytes of the largest packet that we take. Well above what the broker takes from anybody, since it
adds properties on the way out: what is too large for a reader it drops, and never gives the
reader's receive quota back, so that after 50 of them the reader hears nothing more."""


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
    pass


@dataclass(frozen=True, slots=True)
class Down:
    """The last event of a link. `error` is None after our own goodbye."""

    error: GateError | None


@dataclass(frozen=True, slots=True)
class Message:
    """`retained`: it was said before we subscribed."""

    topic: str
    payload: bytes
    mid: int
    retained: bool


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker has taken message `mid` into its memory, or says why not. No more than that."""

    mid: int
    refused: str | None


LinkEvent = Up | Down | Message | Acked


class MqttConnection:
    """`post` is called from other threads. `keep_session_s`: how long the broker keeps messages for
    us while we are away; then they are acknowledged by `ack` alone. A link is used once."""

    def __init__(
        self,
        address: Address,
        post: Callable[[LinkEvent], None],
        will: Will,
        keep_session_s: int = 0,
    ) -> None:
        self._address = address
        self._post = post
        self._keep_session_s = keep_session_s
        self._ended = threading.Lock()
        self._answered = False
        self._leaving = False
        self._detail = ""
        self._client = self._made(will)

    def open(self) -> None:
        """Returns at once; `Up` or `Down` follows. DNS may block for long: nobody waits for it."""
        threading.Thread(target=self._connect, name="mqtt-connect", daemon=True).start()

    def subscribe(self, *topics: str) -> None:
        self._client.subscribe([(topic, 1) for topic in topics])

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int:
        """The message's `mid`. On a broken link it goes nowhere."""
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def ack(self, mid: int) -> None:
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
        client.on_log = self._on_log
        return client

    def _connect(self) -> None:
        try:
            self._client.tls_set_context(tls_context(self._address))
            self._client.connect(
                self._address.host,
                self._address.port,
                keepalive=_KEEPALIVE_S,
                clean_start=self._keep_session_s == 0,
                properties=self._properties(),
            )
        except (OSError, ValueError) as e:
            self._end(explained(e, self._address))
            return
        if self._leaving:
            self._client.disconnect()
        self._client.loop_start()

    def _properties(self) -> Any:
        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._keep_session_s
        properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET
        return properties

    def _end(self, error: GateError | None) -> None:
        if self._ended.acquire(blocking=False):
            self._post(Down(error))

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, code: Any, _p: Any) -> None:
        self._answered = True
        if code.is_failure:
            self._end(_not_admitted(self._address, str(code)))
        else:
            self._post(Up())

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: Any, _p: Any) -> None:
        if self._leaving:
            self._end(None)
        elif not self._answered and str(code) != "Keep alive timeout":
            # TLS 1.3: our handshake is over before the broker has judged our certificate, and its
            # alert may be lost with the connection that it ends
            self._end(_not_admitted(self._address, self._detail or str(code)))
        else:
            self._end(_unreachable(self._address, self._detail or str(code)))

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        self._post(Message(message.topic, bytes(message.payload), message.mid, message.retain))

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: Any, _p: Any) -> None:
        self._post(Acked(mid, str(code) if code.is_failure else None))

    def _on_log(self, _c: Any, _u: Any, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._detail = text
        log.debug("%s", text)


def tls_context(address: Address) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's name checked, our certificate shown. OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(address.ca)
    context.load_cert_chain(address.certificate, address.key)
    return context


def explained(error: Exception, address: Address) -> GateError:
    """Why no connection came about, by what a person can do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateRefused(
            f"The broker's certificate at {address.host}:{address.port} is not trusted "
            f"({error.verify_message}): check {address.ca.name}, [mqtt] host and the clock.",
            f"不信任 {address.host}:{address.port} 的证书（{error.verify_message}）："
            f"请检查 {address.ca.name}、[mqtt] host 与时钟。",
            host=address.host,
            port=address.port,
        )
    if isinstance(error, ssl.SSLError) and "ALERT" in str(error.reason):
        return _not_admitted(address, str(error.reason))
    if isinstance(error, ssl.SSLError | FileNotFoundError | PermissionError) and not _is_network(
        error
    ):
        return CertificateRefused(
            f"Our certificate files cannot be used ({error}): copy {address.ca.name}, "
            f"{address.certificate.name} and {address.key.name} to the unit again.",
            f"本机证书文件无法使用（{error}）：请重新复制证书文件。",
            files=(str(address.ca), str(address.certificate), str(address.key)),
        )
    return _unreachable(address, str(error))


def _is_network(error: OSError) -> bool:
    """An SSL error met while talking, not while loading files."""
    return isinstance(error, ssl.SSLError) and error.reason in (
        "WRONG_VERSION_NUMBER",
        "UNEXPECTED_EOF_WHILE_READING",
        "RECORD_LAYER_FAILURE",
    )


def _not_admitted(address: Address, detail: str) -> CertificateRefused:
    return CertificateRefused(
        f"The broker {address.host}:{address.port} does not accept our certificate "
        f"({detail}): check that {address.certificate.name} is this unit's and not expired.",
        f"服务器 {address.host}:{address.port} 不接受本机证书（{detail}）：请检查证书是否属于本机、"
        "是否过期。",
        host=address.host,
        port=address.port,
        detail=detail,
    )


def _unreachable(address: Address, detail: str) -> NetworkFault:
    return NetworkFault(
        f"The broker {address.host}:{address.port} cannot be reached ({detail}): "
        "check network and broker; it is tried again.",
        f"无法连接服务器 {address.host}:{address.port}（{detail}）：请检查网络，设备会自动重试。",
        host=address.host,
        port=address.port,
        detail=detail,
    )
