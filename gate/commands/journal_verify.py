"""exam-gate journal verify of what is no running journal: a folder put aside, a plain export."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gate.core.decision import GENESIS, ChainFault, verify_chain
from gate.errors import InputDamaged
from gate.store import set_aside


def is_put_aside(path: Path) -> bool:
    return path.is_dir() and set_aside.report_place(path).exists()


def is_plain_export(path: Path) -> bool:
    """Whether `path` begins as `journal export` without --signed writes it."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            first = json.loads(lines.readline())
    except (OSError, ValueError):
        return False
    return (
        isinstance(first, dict)
        and {"gate", "epoch", "prev", "hash", "kind"} <= first.keys()
        and type(first.get("seq")) is int
    )


def verify_put_aside(folder: Path, as_json: bool) -> int:
    """Print what a damaged journal still holds, and whether its folder is as the gate left it."""
    report = set_aside.report_of(folder)
    changed = set_aside.changed_files(folder, report)
    fault = verify_chain(
        set_aside.salvaged_events(folder), gate=report["gate"], epoch=report["epoch"]
    )
    told = ("gate", "epoch", "why", "receipted", "salvaged", "last_known", "missing")
    said = {name: report[name] for name in told}
    said |= {"changed_since": changed, **_facts(fault)}
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(_sentence(said))
    return 1  # a journal that had to be put aside is not whole, whatever was salvaged


def verify_plain(path: Path, as_json: bool) -> int:
    """Print whether a plain export is one unbroken piece of a journal; 0 or 1."""
    counted = [0]
    events = _counted(_events(path), counted)
    first = next(_events(path))
    gate, epoch, seq = str(first["gate"]), str(first["epoch"]), first["seq"]
    before = GENESIS if seq == 1 else str(first["prev"])
    fault = verify_chain(events, gate=gate, epoch=epoch, seq=seq - 1, head=before)
    said = {"gate": gate, "epoch": epoch, "first": seq, "events": counted[0], **_facts(fault)}
    if as_json:
        print(json.dumps(said))
    else:
        whole = "chain verified 链完整" if fault is None else f"{fault} 日志校验未通过"
        print(f"{gate}: {counted[0]} events from {seq} on, {whole}; nobody signed it")
    return 0 if fault is None else 1


def _facts(fault: ChainFault | None) -> dict[str, Any]:
    if fault is None:
        return {"chain": "verified"}
    return {
        "chain": f"event {fault.seq}: {fault.what}", "first_bad": fault.seq, "what": fault.what,
        "expected": fault.expected, "found": fault.found,
    }  # fmt: skip


def _sentence(said: dict[str, Any]) -> str:
    missing = ", ".join(f"{a} to {b}" for a, b in said["missing"]) or "none known"
    changed = ", ".join(said["changed_since"]) or "none"
    return (
        f"{said['gate']} {said['epoch']}: put aside because: {said['why']} 已隔离\n"
        f"salvaged {said['salvaged']} of {said['last_known']} known events; missing: {missing}; "
        f"the office has those up to {said['receipted']}\n"
        f"files changed since: {changed}; salvaged chain: {said['chain']}"
    )


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as lines:  # what was none is an alteration
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
            except ValueError as e:
                raise InputDamaged(
                    f"{path}, line {number}, is no event ({e}): export it again.",
                    f"{path} 第 {number} 行不是事件：请重新导出。",
                ) from e
            yield event if isinstance(event, dict) else {}


def _counted(events: Iterator[dict[str, Any]], counted: list[int]) -> Iterator[dict[str, Any]]:
    for event in events:
        counted[0] += 1
        yield event
