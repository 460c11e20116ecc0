"""Under which names and at which port units and office reach the broker."""

import ipaddress
import re
from typing import NamedTuple

from gate.errors import InputDamaged, UsageError
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular
from office.home import Home

DEFAULT_PORT = 8883
"""IANA's secure-mqtt."""
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?P<host>{_NAME}|[0-9A-Fa-f:]{{2,39}})"  # a bare IPv6 address has colons, and no port
    rf"|(?P<named>{_NAME}):(?P<port>[0-9]{{1,5}})"
    r"|\[(?P<bracketed>[0-9A-Fa-f:]{2,39})\](?::(?P<port6>[0-9]{1,5}))?"
)


class BrokerAddress(NamedTuple):
    """Where the broker is.

    `port`: None where none was named.
    """

    host: str
    port: int | None


def parse_broker_address(text: str) -> BrokerAddress:
    """`HOST`, `HOST:PORT` or `[IPv6]:PORT`. UsageError."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not _is_address(found) or not _is_port(found):
        raise UsageError(
            f"--broker {text!r} is no host name or address: use one such as broker.local, "
            "192.168.1.10:8883 or [fe80::1]:8883.",
            f"--broker {text!r} 不是主机名或地址："
            "如 broker.local、192.168.1.10:8883 或 [fe80::1]:8883。",
            name=text,
        )
    host = found["host"] or found["named"] or found["bracketed"]
    port = found["port"] or found["port6"]
    return BrokerAddress(host, int(port) if port else None)


def _is_address(found: re.Match[str]) -> bool:
    """Whether what has colons is an IPv6 address; a name is looked up by its user."""
    host = found["bracketed"] or found["host"] or ""
    try:
        return ":" not in host or ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _is_port(found: re.Match[str]) -> bool:
    port = found["port"] or found["port6"]
    return not port or 0 < int(port) < 65536


def remember_port(home: Home, port: int) -> None:
    """For units that are enrolled later. OSError."""
    if port != known_port(home):
        write_file(home.broker_port, f"{port}\n".encode(), 0o644)


def known_port(home: Home) -> int:
    """What was last named; DEFAULT_PORT where nothing was. InputDamaged."""
    try:
        text = read_regular(home.broker_port, 1024).decode("ascii", errors="replace").strip()
    except FileNotFoundError:
        return DEFAULT_PORT
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise InputDamaged(
            f"{home.broker_port} holds no port: write the broker's into it, such as 8883.",
            f"{home.broker_port} 中没有端口号：请写入消息服务器端口，如 8883。",
            path=str(home.broker_port),
        )
    return int(text)
