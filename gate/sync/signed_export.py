"""A journal as a signed file: what leaves by stick, and what outsiders check. Pure but for lines.

UTF-8, one JSON object a line:

    header     `format`, gate, site, exam, epoch, first, last, prev, head, at, public, enrolled,
               and `receipt` where the gate has one as it was given
    event      as journaled, with `prev` and `hash`, without `ms`
    {"batch":} after at most 50 events or 32 kB: their signed head

The gate signs the header. It says what the file must hold, so that a cut end is seen. A signed head
is that of exactly the batch that these events are on the wire. So the office authorises both alike.

Nothing is ever whole in memory but one batch.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from nacl.signing import SigningKey

from gate.core.journal_entries import GENESIS, unchained
from gate.core.json_types import JsonFields, JsonObject
from gate.core.records import JournalEvent
from gate.errors import GateError, InputDamaged, InputRejected
from gate.sync.enrolled_key import public_key
from gate.sync.envelope import (
    EPOCH,
    HASH,
    ID,
    MAX_BYTES,
    Form,
    check_fields,
    compact,
    count,
    matches,
    signed,
    text,
)
from gate.sync.wire import MAX_EVENTS, batch_bodies, batch_head, batch_payload

FORMAT = "exam-gate-journal/1"
SUFFIX = ".journal"

_HEADER: Form = {
    "format": lambda value: value == FORMAT,
    "gate": matches(ID),
    "site": matches(ID),
    "exam": text,
    "epoch": matches(EPOCH),
    "first": count(1),
    "last": count(0),
    "prev": matches(HASH),
    "head": matches(HASH),
    "at": text,
    "public": text,
    "key": text,
    "sig": text,
    "enrolled": lambda value: value is None or isinstance(value, dict),
}


@dataclass(frozen=True, slots=True)
class Extent:
    """What an export holds of one journal: events `first` to `last`; `prev`: the hash before the
    first, `head`: of the last. `last` is `first` - 1 where there are none."""

    gate: str
    site: str
    exam: str
    epoch: str
    first: int
    last: int
    prev: str
    head: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of lines up to a batch's head. `head` is None where the file ends, or becomes
    unreadable, before there is one; `fault`: which line cannot be read."""

    events: tuple[JournalEvent, ...]
    head: JsonFields | None
    fault: str | None = None

    def payload(self) -> bytes:
        """The batch as it is on the wire. InputRejected where it has no signed head, or something
        that nobody signed."""
        if any("ms" in event for event in self.events):
            raise InputRejected("Timings stand in a signed export: nobody signed them.")
        if self.head is None:
            raise InputRejected("Events of an export stand behind its last signature.")
        bodies = [unchained(e) for e in self.events]
        return batch_payload(dict(self.head), bodies)


def written(
    extent: Extent,
    events: Iterable[JournalEvent],
    *,
    at: str,
    key: SigningKey,
    enrolled: JsonFields | None,
    receipt: str = "",
) -> Iterator[bytes]:
    """The lines of a signed export of `events`, which `extent` describes. `receipt`: the last one
    that the gate has, as the office signed it."""
    header = {
        "format": FORMAT,
        "gate": extent.gate,
        "site": extent.site,
        "exam": extent.exam,
        "epoch": extent.epoch,
        "first": extent.first,
        "last": extent.last,
        "prev": extent.prev,
        "head": extent.head,
        "at": at,
        "enrolled": enrolled,
        "public": base64.b64encode(key.verify_key.encode()).decode(),
    }
    if receipt:
        header["receipt"] = receipt
    yield compact(signed("journal-file", header, key)) + b"\n"
    waiting: list[JournalEvent] = []
    for event in events:
        untimed = {k: v for k, v in event.items() if k != "ms"}
        waiting.append(cast(JournalEvent, untimed))
        if len(waiting) == MAX_EVENTS:
            lines, waiting = _batch(waiting, key)
            yield from lines
    while waiting:
        lines, waiting = _batch(waiting, key)
        yield from lines


def _batch(waiting: list[JournalEvent], key: SigningKey) -> tuple[list[bytes], list[JournalEvent]]:
    """The lines of one batch from the start of `waiting`, and what is left."""
    taken = waiting[: len(batch_bodies(waiting))]
    head = batch_head(taken, hist=True, key=key)
    lines = [compact(event) + b"\n" for event in taken]
    return [*lines, compact({"batch": head}) + b"\n"], waiting[len(taken) :]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The export `path` for reading. InputDamaged where it cannot be, then or later."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as e:
        if isinstance(e, GateError):  # several of ours are OSErrors too
            raise
        raise InputDamaged(
            f"{path} cannot be read ({e.strerror}): name a file that journal export wrote.",
            f"无法读取 {path}（{e.strerror}）：请指定日志导出文件。",
            path=str(path),
        ) from e


def read_header(file: BinaryIO, name: str) -> JsonObject:
    """The first line; nothing of it is believed yet. InputDamaged where `name` is no export."""
    line = file.readline(MAX_BYTES + 1)
    try:
        header = check_fields(_object(line), _HEADER)
        public_key(header["public"])
    except InputRejected as e:
        raise InputDamaged(
            f"{name} is not a signed export of a journal ({e}): make one with exam-gate journal "
            "export --signed, or copy it again.",
            f"{name} 不是已签名的日志导出文件：请用 exam-gate journal export --signed 重新导出。",
            path=name,
        ) from e
    return header


def read_segments(file: BinaryIO) -> Iterator[Segment]:
    """What follows the header, in the order of the file, bounded in memory whatever it holds."""
    events: list[JournalEvent] = []
    for number, line in enumerate(iter(lambda: file.readline(2 * MAX_BYTES), b""), 2):
        try:
            found = _object(line)
        except InputRejected as e:
            yield Segment(tuple(events), None, f"line {number}: {e}")
            events = []
            continue
        if found.keys() == {"batch"} and isinstance(found["batch"], dict):
            yield Segment(tuple(events), found["batch"])
            events = []
        else:
            events.append(cast(JournalEvent, found))
        if len(events) > MAX_EVENTS:
            yield Segment(tuple(events), None, f"line {number}: no signature for {MAX_EVENTS}")
            events = []
    if events:
        yield Segment(tuple(events), None)


def _object(line: bytes) -> JsonObject:
    if not line.endswith(b"\n"):
        raise InputRejected("the line is cut short")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise InputRejected(f"not JSON: {e}") from e
    if not isinstance(found, dict):
        raise InputRejected("not a JSON object")
    if compact(found) + b"\n" != line:  # two readers may take a repeated key for two things
        raise InputRejected("not in the one spelling of what was signed")
    return found


def extent_of(header: JsonFields) -> Extent:
    """The extent that an export's header states."""
    return Extent(**{name: header[name] for name in Extent.__slots__})


def empty_extent(gate: str, site: str, exam: str, epoch: str) -> Extent:
    """The extent of an export without events."""
    return Extent(gate, site, exam, epoch, 1, 0, GENESIS, GENESIS)
