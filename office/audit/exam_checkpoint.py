"""The signed checkpoint of an exam: what its audit found, which anybody verifies with public keys.

A signed note (C2SP signed-note): text, an empty line, and the office's Ed25519 signature of the
text. The text is the name of what is signed, a line of JSON about the exam, and one for each
journal. A journal's line also holds the head that its gate signed, and the office's word for that
gate's key. It names no person, so it outlives the exam's personal data.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gate.core.journal_entries import canonical_json
from gate.core.json_types import JsonObject
from gate.errors import InputDamaged, InputRejected, SignatureRefused
from gate.sync.enrolled_key import vouched_key
from gate.sync.envelope import verify
from gate.sync.wire import check_batch_head

CHECKPOINT_BYTES_MAX = 1 << 28
SIGNER = "exam-office"
"""The name in the signature's line."""

_FIRST_LINE = "exam-gate/checkpoint/1"
_SIGNATURE = f"— {SIGNER} "
_ED25519 = b"\x01"  # of C2SP signed-note

Count = Annotated[int, Field(ge=0)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^audit-[a-z0-9-]{1,32}\.(csv|json|xlsx)$")]


class Value(BaseModel):
    """One that may have further fields, and is never changed."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ExamLine(Value):
    """Of the exam. `at`: when the audit ended. `gates`: journals that follow. `doubles`: people let
    in at two gates. `absent`, `unused`: gates of which nothing was received. `differing`: decisions
    that the rules do not give. `without_description`: those whose exam description is not kept.
    `files`: SHA-256 of the reports beside it."""

    exam: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    at: AwareDatetime
    verdict: Literal["complete", "unproven", "incomplete"]
    gates: Count
    events: Count
    decisions: Count
    doubles: Count
    absent: list[str]
    unused: list[str]
    differing: Count
    without_description: Count
    files: dict[FileName, Hash]


class JournalLine(Value):
    """Of one journal: fields of `office.audit.findings.GateFound`. `signed`: a head that the gate
    signed for event `high`; `enrolled`: the office's word for the key. Null where there is none."""

    gate: str
    epoch: str
    events: Count
    first: Count
    high: Count
    last: Count
    head: str | None
    closed: bool
    closed_at: str | None
    missing: list[list[int]]
    conflicts: list[int]
    whole: bool
    decisions: Count
    admitted: Count
    referred: Count
    refused: Count
    differing: Count
    without_description: Count
    signed: dict[str, object] | None
    enrolled: dict[str, object] | None


class Checkpoint(Value):
    """One that this office signed."""

    exam: ExamLine
    journals: tuple[JournalLine, ...]


def sign_checkpoint(exam: ExamLine, journals: Iterable[JournalLine], key: SigningKey) -> bytes:
    """The note, UTF-8."""
    lines = [_FIRST_LINE, *(_json(line) for line in (exam, *journals))]
    text = "\n".join(lines) + "\n"
    public = bytes(key.verify_key)
    signature = _key_hash(public) + key.sign(text.encode()).signature
    return f"{text}\n{_SIGNATURE}{base64.b64encode(signature).decode()}\n".encode()


def verify_checkpoint(raw: bytes, office_public: bytes, source: str) -> Checkpoint:
    """InputDamaged for what is no checkpoint; SignatureRefused where this key did not sign it."""
    text, signature = _parts(raw, source)
    try:
        if signature[:4] != _key_hash(office_public):
            raise ValueError("another key")
        VerifyKey(office_public).verify(text, signature[4:])
    except (BadSignatureError, ValueError, TypeError) as e:
        raise SignatureRefused(
            f"{source} was not signed with this office's key, or was altered: name the right "
            "office.pub.",
            f"{source} 的签名与该考试中心公钥不符：请指定正确的 office.pub。",
            path=source,
        ) from e
    try:
        _, first, *rest = text.decode().splitlines()
        exam = ExamLine.model_validate_json(first)
        journals = tuple(map(JournalLine.model_validate_json, rest))
        if exam.gates != len(journals):
            raise ValueError(f"{len(journals)} journals instead of {exam.gates}")
    except (ValidationError, ValueError) as e:
        raise _no_checkpoint(source) from e
    return Checkpoint(exam=exam, journals=journals)


def unsigned_journals(checkpoint: Checkpoint, office_public: bytes) -> list[JournalLine]:
    """Journals whose head their own gate did not sign, by the key that the office vouches for.
    A journal that holds nothing needs no signature."""
    return [
        line
        for line in checkpoint.journals
        if line.high and not _is_signed_by_gate(line, office_public)
    ]


def signed_head(
    heads: Iterable[JsonObject], words: Sequence[str], public: bytes, place: tuple[int, str]
) -> tuple[JsonObject, JsonObject] | None:
    """The head that the gate signed for `place` (seq, hash), and the office's word for its key.
    `heads`, `words`: what is kept; nothing of it is believed."""
    wanted = [h for h in heads if (h.get("to"), h.get("head")) == place]
    for head in wanted:
        for word in words:
            enrolled: JsonObject = json.loads(word)
            if _holds(head, enrolled, str(head["gate"]), public):
                return head, enrolled
    return None


def _is_signed_by_gate(line: JournalLine, public: bytes) -> bool:
    head, enrolled = line.signed, line.enrolled
    if head is None or enrolled is None or not _holds(head, enrolled, line.gate, public):
        return False
    named = (head["gate"], head["epoch"], head["to"], head["head"])
    return named == (line.gate, line.epoch, line.high, line.head)


def _holds(head: JsonObject, enrolled: JsonObject, gate: str, public: bytes) -> bool:
    try:
        check_batch_head(head)
        verify("batch", head, vouched_key(enrolled, gate, public))
    except InputRejected:
        return False
    return True


def _parts(raw: bytes, source: str) -> tuple[bytes, bytes]:
    """The text that is signed, and key hash and signature. InputDamaged."""
    text, between, signatures = raw.rpartition(b"\n\n")
    try:
        lines = signatures.decode().split("\n")
        ours = [line for line in lines if line.startswith(_SIGNATURE)]
        signature = base64.b64decode(ours[0].removeprefix(_SIGNATURE), validate=True)
    except (ValueError, IndexError) as e:
        raise _no_checkpoint(source) from e
    if not between or not text.startswith(f"{_FIRST_LINE}\n".encode()):
        raise _no_checkpoint(source)
    return text + b"\n", signature


def _no_checkpoint(source: str) -> InputDamaged:
    return InputDamaged(
        f"{source} is no checkpoint of an exam, or was cut: copy it from the office again.",
        f"{source} 不是考试核对凭证或已残缺：请从考试中心重新复制。",
        path=source,
    )


def _key_hash(public: bytes) -> bytes:
    return hashlib.sha256(SIGNER.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _json(line: Value) -> str:
    return canonical_json(line.model_dump(mode="json")).decode()
