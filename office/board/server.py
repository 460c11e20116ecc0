"""Runs the board: its pages over HTTPS, and the look at the database beside them."""

import os
import secrets
from pathlib import Path

from gate.errors import InputDamaged
from gate.platform.durable_files import write_file
from gate.web.bounded_listener import listeners
from gate.web.https_server import listen_address, serve_https
from gate.web.sessions import Sessions
from office.board.board_feed import BoardFeed
from office.board.web_app import Shared, board_app
from office.home import Home


def run_board(home: Home, listen: str) -> None:
    """Until SIGTERM. UsageError, InputDamaged, NetworkFault; OSError."""
    host, port = listen_address(listen)
    certificate, key = home.board / "board.crt", home.board / "board.key"
    for path in (certificate, key):
        if not path.exists():
            raise InputDamaged(
                f"There is no {path}: run exam-office keys --board NAME with the name or address "
                "under which browsers reach the board.",
                f"没有 {path}：请运行 exam-office keys --board 域名或地址（浏览器所用）。",
                path=str(path),
            )
    sockets = listeners(host, port)
    tokens = token_of(home.board_token), token_of(home.wall_token)
    app = board_app(Shared(home, BoardFeed(home), Sessions(), *tokens))
    serve_https(app, sockets, certificate, key)


def token_of(path: Path) -> str:
    """The token of a program or a screen; made where there is none. OSError."""
    if not path.exists():
        write_file(path, secrets.token_urlsafe(32).encode() + b"\n", 0o600)
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, encoding="ascii") as opened:
        return opened.read(200).strip()
