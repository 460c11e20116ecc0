"""Why a connection did not come about or ended, by types and codes, never by a library's words."""

import socket
import ssl
from collections.abc import Callable
from typing import Protocol

from gate.errors import CertificateRefused, GateError, NetworkFault, SessionTakenOver

REFUSES_US = frozenset(
    f"{version}_ALERT_{what}"
    for version in ("SSLV3", "TLSV1", "TLSV13")
    for what in (
        "BAD_CERTIFICATE",
        "UNSUPPORTED_CERTIFICATE",
        "CERTIFICATE_REVOKED",
        "CERTIFICATE_EXPIRED",
        "CERTIFICATE_UNKNOWN",
        "CERTIFICATE_REQUIRED",
        "UNKNOWN_CA",
        "ACCESS_DENIED",
        "HANDSHAKE_FAILURE",
    )
)
"""OpenSSL's names of the TLS alerts by which the other end refuses a certificate."""

NOT_ADMITTED = frozenset({133, 134, 135, 138, 140})
"""Reason codes of a CONNACK about who we are: client identifier, user name, not authorized,
banned, bad authentication method. All others are about the broker. MQTT 5.0, 3.2.2.2."""

PACKET_TOO_LARGE, PROTOCOL_ERROR = 149, 130
TOO_LARGE_ENDS = frozenset({PACKET_TOO_LARGE, PROTOCOL_ERROR})
"""How a connection ends on which a batch was too large. Debian's mosquitto answers one with a
PUBACK of code 149, which MQTT does not know there: paho takes it for a protocol error."""

SESSION_TAKEN_OVER = 142
"""Reason code of a DISCONNECT: another client has connected under our client id. MQTT 5.0,
3.14.2.1. Debian's mosquitto 2.0.11 closes the connection without it."""

_ASK_S = 3.0


class Broker(Protocol):
    """What a sentence names of the address."""

    @property
    def host(self) -> str:
        """The broker's host name or address."""

    @property
    def port(self) -> int:
        """The broker's TCP port."""


def refuses_us(error: Exception | None) -> bool:
    """Whether `error` is a TLS alert with which the broker refuses our certificate."""
    return isinstance(error, ssl.SSLError) and error.reason in REFUSES_US


def noting_sockets(note: Callable[[ssl.SSLError], None]) -> type[ssl.SSLSocket]:
    """A class of sockets that give each TLS alert to `note` and raise it as always.

    A library that reads from them keeps only the text of an alert.
    """

    class NotingSocket(ssl.SSLSocket):
        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            try:
                return super().recv(buflen, flags)
            except ssl.SSLError as e:
                if not isinstance(e, ssl.SSLWantReadError | ssl.SSLWantWriteError):
                    note(e)
                raise

    return NotingSocket


def alert_of(broker: Broker, context: ssl.SSLContext) -> ssl.SSLError | None:
    """The alert with which the broker answers our certificate; None where it has none.

    In TLS 1.3 our handshake is over before the broker has judged the certificate. Its alert is lost
    when the broker closes with unread bytes of ours. So nothing is sent here, only received. Waits
    `_ASK_S` at most twice.
    """
    try:
        with (
            socket.create_connection((broker.host, broker.port), _ASK_S) as raw,
            context.wrap_socket(raw, server_hostname=broker.host) as asked,
        ):
            asked.settimeout(_ASK_S)
            asked.recv(1)
    except ssl.SSLError as e:
        return e if refuses_us(e) else None
    except OSError:  # silence is no refusal, nor is a connection that ends
        return None
    return None


def unusable_files(error: Exception, names: tuple[str, str, str]) -> CertificateRefused:
    """The error for files of the connection that cannot be used.

    `names`: of authority, certificate and key.
    """
    return CertificateRefused(
        f"Our certificate files cannot be used ({error}): copy {names[0]}, {names[1]} and "
        f"{names[2]} to the unit again.",
        f"本机证书文件无法使用（{error}）：请重新复制证书文件。",
        files=names,
    )


def not_connected(error: Exception, broker: Broker, ca: str, certificate: str) -> GateError:
    """Of an attempt that raised `error`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateRefused(
            f"The broker's certificate at {broker.host}:{broker.port} is not trusted "
            f"({error.verify_message}): check {ca}, [mqtt] host and the clock.",
            f"不信任 {broker.host}:{broker.port} 的证书（{error.verify_message}）："
            f"请检查 {ca}、[mqtt] host 与时钟。",
            host=broker.host,
            port=broker.port,
        )
    if refuses_us(error):
        return not_admitted(broker, certificate, str(error))
    return unreachable(broker, str(error))


def not_admitted(broker: Broker, certificate: str, detail: str) -> CertificateRefused:
    """The error for a broker that does not accept our `certificate`; `detail`: its reason."""
    return CertificateRefused(
        f"The broker {broker.host}:{broker.port} does not accept our certificate "
        f"({detail}): check that {certificate} is this unit's and not expired.",
        f"服务器 {broker.host}:{broker.port} 不接受本机证书（{detail}）：请检查证书是否属于本机、"
        "是否过期。",
        host=broker.host,
        port=broker.port,
        detail=detail,
    )


def unreachable(broker: Broker, detail: str, code: int | None = None) -> NetworkFault:
    """The error for a broker that cannot be reached.

    `code`: MQTT's reason code, where one was given.
    """
    return NetworkFault(
        f"The broker {broker.host}:{broker.port} cannot be reached ({detail}): "
        "check network and broker; it is tried again.",
        f"无法连接服务器 {broker.host}:{broker.port}（{detail}）：请检查网络，设备会自动重试。",
        host=broker.host,
        port=broker.port,
        detail=detail,
        code=code,
    )


def taken_over(broker: Broker, name: str) -> SessionTakenOver:
    """The error for a session that another client of our name has taken over.

    `name`: our client id.
    """
    return SessionTakenOver(
        f"Another program has connected to the broker {broker.host}:{broker.port} as {name}, with "
        "our certificate, and taken our place: only one may run. End the other one; if nobody here "
        "started it, the key was copied: replace the certificate.",
        f"另一程序以 {name} 的名义、使用相同证书连接了服务器 {broker.host}:{broker.port}，"
        "取代了本机：同一时间只能运行一个，请停止另一个；若非本单位启动，说明密钥已被复制，请更换证书。",
        host=broker.host,
        port=broker.port,
        name=name,
        code=SESSION_TAKEN_OVER,
    )


def ended(broker: Broker, name: str, detail: str, code: int) -> GateError:
    """Why the broker, or the network, ended a connection that stood."""
    if code == SESSION_TAKEN_OVER:
        return taken_over(broker, name)
    return unreachable(broker, detail, code)


def closed_unanswered(broker: Broker) -> NetworkFault:
    """The error for a broker that closed the connection before it answered."""
    return NetworkFault(
        f"The broker {broker.host}:{broker.port} closed the connection before it answered: it is "
        "starting, full, or has shut this unit out for a while; it is tried again.",
        f"服务器 {broker.host}:{broker.port} 未应答即关闭连接：可能正在启动、已满或暂时限制本机；"
        "设备会自动重试。",
        host=broker.host,
        port=broker.port,
        code=None,
    )
