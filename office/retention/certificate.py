"""The certificate of destruction: what was destroyed of an exam, when and by whom, signed.

The file is canonical JSON in one line, so any changed byte is told. It names no person of the exam:
counts, bytes and SHA-256s alone. The office's public key is enough to verify it.
"""

import base64
import json
import re
from pathlib import Path
from typing import Annotated, Literal

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gate.core.journal_entries import canonical_json, key_id
from gate.errors import InputDamaged, SignatureRefused
from gate.platform.regular_file import read_regular
from office.home import Home

CERTIFICATE_BYTES_MAX = 1 << 26

_PURPOSE = b"exam-office certificate of destruction 1\n"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class Value(BaseModel):
    """One that is read strictly and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Destroyed(Value):
    """Files of one kind. `what`: `index key`, `sealed keys`, `published roster` or `handed in`.

    `sha256`: of each, sorted; none for files that were handed in. `digest`: SHA-256 of the sorted
    hex SHA-256s of all of them, each with a newline.
    """

    what: str
    files: Count
    bytes: Count
    digest: Sha256
    sha256: tuple[Sha256, ...]


class JournalKept(Value):
    """A journal of the exam that stays: up to `high` nothing is missing, `head` is its hash."""

    gate: str
    epoch: str
    high: Count
    head: str | None


class Certificate(Value):
    """What is signed.

    `why`: `retention`, or `now` where somebody asked for it with `reason`. `expires`: the end of
    retention, None where no manifest tells it. `complete`: whether every journal was whole and
    closed. `open_cases`: doubtful cases that nobody had settled.
    """

    format: Literal["exam-office-destruction/1"] = "exam-office-destruction/1"
    exam: str
    number: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    by: str
    why: Literal["retention", "now"]
    reason: str | None
    expires: AwareDatetime | None
    destroyed: tuple[Destroyed, ...]
    complete: bool
    open_cases: Count
    journals: tuple[JournalKept, ...]


def certificate_path(home: Home, exam: str, number: int) -> Path:
    """Where the certificate `number` of `exam` lies."""
    return home.destructions / f"{exam}_{number}.json"


def certificates(home: Home, exam: str) -> list[int]:
    """The numbers of those that were written, sorted."""
    pattern = re.compile(re.escape(exam) + r"_([1-9][0-9]{0,8})\.json", re.ASCII)
    folder = home.destructions
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(found[1]) for name in names if (found := pattern.fullmatch(name)))


def sign_certificate(certificate: Certificate, key: SigningKey) -> bytes:
    """The bytes of its file."""
    body = certificate.model_dump(mode="json") | {"key_id": key_id(bytes(key.verify_key))}
    signature = base64.b64encode(key.sign(_PURPOSE + canonical_json(body)).signature)
    return canonical_json(body | {"signature": signature.decode()}) + b"\n"


def verify_certificate(raw: bytes, office_public: bytes, source: str) -> Certificate:
    """InputDamaged for what is no certificate, or not spelled as it was signed; SignatureRefused
    where this key did not sign it."""
    try:
        body = json.loads(raw)
        if canonical_json(body) + b"\n" != raw:
            raise ValueError("not the one spelling")
        signature = base64.b64decode(body.pop("signature"), validate=True)
        signer = body.pop("key_id")
        certificate = Certificate.model_validate(body)
        signed = canonical_json(body | {"key_id": signer})
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise InputDamaged(
            f"{source} is no certificate of destruction, or was altered: copy it from the office "
            "again.",
            f"{source} 不是销毁证明或已被改动：请从考试中心重新复制。",
            path=source,
        ) from e
    try:
        if signer != key_id(office_public):
            raise ValueError("another key")
        VerifyKey(office_public).verify(_PURPOSE + signed, signature)
    except (BadSignatureError, ValueError, TypeError) as e:
        raise SignatureRefused(
            f"{source} was not signed with this office's key, or was altered: name the right "
            "office.pub.",
            f"{source} 的签名与该考试中心公钥不符：请指定正确的 office.pub。",
            path=source,
        ) from e
    return certificate


def read_certificate(path: Path, office_public: bytes) -> Certificate:
    """InputDamaged, SignatureRefused."""
    try:
        raw = read_regular(path, CERTIFICATE_BYTES_MAX)
    except OSError as e:
        raise InputDamaged(
            f"{path} cannot be read ({e.strerror or e}): name the certificate's file.",
            f"无法读取 {path}：请指定销毁证明文件。",
            path=str(path),
        ) from e
    return verify_certificate(raw, office_public, str(path))
