"""exam-office verify: whether what was received is whole, unchanged and without a fork."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gate.core.decision import GENESIS, verify_chain
from gate.errors import InputDamaged
from office.home import Home, default_home

if TYPE_CHECKING:
    from office.store import OfficeStore


def verify(
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    gate: Annotated[str | None, typer.Option(help="Only this gate.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Walk the chain of every journal received: exit 0 or 1. 校验已收到的全部日志。"""
    from office.store import OfficeStore

    path = Home(home or default_home()).database
    if not path.exists():
        raise InputDamaged(
            f"Nothing was received yet: there is no {path}.", f"尚未收到任何数据：没有 {path}。"
        )
    with OfficeStore(path) as store:
        gates: dict[str, dict[str, Any]] = {}
        for name, epoch in store.journals(gate):
            gates.setdefault(name, {})[epoch] = audit(store, name, epoch)
    if as_json:
        print(json.dumps({"gates": gates}))
    elif not gates:
        of = f" of {gate}" if gate else ""
        print(f"No event{of} was received yet. 尚未收到任何记录。")
    else:
        for name, journals in gates.items():
            for epoch, found in journals.items():
                print(_sentence(name, epoch, found))
    whole = [is_whole(f) for journals in gates.values() for f in journals.values()]
    raise typer.Exit(0 if whole and all(whole) else 1)


def audit(store: "OfficeStore", gate: str, epoch: str) -> dict[str, Any]:
    """`events`: how many are stored; `high`: the last one without a gap before it, `head`: its
    hash; `missing`: ranges; `conflicts`: seqs that came with two contents; `chain`: `verified`, or
    where it breaks. A gap breaks no chain: what stands behind it is checked from there on."""
    count, high, seq, digest, head = 0, 0, 0, GENESIS, GENESIS
    missing, fault = [], None
    for event in store.events(gate, epoch):
        count += 1
        if event["seq"] > seq + 1:
            missing.append([seq + 1, event["seq"] - 1])
            seq, digest = event["seq"] - 1, event["prev"]
        broken = verify_chain([event], gate=gate, epoch=epoch, seq=seq, head=digest)
        if broken is not None and fault is None:
            fault = f"event {broken.seq}: {broken.what}"
        seq, digest = event["seq"], event["hash"]
        if not missing and fault is None:
            high, head = seq, digest
    return {
        "events": count, "high": high, "missing": missing, "head": head,
        "conflicts": store.conflicts(gate, epoch), "chain": fault or "verified",
    }  # fmt: skip


def is_whole(found: dict[str, Any]) -> bool:
    return found["chain"] == "verified" and not found["missing"] and not found["conflicts"]


def _sentence(gate: str, epoch: str, found: dict[str, Any]) -> str:
    said = f"{gate} {epoch}: {found['events']} events, chain {found['chain']}"
    if found["missing"]:
        said += ", missing " + ", ".join(f"{a}-{b}" for a, b in found["missing"])
    if found["conflicts"]:
        said += f", two contents of {', '.join(map(str, found['conflicts']))}"
    return said + (" 完整" if is_whole(found) else " 不完整")
