"""The console's real process under what anybody may send it.

No answer says 500 or more, no traceback is logged, and nothing is recorded. The next good request
is answered.
"""

import itertools
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.console.feed import Feed
from gate.console.web_app import Shared, console_app
from gate.web.sessions import Sessions
from tests.examples import examples
from tests.fuzz.foreign_json import odd_texts
from tests.fuzz.https_client import FORM, Visitor, exchanged, request
from tests.fuzz.seam import Seam

pytestmark = [pytest.mark.system]
POSTS = (
    "/sign-in",
    "/sign-out",
    "/cases/CASE/admit",
    "/cases/CASE/deny",
    "/cases/CASE/sign",
    "/cases/CASE/x",
    "/rooms",
    "/unit/rooms",
    "/type",
    "/decline",
    "/excuse",
    "/papers",
    "/papers/find",
    "/report/00015-am",
    "/messages/m-1/read",
    "/acknowledge",
)
GRANTED = (
    "/sign-in",
    "/sign-out",
    "/cases/CASE/admit",
    "/cases/CASE/deny",
    "/unit/rooms",
    "/type",
    "/report/00015-am",
    "/acknowledge",
)
"""Those for which the session's own token may be enough."""
FIELDS = ("csrf", "by", "pin", "reason", "ticket", "id_tail", "seat", "handle", "value", "rooms")


def test_every_route_is_tried(tmp_path: Path) -> None:
    """A form that is new gets its place in POSTS."""
    app = console_app(Shared(None, Feed(), Sessions()))  # type: ignore[arg-type]
    known = {r.path for r in app.routes if "POST" in (getattr(r, "methods", None) or ())}
    names = {"CASE": "{case}", "/x": "/{verb:str}", "00015-am": "{paper}", "m-1": "{message}"}
    tried = set(POSTS)
    for said, name in names.items():
        tried = {path.replace(said, name) for path in tried}
    assert known <= tried


TYPES = (
    FORM,
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=b; charset=utf-7",
    "multipart/form-data; boundary=b; charset=punycode",
    "multipart/form-data; boundary=b; charset=idna",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/json",
    "text/plain",
    "",
    "\xff",
)
pairs = st.lists(st.tuples(st.sampled_from(FIELDS) | odd_texts, odd_texts), min_size=0, max_size=30)


def encoded(form: list[tuple[str, str]]) -> bytes:
    return "&".join(
        f"{quote(n.encode('utf-8', 'surrogatepass'))}={quote(v.encode('utf-8', 'surrogatepass'))}"
        for n, v in form
    ).encode()


def multipart(form: list[tuple[str, str]], charset: str = "utf-8") -> bytes:
    parts = b""
    for name, value in form:
        shown = name.replace('"', "").replace("\n", "").encode("utf-8", "replace")
        parts += b'--b\r\nContent-Disposition: form-data; name="' + shown + b'"\r\n\r\n'
        parts += value.encode(charset, "surrogatepass") + b"\r\n"
    return parts + b"--b--\r\n"


bodies = (
    pairs.map(encoded)
    | pairs.map(multipart)
    | st.binary(max_size=300)
    | st.just(b"csrf=%ff%fe&by=%00%zz&=&&&;")
    | st.just(b"csrf=+2AA-&by=li")
    | st.just(b"a" * (16 * 1024))
)


@examples(160, on_one_fixture=True)
@given(
    target=st.sampled_from(POSTS),
    kind=st.sampled_from(TYPES),
    body=bodies,
    csrf=st.sampled_from(("right", "wrong", "missing", "twice")),
)
async def test_no_form_that_does_not_fit_does_anything(
    seam: Seam, target: str, kind: str, body: bytes, csrf: str
) -> None:
    before = seam.parts.unit.journal.head.seq
    good = f"csrf={seam.visitor.csrf}&".encode()
    head = {"right": good, "wrong": b"csrf=00&", "missing": b"", "twice": good + b"csrf=00&"}[csrf]
    is_good = csrf == "right" and kind == FORM
    if is_good and target in GRANTED:
        head = b""
    sent = head + body
    heads = {
        **seam.visitor.heads(),
        "Content-Type": kind,
        "Content-Length": str(len(sent)),
    }
    raw = request("POST", target.replace("CASE", seam.case), heads, sent)
    await seam.holds(before, await exchanged(seam.port, raw))


FORGED = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://[::1"},
    {"Origin": "\xff"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


async def test_a_form_from_elsewhere_is_refused(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    body = f"csrf={seam.visitor.csrf}&by=li".encode()
    heads = {**seam.visitor.heads(), "Content-Type": FORM, "Content-Length": str(len(body))}
    for target, forged in itertools.product(POSTS, FORGED):
        raw = request("POST", target.replace("CASE", seam.case), heads | forged, body)
        answer = await exchanged(seam.port, raw)
        assert answer.status == 403, (target, forged)
    await seam.holds(before)


async def test_multipart_in_any_character_set_is_not_read(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    for charset in ("utf-7", "punycode", "utf-8", "idna", "unicode_escape", "base64", "x"):
        token = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'
        body = token + seam.visitor.csrf.encode() + b"\r\n"
        body += token.replace(b"csrf", b"by") + b"+2AA- \\ud800 \xff\r\n--b--\r\n"
        kind = f"multipart/form-data; boundary=b; charset={charset}"
        heads = {**seam.visitor.heads(), "Content-Type": kind, "Content-Length": str(len(body))}
        answer = await exchanged(seam.port, request("POST", "/acknowledge", heads, body))
        await seam.holds(before, answer)
        assert answer.status == 415, charset


async def test_a_field_that_is_there_twice_is_refused(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    body = f"csrf={seam.visitor.csrf}&by=li&by=wang".encode()
    heads = {**seam.visitor.heads(), "Content-Type": FORM, "Content-Length": str(len(body))}
    answer = await exchanged(seam.port, request("POST", "/acknowledge", heads, body))
    await seam.holds(before, answer)
    assert answer.status == 400


ODD_REQUESTS = (
    b"POST /type HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000,
    b"POST /type HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /type HTTP/1.1\r\nHost: h\r\nContent-Length: \xb2\r\n\r\n",
    b"POST /type HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    b"POST /type HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    b"POST /sign-in HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    b"POST /sign-in HTTP/1.1\r\nHost: h\r\nCookie: \xff\xfe; =; ;;\r\nContent-Length: 0\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://evil/ HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"\0" * 1000 + b"\r\n\r\n",
    b"HEAD /sign-in HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
)


async def test_what_is_hardly_http_is_refused(seam: Seam) -> None:
    before = seam.parts.unit.journal.head.seq
    for raw in ODD_REQUESTS:
        await seam.holds(before, await exchanged(seam.port, raw))


PATHS = (
    "/static/../web_app.py",
    "/static/%2e%2e/web_app.py",
    "/static/..%2fweb_app.py",
    "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fsetup.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/" + "a" * 5000,
    "/static/" + "a/" * 2000,
    "/static/%ff%fe",
    "/static",
    "/static/",
    "/sheets/%00/%00.pdf",
    "/sheets/../../etc/passwd.pdf",
    "/sheets/%2e%2e%2f/03.pdf",
    "/sheets/00015-am/%ed%a0%80.pdf",
    "/sheets/00015-am/" + "3" * 5000 + ".pdf",
    "/sheets/00015-am/.pdf",
    "/cases/%00",
    "/cases/%ed%a0%80",
    "/cases/..%2f..%2fetc%2fpasswd",
    "/cases/" + "e" * 8000,
    "/cases/e-1/other.jpg",
    "/cases/%e2%80%ae/live.jpg",
    "/rooms/%e2%80%ae",
    "/rooms/" + "0" * 3000,
    "/rooms/%20",
    "/%",
    "/%zz?%zz=%",
    "//evil.example/",
    "/%0d%0aSet-Cookie:%20x=y",
    "/cases/%0d%0aLocation:%20x",
)


@pytest.mark.parametrize("signed", [True, False])
async def test_no_path_leads_out_or_breaks(seam: Seam, signed: bool) -> None:
    before = seam.parts.unit.journal.head.seq
    visitor = seam.visitor if signed else Visitor(seam.port)
    for path in PATHS:
        answer = await visitor.get(path)
        assert answer.status in (303, 400, 404, 401), (path, answer.status)
        assert b"root:" not in answer.body
        assert b"import " not in answer.body
        assert "evil" not in answer.headers.get("location", "")
        assert "x=y" not in str(answer.headers)
    await seam.holds(before)


segments = st.sampled_from(("static", "sheets", "cases", "rooms", "unit", "..", ".", "", "03"))
targets = st.lists(segments | odd_texts, max_size=6).map(
    lambda parts: "/" + "/".join(quote(p.encode("utf-8", "surrogatepass"), safe=".") for p in parts)
)


@examples(160, on_one_fixture=True)
@given(target=targets)
async def test_any_path_is_answered(seam: Seam, target: str) -> None:
    before = seam.parts.unit.journal.head.seq
    await seam.holds(before, await seam.visitor.get(target[:12_000]))
