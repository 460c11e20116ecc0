"""Runs the console: HTTPS, and the link to the gate beside it."""

from pathlib import Path

from gate.console.feed import Feed
from gate.console.gate_link import GateLink
from gate.console.speech_files import SpeechFiles
from gate.console.web_app import Shared, console_app
from gate.web.bounded_listener import listeners
from gate.web.certificate import own_addresses, own_certificate, utc_now
from gate.web.https_server import listen_address, serve_https
from gate.web.sessions import Sessions


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
    serve_https(app, sockets, certificate, key)
