"""Pages over HTTPS by uvicorn, with bounds on what a client may open."""

import socket
import ssl
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from gate.errors import UsageError
from gate.platform.service_manager import ServiceManager
from gate.web.bounded_connection import BoundedConnection

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


def serve_https(
    app: Starlette,
    sockets: list[socket.socket],
    certificate: Path,
    key: Path,
    connection: type[BoundedConnection] = BoundedConnection,
) -> None:
    """Until SIGTERM, at `sockets`, which listen. `connection`: with which bounds."""
    config = uvicorn.Config(
        app,
        http=connection,
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
