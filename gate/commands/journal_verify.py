"""exam-gate journal verify of what is no running journal: a folder put aside, a plain export."""

import json
from pathlib import Path

from gate.core.journal_entries import verify_chain
from gate.core.json_types import JsonObject
from gate.store import damage_report, set_aside
from gate.store.store_errors import damaged
from gate.sync.export_files import Copies
from gate.sync.plain_export import chain_facts, check_plain


def is_put_aside(path: Path) -> bool:
    """Whether `path` is a folder of a damaged journal that was put aside."""
    return path.is_dir() and set_aside.report_place(path).exists()


def verify_put_aside(folder: Path, as_json: bool) -> int:
    """Print what a damaged journal still holds, and whether its folder is as the gate left it."""
    report = set_aside.report_of(folder)
    try:
        changed = set_aside.changed_files(folder, report)
        salvaged = damage_report.salvaged_events(folder)
        fault = verify_chain(salvaged, gate=report["gate"], epoch=report["epoch"])
    except (OSError, ValueError) as e:
        raise damaged(folder, str(e)) from e
    told = ("gate", "epoch", "why", "receipted", "salvaged", "last_known", "missing")
    said = {name: report[name] for name in told}
    said |= {"changed_since": changed, **chain_facts(fault)}
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(_sentence(said))
    return 1  # a journal that had to be put aside is not whole, whatever was salvaged


def verify_plain(paths: list[Path], as_json: bool) -> int:
    """Print whether each plain export is one unbroken piece of a journal, and all of the same one;
    0 or 1."""
    copies = Copies()
    found = [check_plain(path, copies) for path in paths]
    for one in found:
        print(json.dumps(one.facts()) if as_json else one.sentence())
    return 0 if all(one.fault is None for one in found) else 1


def _sentence(said: JsonObject) -> str:
    missing = ", ".join(f"{a} to {b}" for a, b in said["missing"]) or "none known"
    changed = ", ".join(said["changed_since"]) or "none"
    return (
        f"{said['gate']} {said['epoch']}: put aside because: {said['why']} 已隔离\n"
        f"salvaged {said['salvaged']} of {said['last_known']} known events; missing: {missing}; "
        f"the office has those up to {said['receipted']}\n"
        f"files changed since: {changed}; salvaged chain: {said['chain']}"
    )
