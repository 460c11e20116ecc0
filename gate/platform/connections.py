"""Who is connected to a control socket. The number is bounded in all and for each user.

So no client can take the descriptors that journal, camera and serial port need. A client that only
waits (idle) makes room for a new one. A client whose request is being answered, or that follows a
stream, never does.
"""

import asyncio
import itertools
import resource
import socket
import struct
from dataclasses import dataclass, field

IN_ALL = 64
FOR_ONE_USER = 32
"""Connections at once. A unit has a console, a keypad and some scripts."""
RESERVED = 96
"""Descriptors that are left to the rest of the gate, whatever the limit of the process is."""
_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


_IDS = itertools.count(1)


@dataclass(eq=False)
class Client:
    """One connection to a control socket; a handler gets it with each request.

    `idle`: it waits for its own next request. `id`: no other connection of this process has it, nor
    will have. `signed_in`: the staff id in whose name it asks, set by the handler.
    """

    user: int
    task: asyncio.Task[None] | None = None
    idle: bool = True
    signed_in: str | None = None
    id: int = field(default_factory=lambda: next(_IDS))


@dataclass
class Connections:
    """Of one socket, in the order in which they came."""

    in_all: int = IN_ALL
    for_one_user: int = FOR_ONE_USER
    clients: list[Client] = field(default_factory=list)

    def joined(self, user: int) -> Client | None:
        """A place for a new client; the longest idle one leaves where there is none. None: every
        place is taken by somebody who is being answered."""
        of_user = [c for c in self.clients if c.user == user]
        if len(of_user) >= self.for_one_user and not self._sent_away(of_user):
            return None
        if len(self.clients) >= self.in_all and not self._sent_away(self._of_the_busiest_user()):
            return None
        client = Client(user)
        self.clients.append(client)
        return client

    def left(self, client: Client) -> None:
        """`client` is gone; a second call does nothing."""
        if client in self.clients:
            self.clients.remove(client)

    def _sent_away(self, clients: list[Client]) -> bool:
        found = next((c for c in clients if c.idle and c.task is not None), None)
        if found is None or found.task is None:
            return False
        found.task.cancel()
        self.left(found)
        return True

    def _of_the_busiest_user(self) -> list[Client]:
        users = [c.user for c in self.clients]
        busiest = max(users, key=users.count)
        return [c for c in self.clients if c.user == busiest]


def within_the_limit() -> Connections:
    """As many as the descriptors of this process allow."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_all = max(4, min(IN_ALL, (limit - RESERVED) // 2))
    return Connections(in_all, min(FOR_ONE_USER, max(2, in_all - 2)))


def user_of(connection: socket.socket) -> int:
    """The user id of the process at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(raw)[1])


def more_descriptors(wanted: int = 4096) -> None:
    """The soft limit up to the hard one, at most to `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
