"""Messages of the topic `in`: one page of what a gate has let in or seen leave, signed by it.

What is taken back stands in the list as the admission or leaving said once more. `back` has the
numbers of such entries. So a gate of an earlier version, which does not know `back`, counts the
same entries and hears nothing new.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nacl.signing import SigningKey

from gate.core.json_types import JsonObject, JsonValue
from gate.core.site_entries import IN, NOT_IN, NOT_OUT, OUT, SiteEntry, is_time
from gate.errors import InputRejected, SignatureRefused
from gate.sync.envelope import (
    EPOCH,
    ID,
    SIGNED,
    Form,
    check_fields,
    compact,
    count,
    matches,
    read_object,
    signed,
    verify,
)

PAGE = 100
"""Entries in one message: with the longest names it stays below 32 kB."""

HAVE_MAX = 64
_KEY = re.compile(r"[0-9a-f]{64}")
_PAPER = re.compile(r"[^\x00-\x1f]{1,64}")

_SAID_AS = {NOT_IN: IN, NOT_OUT: OUT}
_TAKEN_BACK = {said: taken for taken, said in _SAID_AS.items()}

_FORM: Form = SIGNED | {
    "exam": matches(ID),
    "gate": matches(ID),
    "epoch": matches(EPOCH),
    "from": count(1),
    "to": count(0),
    "total": count(0),
    "have": lambda value: value is None or isinstance(value, list),
    "in": lambda value: isinstance(value, list) and len(value) <= PAGE,
}

Have = Mapping[tuple[str, str], int]
"""Gate and epoch to how many of its entries are known."""


@dataclass(frozen=True, slots=True)
class SitePage:
    """Entries `first` to `last` of one gate and epoch, which has `total`. `have`: what the gate
    knows of others, where it asks for what it lacks; None where it does not ask."""

    exam: str
    gate: str
    epoch: str
    first: int
    last: int
    total: int
    entries: tuple[SiteEntry, ...]
    have: Have | None


def encode_page(page: SitePage, key: SigningKey) -> bytes:
    """The payload."""
    head: JsonObject = {
        "v": 1,
        "exam": page.exam,
        "gate": page.gate,
        "epoch": page.epoch,
        "from": page.first,
        "to": page.last,
        "total": page.total,
        "have": None
        if page.have is None
        else [[g, e, n] for (g, e), n in sorted(page.have.items())[:HAVE_MAX]],
        "in": [[e.paper, e.key, e.at, _SAID_AS.get(e.way, e.way)] for e in page.entries],
    }
    back = [n for n, e in enumerate(page.entries, page.first) if e.way in _SAID_AS]
    if back:
        head["back"] = [*back]
    return compact(signed("in", head, key))


def decode_page(payload: bytes, keys: Mapping[str, bytes]) -> SitePage:
    """The page in `payload`, its signature verified. `keys`: of the gates of the site.
    InputRejected, SignatureRefused."""
    head = check_fields(read_object(payload), _FORM)
    gate = head["gate"]
    if gate not in keys:
        raise SignatureRefused(f"Gate {gate} is not one of this site's.", f"{gate} 不属于本考点。")
    verify("in", head, keys[gate])
    back = _back(head.get("back", []))
    entries = tuple(_entry(raw, n in back) for n, raw in enumerate(head["in"], head["from"]))
    if head["to"] - head["from"] + 1 != len(entries) or head["to"] > head["total"]:
        raise InputRejected("A page of entries does not hold what it says.")
    have = None if head["have"] is None else _have(head["have"])
    return SitePage(
        head["exam"],
        gate,
        head["epoch"],
        head["from"],
        head["to"],
        head["total"],
        entries,
        have,
    )


def _back(raw: JsonValue) -> frozenset[int]:
    if not isinstance(raw, list) or len(raw) > PAGE or not all(map(count(1), raw)):
        raise InputRejected("What is taken back is a list of numbers.")
    return frozenset(int(str(n)) for n in raw)


def _entry(raw: JsonValue, taken_back: bool) -> SiteEntry:
    if not isinstance(raw, list) or len(raw) != 4 or not all(isinstance(v, str) for v in raw):
        raise InputRejected("An entry is paper, key, time and way.")
    paper, key, at, way = (str(v) for v in raw)
    fits = _PAPER.fullmatch(paper) and _KEY.fullmatch(key) and len(at) <= 40 and is_time(at)
    if not fits or way not in (IN, OUT):
        raise InputRejected("An entry has a field that is none.")
    return SiteEntry(paper, key, at, _TAKEN_BACK[way] if taken_back else way)


def _have(raw: Sequence[JsonValue]) -> dict[tuple[str, str], int]:
    have: dict[tuple[str, str], int] = {}
    for row in raw[:HAVE_MAX]:
        if not isinstance(row, list) or len(row) != 3 or not count(0)(row[2]):
            raise InputRejected("What a gate has is gate, epoch and number.")
        if not matches(ID)(row[0]) or not matches(EPOCH)(row[1]):
            raise InputRejected("What a gate has is gate, epoch and number.")
        have[str(row[0]), str(row[1])] = int(str(row[2]))
    return have
