"""The listening socket of pages: few connections at once, also from one machine.

A connection counts from its first packet: TLS and HTTP see only those that are let in. So nobody
who opens connections and says nothing takes the descriptors that others need.
"""

import socket
from collections.abc import Callable

from gate.errors import NetworkFault
from gate.web.places import Places

IN_ALL = 128
FOR_ONE = 32
"""A browser opens up to 6 connections for pages, and one for each stream."""
FOR_LOOPBACK = 16
"""Of IN_ALL, that are left to the unit's own display."""


class _Accepted(socket.socket):
    """A connection that tells once that it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        super().close()
        told, self.on_close = self.on_close, None
        if told is not None:
            told()


class BoundedListener(socket.socket):
    """Accepts those for whom there is a place, and closes others at once."""

    places: Places

    def accept(self) -> tuple[socket.socket, object]:
        """The next connection. ConnectionAbortedError where it found no place: event loops look
        for the next one then. BlockingIOError where nobody waits."""
        plain, address = super().accept()
        host = str(address[0])
        if not self.places.take(host):
            plain.close()
            raise ConnectionAbortedError
        accepted = _Accepted(plain.family, plain.type, plain.proto, plain.detach())
        accepted.on_close = lambda: self.places.leave(host)
        return accepted, address


def listeners(host: str, port: int) -> list[socket.socket]:
    """One for each address that `host` has. NetworkFault where one cannot be listened on."""
    places = Places(IN_ALL, FOR_ONE, FOR_LOOPBACK)
    made: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = BoundedListener(family, kind, protocol)
            made.append(listener)
            listener.places = places
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
    except OSError as e:
        for one in made:
            one.close()
        raise NetworkFault(
            f"Pages cannot be served at {host}:{port} ({e.strerror}): name an address of this "
            "machine and a port that is free.",
            f"无法监听 {host}:{port}（{e.strerror}）：请改用本机地址和空闲端口。",
            host=host,
            port=port,
        ) from e
    return made
