"""A browser's side of HTTPS by hand, so that it can be as wrong as anybody's."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

ANSWER_S = 20.0
FORM = "application/x-www-form-urlencoded"


@dataclass
class Answered:
    """`status` 0: the console closed the connection without a word."""

    status: int
    headers: dict[str, str]
    body: bytes


def trusting() -> ssl.SSLContext:
    """Takes the console's own certificate, whichever it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.asynccontextmanager
async def connected(
    port: int, host: str = "127.0.0.1", source: str | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """One connection, from the address `source` where one is given."""
    reader, writer = await asyncio.open_connection(
        host, port, ssl=trusting(), local_addr=(source, 0) if source else None
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def exchanged(
    port: int, raw: bytes, host: str = "127.0.0.1", source: str | None = None
) -> Answered:
    """What comes back for these bytes, up to the end of the first answer."""
    async with asyncio.timeout(ANSWER_S), connected(port, host, source) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(raw)
        try:
            return await answered(reader)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return Answered(0, {}, b"")


async def answered(reader: asyncio.StreamReader) -> Answered:
    """The next answer of a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    status = int(lines[0].split()[1])
    if "content-length" in headers:
        return Answered(status, headers, await reader.readexactly(int(headers["content-length"])))
    return Answered(status, headers, b"")


def request(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Visitor:
    """Somebody at the console of `port`, with a cookie and the token of their forms."""

    port: int
    host: str = "127.0.0.1"
    source: str | None = None
    cookie: str = ""
    csrf: str = ""

    def heads(self) -> dict[str, str]:
        """The headers of each request."""
        return {"Host": f"{self.host}:{self.port}", "Cookie": self.cookie}

    async def get(self, target: str) -> Answered:
        """The answer to one GET. A new cookie and a new token are kept."""
        answer = await exchanged(
            self.port, request("GET", target, self.heads()), self.host, self.source
        )
        return self._kept(answer)

    async def post(self, target: str, form: dict[str, str]) -> Answered:
        """A form as a browser sends it, with its token."""
        body = urlencode({"csrf": self.csrf, **form}).encode()
        heads = {**self.heads(), "Content-Type": FORM, "Content-Length": str(len(body))}
        raw = request("POST", target, heads, body)
        return self._kept(await exchanged(self.port, raw, self.host, self.source))

    async def sign_in(self, by: str = "li", pin: str = "") -> None:
        """Signs in, and reads the token of the pages' forms."""
        await self.get("/sign-in")
        answer = await self.post("/sign-in", {"by": by, "pin": pin})
        assert answer.status == 303, answer.body
        assert (await self.get("/")).status == 200

    def _kept(self, answer: Answered) -> Answered:
        if cookie := re.search(r"__host-session=[^;]*", answer.headers.get("set-cookie", "")):
            self.cookie = cookie[0].replace("__host", "__Host")
        if csrf := re.search(rb'name="csrf" value="([0-9a-f]+)"', answer.body):
            self.csrf = csrf[1].decode()
        return answer
