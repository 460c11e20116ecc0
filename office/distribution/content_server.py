"""The server of rosters: HTTPS with a certificate on both sides, Range, and nothing else.

A gate sees the list of its own site and may fetch what that list names. The files are sealed to the
gates besides. It is the standard library's server with one thread for each connection. It asks for
the certificate before anything is read, and the number of connections is bounded. A renewed
certificate or a new list of revoked ones counts from the next connection.

    GET /1/rosters/<site>      {"rosters": [notice, …]}, each as it was signed
    GET /1/content/<sha256>    the bytes; Range: bytes=<first>-
"""

import json
import logging
import re
import socket
import ssl
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from gate.errors import InputDamaged, InputRejected
from gate.sync.envelope import ID
from office.distribution.published import announced, contents_of
from office.distribution.tls_files import TlsFiles
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 128
"""A gate that finds no place is told to come again."""
TIMEOUT_S = 20.0
"""Without a byte for so long a connection is ended."""
_CHUNK_BYTES = 1 << 16
_PATH = re.compile(r"/1/rosters/(?P<site>[a-z0-9-]{1,64})|/1/content/(?P<content>[0-9a-f]{64})")
_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{1,12})?")


class ContentServer(ThreadingHTTPServer):
    """Of the office at `home`. `address`: host and port, 0 for any. OSError where it is taken.
    ValueError, OSError for files of TLS that do not fit."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, home: Home, address: tuple[str, int], certificate: Path, key: Path) -> None:
        self.home = home
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._tls = TlsFiles(home, certificate, key)
        super().__init__(address, _Answer)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """The handshake is in the connection's own thread: nobody waits for a slow one."""
        if isinstance(request, tuple):  # a datagram, which a server of streams never has
            return
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            request.settimeout(TIMEOUT_S)
            with self._tls.context().wrap_socket(request, server_side=True) as secure:
                self.finish_request(secure, client_address)
        except (OSError, ValueError) as e:
            log.info("a connection from %s ended: %s", client_address, e)
        finally:
            self._places.release()
            self.shutdown_request(request)

    def gate_of(self, connection: ssl.SSLSocket) -> Enrolment | None:
        """The enrolment of the gate at the other end; None where it may have nothing."""
        shown: Any = connection.getpeercert() or {}
        names = [v for part in shown.get("subject", ()) for k, v in part if k == "commonName"]
        if len(names) != 1 or not ID.fullmatch(str(names[0])):
            return None
        try:
            enrolled = read_enrolment(self.home.enrolment(str(names[0])))
        except InputDamaged:
            return None
        return enrolled if enrolled.revoked is None else None


class _Answer(BaseHTTPRequestHandler):
    server: ContentServer
    connection: ssl.SSLSocket
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "exam-office", ""
    timeout = TIMEOUT_S

    def do_GET(self) -> None:
        """One of the two, or 403, 404."""
        gate = self.server.gate_of(self.connection)
        asked = _PATH.fullmatch(self.path)
        if gate is None:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif asked is None:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif asked["site"]:
            self._list(gate, asked["site"])
        else:
            self._content(gate, asked["content"])

    def _list(self, gate: Enrolment, site: str) -> None:
        if site != gate.site:
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        try:
            found = [a for a in announced(self.server.home) if a.notice.site == site]
        except (InputDamaged, InputRejected) as e:
            log.error("%s", e)
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        rows = [json.loads(a.payload) for a in found]
        body = json.dumps({"rosters": rows}, ensure_ascii=False).encode()
        self._head(HTTPStatus.OK, len(body), "application/json")
        self.wfile.write(body)

    def _content(self, gate: Enrolment, sha256: str) -> None:
        if sha256 not in contents_of(self.server.home, gate.site):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            with (self.server.home.published / "content" / sha256).open("rb") as reading:
                self._send(reading, reading.seek(0, 2))
        except FileNotFoundError:  # a newer version has taken its place this moment
            self._refuse(HTTPStatus.NOT_FOUND)

    def _send(self, reading: BinaryIO, size: int) -> None:
        first, last = 0, size - 1
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is not None:
            first, last = int(asked[1]), min(last, int(asked[2] or last))
            if first > last:
                self._head(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, "text/plain")
                return
            self._range = f"bytes {first}-{last}/{size}"
        status = HTTPStatus.OK if asked is None else HTTPStatus.PARTIAL_CONTENT
        self._head(status, last - first + 1, "application/octet-stream")
        reading.seek(first)
        left = last - first + 1
        while left and (chunk := reading.read(min(_CHUNK_BYTES, left))):
            self.wfile.write(chunk)
            left -= len(chunk)

    _range = ""

    def _head(self, status: HTTPStatus, length: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        if self._range:
            self.send_header("Content-Range", self._range)
            self._range = ""
        self.end_headers()

    def _refuse(self, status: HTTPStatus) -> None:
        self._head(status, 0, "text/plain")

    def log_message(self, format: str, *args: object) -> None:
        """One line for each request, in our own log."""
        log.info("%s %s", self.client_address[0], format % args)
