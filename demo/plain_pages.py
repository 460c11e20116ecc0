"""Clients that ask the console for what its pages ask for, and draw nothing.

A tablet at a site draws on its own processor. So what open pages take from the lane is measured
with these too. Each reads its stream of events and fetches its page after every change, as
gate/web/static/pages.mjs does. The screen reads its mirror all the time.
"""

import contextlib
import re
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from demo.console import PINS
from demo.sockets import NotAnswered

ANSWER_S = 20.0
COOKIE = re.compile(r"(__Host-[\w-]+=[^;]+)")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class PlainClient(threading.Thread):
    """Reads `stream` until `end`, and fetches `page` after each change where there is one.
    `source`: the address of this machine that it comes from; servers bound what one address opens.
    """

    def __init__(
        self, address: str, stream: str, cookie: str = "", page: str = "", *, source: str = ""
    ) -> None:
        super().__init__(daemon=True)
        self._host, self._cookie, self._page = urlsplit(address).netloc, cookie, page
        self._source = source
        self._link = _connected(self._host, source)
        self._stream = _asked(self._link, "GET", stream, cookie)
        self.fetched = 0
        self.pictures = 0
        """That came on the stream."""

    def run(self) -> None:
        """Until the connection is closed."""
        fetching = _connected(self._host, self._source)
        with contextlib.suppress(OSError, HTTPException, ValueError):
            while part := self._stream.read1(65536):
                self.pictures += part.count(b"\xff\xd8\xff")
                if self._page and b"id:" in part:
                    _asked(fetching, "GET", self._page, self._cookie).read()
                    self.fetched += 1
        fetching.close()

    def end(self) -> None:
        """Hangs up."""
        with contextlib.suppress(OSError):
            self._link.sock.shutdown(2)
        self.join()
        self._link.close()


@contextlib.contextmanager
def plain_pages(address: str, staff: tuple[str, ...]) -> Iterator[list[PlainClient]]:
    """A tablet of each of `staff` at Now, and a screen with its mirror, until left. NotAnswered."""
    clients = [
        PlainClient(address, "/screen/events"),
        PlainClient(address, "/preview.mjpeg"),
        *(PlainClient(address, "/events", signed_in(address, who), "/") for who in staff),
    ]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.end()


def signed_in(address: str, who: str) -> str:
    """The cookie of somebody who has signed in at the console. NotAnswered."""
    return posted(address, {"by": who, "pin": PINS[who]})


def posted(address: str, filled_in: dict[str, str]) -> str:
    """The cookie after the sign-in form of console or board, filled in so. NotAnswered."""
    link = _connected(urlsplit(address).netloc)
    page = _asked(link, "GET", "/sign-in")
    cookie, csrf = _found(COOKIE, page.headers.get("set-cookie", "")), page.read().decode()
    form = urlencode({"csrf": _found(CSRF, csrf), **filled_in})
    answer = _asked(link, "POST", "/sign-in", cookie, form)
    answer.read()
    link.close()
    return _found(COOKIE, answer.headers.get("set-cookie", ""))


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise NotAnswered("the sign-in page is not as it was")
    return found[1]


def _connected(host: str, source: str = "") -> HTTPSConnection:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    place = (source, 0) if source else None
    return HTTPSConnection(host, context=trusting, timeout=ANSWER_S, source_address=place)


def _asked(
    link: HTTPSConnection, method: str, path: str, cookie: str = "", form: str | None = None
) -> HTTPResponse:
    """The answer, whose body is not read yet. NotAnswered for a refusal."""
    headers = {"Cookie": cookie} if cookie else {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    link.request(method, path, form, headers)
    answer = link.getresponse()
    if answer.status >= 400:
        raise NotAnswered(f"{path} was answered with {answer.status}")
    return answer
