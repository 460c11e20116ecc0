"""What a service tells systemd of itself: sd_notify(3), datagrams to $NOTIFY_SOCKET."""

import contextlib
import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """The one that started this process; without one nothing is told."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))

    def tell(self, message: str) -> None:
        """Lines such as `READY=1`."""
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
            s.setblocking(False)  # a full manager queue must not stall a service
            s.sendto(message.encode(), self._address)


def _address(named: str) -> str | None:
    """A leading @ names the abstract namespace."""
    return ("\0" + named[1:] if named.startswith("@") else named) or None
