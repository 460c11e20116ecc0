"""What stands in a folder of a journal that was put aside: its report `damage.json` and the events
of `salvaged.jsonl`. Whatever the files are, they are read within bounds or refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from gate.core.journal_entries import canonical_bytes, chain_hash
from gate.core.json_types import JsonObject, JsonValue
from gate.core.records import JournalEvent
from gate.platform.json_values import decode_json
from gate.platform.regular_file import open_regular, read_regular

REPORT = "damage.json"
SALVAGED = "salvaged.jsonl"

_REPORT_BYTES_MAX = 1 << 24
_LINE_BYTES_MAX = 1 << 20
"""Of one event: far above what a batch may carry."""
_FIELDS: dict[str, type] = {
    "gate": str,
    "epoch": str,
    "why": str,
    "receipted": int,
    "salvaged": int,
    "salvaged_to": int,
    "last_known": int,
}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def read_report(folder: Path) -> tuple[JsonObject, bytes]:
    """The report, of the form that `put_aside` writes, and its bytes. OSError, ValueError."""
    content = read_regular(folder / REPORT, _REPORT_BYTES_MAX)
    report = decode_json(content)
    fault = "it is no object" if not isinstance(report, dict) else _fault_of(report)
    if fault is not None:
        raise ValueError(fault)
    return cast(JsonObject, report), content


def _fault_of(report: JsonObject) -> str | None:
    for name, kind in _FIELDS.items():
        if type(report.get(name)) is not kind:
            return f"its {name} is not of the right type"
    if not isinstance(report.get("receipted_head", 0), str | None):  # null is said, never left out
        return "its receipted_head is not of the right type"
    if not _are_ranges(report.get("missing")):
        return "its missing is not a list of ranges"
    return None if _are_files(report.get("files")) else "its files are not names with digests"


def salvaged_events(folder: Path) -> Iterator[JournalEvent]:
    """The whole events. OSError; ValueError for a file not of ours."""
    with open_regular(folder / SALVAGED) as lines:
        while line := lines.readline(_LINE_BYTES_MAX + 1):
            event = decode_json(line)
            if len(line) > _LINE_BYTES_MAX or not isinstance(event, dict) or not _is_event(event):
                raise ValueError(f"a line of {SALVAGED} is no event")
            if chain_hash(str(event["prev"]), canonical_bytes(event)) == event["hash"]:
                yield cast(JournalEvent, event)


def _is_event(found: JsonObject) -> bool:
    words = ("gate", "epoch", "kind", "prev", "hash")
    return type(found.get("seq")) is int and all(type(found.get(name)) is str for name in words)


def _are_ranges(value: JsonValue) -> bool:
    return isinstance(value, list) and all(
        isinstance(part, list) and len(part) == 2 and all(type(end) is int for end in part)
        for part in value
    )


def _are_files(value: JsonValue) -> bool:
    """Names without a way out of the folder, with sizes and digests."""
    return isinstance(value, dict) and all(
        _NAME.fullmatch(name)
        and name not in (".", "..")
        and isinstance(said, dict)
        and type(said.get("bytes")) is int
        and isinstance(said.get("sha256", 0), str | None)
        for name, said in value.items()
    )
