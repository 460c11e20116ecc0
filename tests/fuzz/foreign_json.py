"""What another program may write to a control socket: lines of JSON, near to a request or far."""

import json
from typing import Any

from hypothesis import strategies as st

REQUESTS: tuple[dict[str, Any], ...] = (
    {"do": "sign-in", "by": "li", "pin": "735201"},
    {"do": "sign-out"},
    {"do": "type", "ticket": "A1", "by": "li"},
    {"do": "type", "ticket": "A2", "by": "li", "document": "temporary", "valid_to": "2027-05-01"},
    {"do": "type", "id_tail": "31002X", "by": "li", "declined": True},
    {"do": "settle", "decision": "DECISION", "verdict": "admit", "by": "li", "reason": "same"},
    {"do": "settle", "decision": "DECISION", "verdict": "deny", "by": "li", "second": "wang"},
    {"do": "sign", "case": "DECISION", "by": "wang"},
    {"do": "correct", "decision": "DECISION", "verdict": "deny", "by": "li", "reason": "another"},
    {"do": "decline", "by": "li"},
    {"do": "papers", "ticket": "A1", "shown": ["notice"], "answers": {"q": "no"}, "by": "li"},
    {"do": "acknowledge", "by": "li"},
    {"do": "excuse", "by": "li"},
    {"do": "confirm-clock", "by": "li", "date": "2027-04-10"},
    {"do": "reassign", "by": "li", "rooms": ["03"]},
    {"do": "report", "paper": "00015-am", "by": "li"},
    {"ask": "report", "paper": "00015-am"},
    {"ask": "rooms"},
    {"ask": "rooms", "paper": "00015-am", "room": "03"},
    {"ask": "find", "ticket": "A1"},
    {"ask": "find", "seat": "03-12"},
    {"ask": "status"},
    {"ask": "cases"},
    {"ask": "papers", "ticket": "A1"},
    {"do": "read", "message": "m-1", "by": "li"},
    {"ask": "case", "id": "DECISION"},
    {"ask": "sheet", "paper": "00015-am", "room": "03"},
    {"ask": "screen"},
    {"ask": "follow"},
    {"ask": "screen", "follow": True},
)
"""Every verb of formats.md in a form that fits. DECISION stands for the id of the open case."""

LONG = "长" * 1200
ODD_TEXTS = (
    "",
    " ",
    "\0",
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "\U0010ffff",
    "e-0",
    "-1",
    "NaN",
    "A1",
    "00015-am",
    "../../etc/passwd",
    "' OR 1=1 --",
    "{{7*7}}",
    "%s%n",
    LONG,
    "9" * 1200,
    "2027-02-30",
    "2027-W15-6",
)

odd_texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=40)
numbers = (
    st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from((0, -1, 2**63, 10**400, -0.0))
)
plain = st.none() | st.booleans() | numbers | odd_texts
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=12), inner, max_size=6)
    ),
    max_leaves=12,
)
NAMES = sorted({name for request in REQUESTS for name in request} | {"pin", "token", "by", "x"})


@st.composite
def near_requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request that fits, with up to three of its fields gone, changed or added."""
    request = dict(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(NAMES) | odd_texts)
        if draw(st.booleans()):
            request.pop(name, None)
        else:
            request[name] = draw(values)
    return request


def line_of(value: Any) -> bytes:
    """One line, as a careless program writes it: NaN and half pairs of surrogates too."""
    return json.dumps(value).encode() + b"\n"


DEEP = b"[" * 30_000 + b"]" * 30_000 + b"\n"
ODD_LINES = (
    b"\n",
    b"\0\n",
    b"\xff\xfe\n",
    b"\xed\xa0\x80\n",
    b"null\n",
    b"[]\n",
    b'"ask"\n',
    b"{}{}\n",
    b'{"ask": "status"\n',
    b'{"ask": NaN}\n',
    b'{"ask": "status", "x": 1e999}\n',
    b'{"ask": "status", "ask": "follow", "do": "type"}\n',
    b'{"do": "acknowledge", "by": "\\ud800"}\n',
    b'{"do": "acknowledge", "by": ' + b"9" * 5000 + b"}\n",
    b'\xef\xbb\xbf{"ask": "status"}\n',
    b'{"ask": "status"}\r\n',
    b"GET / HTTP/1.1\r\n",
    DEEP,
    b'{"a":' * 8_000 + b"1" + b"}" * 8_000 + b"\n",
)

lines = (
    near_requests().map(line_of)
    | values.map(line_of)
    | st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b"") + b"\n")
)
