"""Checking exported files: opening them, comparing copies, and saying what was found."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from gate.core.json_types import JsonObject
from gate.sync.export_inspection import Differs, ExportFault, Inspection, inspect, signing_key
from gate.sync.signed_export import opened, read_header, read_segments

Elsewhere = Callable[[str, str, int], str | None]
"""(gate, epoch, seq) to the hash of that event in a store, None where it is not there."""


class Copies:
    """Hashes of the copies seen so far, to find where two of one journal part."""

    def __init__(self, elsewhere: Elsewhere = lambda _gate, _epoch, _seq: None) -> None:
        self._elsewhere = elsewhere
        self._seen: dict[tuple[str, str], dict[int, bytes]] = {}

    def of(self, gate: str, epoch: str) -> Differs:
        """A test whether event `seq` with the hash `digest` differs from another copy of that
        event."""
        seen = self._seen.setdefault((gate, epoch), {})

        def differs(seq: int, digest: str) -> bool:
            raw = bytes.fromhex(digest)
            there = self._elsewhere(gate, epoch, seq)
            return seen.setdefault(seq, raw) != raw or (there is not None and there != digest)

        return differs


def inspected(
    path: Path,
    copies: Copies,
    *,
    known: Callable[[str], bytes | None] = lambda _: None,
    office_public: bytes | None = None,
) -> Inspection:
    """What is found in the export `path`. `known`: the public key of a gate, where the caller has
    it. InputDamaged, SignatureRefused."""
    with opened(path) as file:
        header = read_header(file, str(path))
        gate, epoch = header["gate"], header["epoch"]
        public, vouched = signing_key(header, known=known(gate), office_public=office_public)
        return inspect(
            header,
            read_segments(file),
            public=public,
            vouched=vouched,
            differs=copies.of(gate, epoch),
        )


def report(found: list[tuple[Path, Inspection]], as_json: bool) -> str:
    """As `verify FILE...` of both programs prints it."""
    if as_json:
        return json.dumps({"files": [facts(*one) for one in found]}, ensure_ascii=False)
    return "\n".join(sentence(*one) for one in found)


def facts(path: Path, found: Inspection) -> JsonObject:
    """As `verify --json` says it."""
    return {
        "file": str(path),
        "gate": found.gate,
        "epoch": found.epoch,
        "events": found.events,
        "last": found.last,
        "head": found.head,
        "signer": found.signer,
        "vouched": found.vouched,
        "chain": "verified" if found.is_whole else found.faults[0].says,
        "faults": [{"seq": f.seq, "what": f.what, "says": f.says} for f in found.faults],
    }


def sentence(path: Path, found: Inspection) -> str:
    """The result for the export at `path` in one sentence, English and Chinese."""
    if not found.is_whole:
        said = "; ".join(_in_runs(found.faults))
        return f"{path}: {found.gate} {found.epoch} is not as it was written 校验未通过: {said}"
    whose = {
        "office": "on the office's word for its key",
        "enrolment": "with this gate's known key",
        None: f"but nobody here vouches for its key {found.signer}: name --office",
    }[found.vouched]
    return f"{path}: {found.gate} {found.epoch}, {found.events} events, verified {whose} 校验通过"


def _in_runs(faults: list[ExportFault]) -> Iterator[str]:
    """Behind a fork every event differs: one phrase for all of them."""
    first = 0
    for n, fault in enumerate(faults, 1):
        following = faults[n] if n < len(faults) else None
        if following and fault.what == "fork" == following.what and following.seq == fault.seq + 1:
            continue
        start, first = faults[first], n
        if start is fault:
            yield fault.says
        else:
            yield f"events {start.seq} to {fault.seq} are others in the other copy"
