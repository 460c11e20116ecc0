"""Runs the console: HTTPS by uvicorn, and the link to the gate beside it."""

import socket
import ssl
from pathlib import Path

import uvicorn

from gate.console.bounded_connection import BoundedConnection
from gate.console.bounded_listener import listeners
from gate.console.certificate import own_addresses, own_certificate, utc_now
from gate.console.feed import Feed
from gate.console.gate_link import GateLink
from gate.console.sessions import Sessions
from gate.console.speech_files import SpeechFiles
from gate.console.web_app import Shared, console_app
from gate.errors import UsageError
from gate.platform.service_manager import ServiceManager

CLOSING_S = 3
"""In seconds, for pages that still follow when the console is told to stop."""


def listen_address(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stands in brackets. UsageError."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise UsageError(
            f"{listen!r} is no address to listen on: write it as 127.0.0.1:8443.",
            f"{listen!r} 不是监听地址：请写成 127.0.0.1:8443。",
            listen=listen,
        )
    return host, int(port)


def run_console(
    staff_socket: Path,
    listen: str,
    folder: Path,
    *,
    screen_open: bool,
    speech: SpeechFiles | None = None,
) -> None:
    """Until SIGTERM. `folder`: where the console keeps its certificate. `screen_open`: the screen
    of candidates is shown to other machines too. `speech`: what it speaks. UsageError,
    StorageRefused, NetworkFault."""
    host, port = listen_address(listen)
    sockets = listeners(host, port)
    certificate, key = own_certificate(folder, own_addresses(host), utc_now())
    feed = Feed()
    link = GateLink(staff_socket, feed)
    app = console_app(
        Shared(link, feed, Sessions(), screen_open, staff_socket.parent, speech),
        following=link.run,
    )
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        access_log=False,  # a line a request would name cases
        server_header=False,
        date_header=False,
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=CLOSING_S,
        h11_max_incomplete_event_size=16 * 1024,
    )
    _Server(config).run(sockets)


class _Server(uvicorn.Server):
    """Tells systemd once it listens: the unit's own browser is started after that."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Until it listens, or has failed to."""
        await super().startup(sockets)
        if self.started:
            ServiceManager().tell("READY=1")
