"""Whether a signed export is what its gate wrote, in full: pure, with public keys only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gate.core.journal_entries import GENESIS, verify_chain
from gate.core.json_types import JsonFields
from gate.core.records import JournalEvent
from gate.errors import InputRejected, SignatureRefused
from gate.sync.enrolled_key import public_key, vouched_key
from gate.sync.envelope import HASH, matches, verify
from gate.sync.signed_export import Segment
from gate.sync.wire import decode_batch

FAULTS_KEPT = 20

Differs = Callable[[int, str], bool]
"""Whether another copy of the same journal has another event than this hash at this seq."""


@dataclass(frozen=True, slots=True)
class ExportFault:
    """A fault of an export.

    `seq`: of the event, or the first of those it is about. `what`: `cut` (events that must be there
    are not), `altered`, `order`, `foreign`, `signature`, `unreadable`, `fork`.
    """

    seq: int
    what: str
    says: str


@dataclass(slots=True)
class Inspection:
    """What was found.

    `events`: how many there are. `last`, `head`: where it ends. `faults`: the first ones, in order.
    `vouched`: who vouches that the key is the gate's, None where only the file names it.
    """

    gate: str
    epoch: str
    signer: str
    vouched: str | None
    events: int = 0
    last: int = 0
    head: str = ""
    faults: list[ExportFault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def add(self, seq: int, what: str, says: str) -> None:
        """Notes a fault; beyond `FAULTS_KEPT` they are dropped."""
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(ExportFault(seq, what, says))


def signing_key(
    header: JsonFields, *, known: bytes | None, office_public: bytes | None
) -> tuple[bytes, str | None]:
    """The gate's key that the export counts as signed with, and who vouches for it.

    It is `known`, a key that the caller has; or the office's word, by the enrolment in the file;
    else the file's own. InputRejected, SignatureRefused where those contradict each other or the
    header's signature.
    """
    named = public_key(header["public"])
    trusted, word = known, "enrolment" if known is not None else None
    if known is None and office_public is not None and header["enrolled"] is not None:
        trusted, word = vouched_key(header["enrolled"], header["gate"], office_public), "office"
    if trusted is None and office_public is not None:
        raise SignatureRefused(
            f"The export carries no enrolment of gate {header['gate']} that the office signed: "
            "name the gate's own public key.",
            f"导出文件没有考试中心签名的闸机 {header['gate']} 登记信息：请指定该闸机的公钥。",
        )
    if trusted is not None and trusted != named:
        raise SignatureRefused(
            f"The export is not signed with the key of gate {header['gate']}.",
            f"导出文件不是用闸机 {header['gate']} 的密钥签名的。",
        )
    verify("journal-file", header, named)
    return named, word


def inspect(
    header: JsonFields,
    segments: Iterable[Segment],
    *,
    public: bytes,
    vouched: str | None,
    differs: Differs = lambda _seq, _hash: False,
) -> Inspection:
    """Every event's own hash and place, every batch's signature, and the end that the header
    promises. `differs`: asks other copies."""
    found = Inspection(header["gate"], header["epoch"], header["key"], vouched)
    found.last = header["first"] - 1
    found.head = header["prev"] if found.last else GENESIS
    for segment in segments:
        for event in segment.events:
            _follow(found, event, differs)
        if segment.fault is not None:
            found.add(found.last + 1, "unreadable", f"behind event {found.last}: {segment.fault}")
        elif segment.events or segment.head is not None:
            _check_signature(found, segment, public)
    if found.last < header["last"]:
        _lacks(found, found.last + 1, header["last"])
    elif not found.faults and (found.last, found.head) != (header["last"], header["head"]):
        found.add(found.last, "altered", f"event {found.last} is not the end that was signed")
    return found


def _follow(found: Inspection, event: JournalEvent, differs: Differs) -> None:
    try:
        _follow_readable(found, event, differs)
    except RecursionError:
        found.events += 1
        found.last += 1
        found.add(found.last, "altered", f"event {found.last} is nested too deep to be one")


def _follow_readable(found: Inspection, event: JournalEvent, differs: Differs) -> None:
    broken = verify_chain(
        [event], gate=found.gate, epoch=found.epoch, seq=found.last, head=found.head
    )
    seq = event.get("seq")
    if broken is not None and broken.what == "gap" and isinstance(seq, int):
        _lacks(found, found.last + 1, seq - 1)
        broken = verify_chain(
            [event], gate=found.gate, epoch=found.epoch, seq=seq - 1, head=str(event.get("prev"))
        )
    found.events += 1
    if broken is not None:
        at = seq if isinstance(seq, int) and broken.what == "order" else broken.seq
        found.add(at, broken.what, f"event {at}: {broken.what}")
        if broken.what == "order":  # the chain goes on from where it was
            found.faults = [f for f in found.faults if (f.seq, f.what) != (at, "cut")]
            return
    found.last = broken.seq if broken is not None else int(event["seq"])
    digest = event.get("hash")
    found.head = str(digest) if matches(HASH)(digest) else found.head
    if differs(found.last, found.head):
        found.add(found.last, "fork", f"event {found.last} is another one in the other copy")


def _lacks(found: Inspection, first: int, last: int) -> None:
    found.add(first, "cut", f"events {first} to {last} are missing")


def _check_signature(found: Inspection, segment: Segment, public: bytes) -> None:
    """Against the key, and against the very events: `decode_batch` is the office's own check."""
    if segment.head is None:
        first, last = found.last - len(segment.events) + 1, found.last
        found.add(first, "cut", f"the signature of events {first} to {last} is missing")
        return
    try:
        decode_batch(segment.payload(), lambda _: public)
    except InputRejected as e:
        start = segment.head.get("from")
        at = start if isinstance(start, int) else found.last
        found.add(at, "signature", f"events {start} to {segment.head.get('to')}: {e}")
