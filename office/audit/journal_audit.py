"""What the database holds of one gate's journal, against what that gate signed, said and was told.

Somebody who can write to the database can write events, hashes and marks. A gate's signature cannot
be written, nor a receipt without the office's key: those are asked here.
"""

from datetime import datetime
from typing import TYPE_CHECKING, cast

from gate.core.events import YEARS
from gate.core.journal_entries import GENESIS, chained, verify_chain
from gate.core.records import JournalEvent
from gate.errors import InputRejected
from gate.ports import Receipt
from gate.sync.export_inspection import FAULTS_KEPT
from gate.sync.heartbeat import Heartbeat, decode_heartbeat
from gate.sync.proofs import Keys, Proof, proof_of, ranges
from gate.sync.wire import decode_receipt
from office.audit.findings import JournalFound

if TYPE_CHECKING:
    from office.store.database import OfficeStore

_PLACES_KEPT = 50


def audit(
    store: "OfficeStore", gate: str, epoch: str, keys: Keys, office_public: bytes | None = None
) -> JournalFound:
    """What is stored, against what the gate signed.

    `keys`: those of the gate by their ids. `office_public`: the key of the receipts; None: receipts
    are not checked. The result has these fields:

    `events`: how many are stored. `first`, `last`: the lowest and the highest. `high`: the last one
    without a gap before it. `head`: its hash. `claims`: the last one that the gate's signed
    heartbeats speak of, 0 for none. `signed`: the last one that a signed head of a batch speaks of.
    `receipted`: the last one that a receipt vouches for.

    `missing`: ranges, up to the highest of these. `uncovered`: ranges that are stored and that no
    signed head covers. `faults`: `{"seq", "what", "says"}` of the first proofs that do not hold, or
    that contradict what is stored.

    `conflicts`: seqs that came with two contents. `forks`: seqs of which the gate claims another
    hash than is stored. `odd_times`: seqs whose time no clock shows. `chain`: `verified`, or where
    it breaks. A gap breaks no chain: the events behind it are checked from there on.
    """
    count, high, seq, digest, head = 0, 0, 0, GENESIS, GENESIS
    missing: list[list[int]] = []
    fault: str | None = None
    odd: list[int] = []
    stored: list[int] = []
    for row in store.proofs.rows(gate, epoch):
        count += 1
        stored.append(row.seq)
        if row.seq > seq + 1:
            missing.append([seq + 1, row.seq - 1])
            seq, digest = row.seq - 1, row.prev
        event = chained(row.event or cast(JournalEvent, {}), row.prev, row.hash)
        broken = verify_chain([event], gate=gate, epoch=epoch, seq=seq, head=digest)
        if broken is not None and fault is None:
            fault = f"event {row.seq}: {broken.what}"
        seq, digest = row.seq, row.hash
        if not missing and fault is None:
            high, head = seq, digest
        if not _has_plausible_time(event) and len(odd) < _PLACES_KEPT:
            odd.append(seq)
    proof = proof_of(
        store.proofs.heads(gate, epoch),
        lambda first, last: store.proofs.window(gate, epoch, first, last),
        keys,
    )
    said = _claims(store, gate, epoch, keys, proof)
    vouched = _vouched(store, gate, epoch, office_public, proof)
    claims = max((at for at, _ in said), default=0)
    upto = max(claims, proof.to, vouched, store.high(gate, epoch))
    if upto > seq:
        missing.append([seq + 1, upto])
    return {
        "events": count,
        "first": stored[0] if stored else 0,
        "high": high,
        "last": seq,
        "missing": missing,
        "head": head,
        "claims": claims,
        "signed": proof.to,
        "receipted": vouched,
        "uncovered": [list(r) for r in proof.uncovered(ranges(stored))],
        "faults": [{"seq": f.seq, "what": f.what, "says": f.says} for f in proof.faults],
        "conflicts": store.conflicts(gate, epoch),
        "forks": _forks(store, gate, epoch, said),
        "odd_times": odd,
        "chain": fault or "verified",
    }


def _claims(
    store: "OfficeStore", gate: str, epoch: str, keys: Keys, proof: Proof
) -> list[tuple[int, str]]:
    """(seq, head) of the heartbeats whose signature holds; of the others a fault."""
    found = []
    for seq, head, text in store.proofs.beats(gate, epoch):
        try:
            beat = _beat(text, gate, keys)
            if (beat.epoch, beat.seq, beat.head) != (epoch, seq, head):
                raise InputRejected("It is not what was said.")
        except InputRejected as e:
            proof.add(seq, "signature", f"the heartbeat that speaks of event {seq}: {e}")
        else:
            found.append((seq, head))
    return found


def _beat(text: str, gate: str, keys: Keys) -> Heartbeat:
    """By whichever of the gate's keys signed it. InputRejected."""
    payload = text.encode("utf-8", "replace")
    refused: InputRejected | None = None
    for public in keys.values() or [None]:
        try:
            return decode_heartbeat(payload, {gate: public}.get)
        except InputRejected as e:
            refused = e
    assert refused is not None
    raise refused


def _forks(store: "OfficeStore", gate: str, epoch: str, said: list[tuple[int, str]]) -> list[int]:
    """Seqs of which a heartbeat names another event than is stored."""
    return sorted(
        {
            seq
            for seq, head in said
            if seq and (there := store.hash_at(gate, epoch, seq)) is not None and there != head
        }
    )


def _vouched(
    store: "OfficeStore", gate: str, epoch: str, office_public: bytes | None, proof: Proof
) -> int:
    """The highest mark that a receipt of this office vouches for; faults of those that do not hold
    or contradict what is stored."""
    top = 0
    for text in store.proofs.receipts(gate, epoch) if office_public is not None else ():
        assert office_public is not None
        try:
            receipt = decode_receipt(text.encode("utf-8", "replace"), office_public)
            if (receipt.gate, receipt.epoch) != (gate, epoch):
                raise InputRejected("It is of another journal.")
        except InputRejected as e:
            proof.add(0, "signature", f"a receipt that is kept: {e}")
            continue
        top = max(top, receipt.high)
        if _differs(store, receipt):
            says = f"a receipt vouches for another event {receipt.high} than is stored"
            proof.add(receipt.high, "altered", says)
    return top


def _differs(store: "OfficeStore", receipt: Receipt) -> bool:
    if not receipt.high:
        return receipt.head != GENESIS
    there = store.hash_at(receipt.gate, receipt.epoch, receipt.high)
    return there is not None and there != receipt.head


def is_whole(found: JournalFound) -> bool:
    """Everything that the gate claims is here, once, as it wrote and signed it."""
    before = found.get("previous")
    return (
        found["chain"] == "verified"
        and not (found["missing"] or found["conflicts"] or found["forks"])
        and not (found["uncovered"] or found["faults"])
        and (before is None or before["agrees"])
        and found.get("begun") != "unannounced"
    )


def sentence(gate: str, epoch: str, found: JournalFound) -> str:
    """The result for one journal in one sentence."""
    said = (
        f"{gate} {epoch}: {found['events']} events, stored without a gap to {found['high']}, "
        f"the gate claims {found['claims'] or 'nothing yet'}, chain {found['chain']}"
    )
    if found["missing"]:
        said += f", missing {_spelled(found['missing'])}"
    if found["uncovered"]:
        said += f", covered by no signature of the gate: {_spelled(found['uncovered'])}"
    for words, seqs in (
        ("two contents of", found["conflicts"]),
        ("fork at", found["forks"]),
        ("odd time at", found["odd_times"]),
    ):
        if seqs:
            said += f", {words} {', '.join(map(str, seqs))}"
    if found["faults"]:
        more = "" if len(found["faults"]) < FAULTS_KEPT else "; …"
        said += "; " + "; ".join(f["says"] for f in found["faults"]) + more
    if before := found.get("previous"):
        said += f", goes on after journal {before['epoch']}"
        said += "" if before["agrees"] else ", of which it remembers another receipt than ours"
    if found.get("begun") == "unannounced":
        said += ", ALARM: it began without naming the journal before it: a wiped or copied card"
    if found.get("begun") == "enrolled-anew":
        said += ", begun after the unit was enrolled anew"
    if found.get("succeeded_by"):
        said += f", given up for journal {found['succeeded_by']}: what is missing is lost"
    return said + (" 完整" if is_whole(found) else " 不完整")


def _spelled(some: list[list[int]]) -> str:
    return ", ".join(f"{a}-{b}" for a, b in some)


def _has_plausible_time(event: JournalEvent) -> bool:
    try:
        return datetime.fromisoformat(str(event.get("at"))).year in YEARS
    except ValueError:
        return False
