"""What the database holds of one gate's journal, against what that gate says of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from gate.core.decision import GENESIS, Event, verify_chain
from gate.core.events import YEARS

if TYPE_CHECKING:
    from office.store import OfficeStore

_PLACES_KEPT = 50


def audit(store: "OfficeStore", gate: str, epoch: str) -> dict[str, Any]:
    """What is stored, against what the gate claims.

    `events`: how many are stored; `last`: the highest; `high`: the last one without a gap before
    it; `head`: its hash; `claims`: the last one that the gate's signed heartbeats speak of, 0 for
    none; `missing`: ranges, up to `claims`; `conflicts`: seqs that came with two contents;
    `forks`: seqs of which the gate claims another hash than is stored; `odd_times`: seqs whose
    time no clock shows; `chain`: `verified`, or where it breaks. A gap breaks no chain: what
    stands behind it is checked from there on."""
    count, high, seq, digest, head = 0, 0, 0, GENESIS, GENESIS
    missing, fault = [], None
    odd: list[int] = []
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
        if not _has_plausible_time(event) and len(odd) < _PLACES_KEPT:
            odd.append(seq)
    said = store.claims(gate, epoch)
    claims = max((at for at, _, _ in said), default=0)
    if claims > seq:
        missing.append([seq + 1, claims])
    forks = [at for at, claimed, stored in said if stored not in (None, claimed)]
    return {
        "events": count, "high": high, "last": seq, "missing": missing, "head": head,
        "claims": claims,
        "conflicts": store.conflicts(gate, epoch), "forks": sorted(set(forks)), "odd_times": odd,
        "chain": fault or "verified",
    }  # fmt: skip


def is_whole(found: dict[str, Any]) -> bool:
    """Everything that the gate claims is here, once, and as it wrote it."""
    before = found.get("previous")
    return (
        found["chain"] == "verified"
        and not (found["missing"] or found["conflicts"] or found["forks"])
        and (before is None or before["agrees"])
    )


def sentence(gate: str, epoch: str, found: dict[str, Any]) -> str:
    said = (
        f"{gate} {epoch}: {found['events']} events, stored without a gap to {found['high']}, "
        f"the gate claims {found['claims'] or 'nothing yet'}, chain {found['chain']}"
    )
    if found["missing"]:
        said += ", missing " + ", ".join(f"{a}-{b}" for a, b in found["missing"])
    for name, words in (
        ("conflicts", "two contents of"), ("forks", "fork at"), ("odd_times", "odd time at")
    ):  # fmt: skip
        if found[name]:
            said += f", {words} {', '.join(map(str, found[name]))}"
    if before := found.get("previous"):
        said += f", goes on after journal {before['epoch']}"
        said += "" if before["agrees"] else ", of which it remembers another receipt than ours"
    if found.get("succeeded_by"):
        said += f", given up for journal {found['succeeded_by']}: what is missing is lost"
    return said + (" 完整" if is_whole(found) else " 不完整")


def _has_plausible_time(event: Event) -> bool:
    try:
        return datetime.fromisoformat(str(event["at"])).year in YEARS
    except ValueError:
        return False
