"""The manifest: what a roster file is, for whom and until when, signed with Ed25519.

The signature covers a domain prefix and the canonical JSON of everything but itself. So no other
message of the office (a receipt) can pass for a manifest. The exam description stands in it whole:
a changed window means a new version, not a new file format.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gate.core.exam import Exam
from gate.core.journal_entries import canonical_json, key_id
from gate.errors import InputDamaged, SignatureRefused
from gate.roster.exam_data import exam_from_json, exam_to_json

FORMAT = "exam-gate-roster/1"
SUFFIX = ".manifest.json"
_PREFIX = b"exam-gate roster manifest 1\n"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed description of a roster file.

    `previous`: the version before, None for the first. `keys`: gate id to its sealed keys;
    `counts`: `candidates`, `with_reference`, `exam_candidates`, `cohort`.
    """

    exam: Exam
    site: str
    version: int
    previous: int | None
    not_before: datetime
    expires: datetime
    file: str
    sha256: str
    size: int
    counts: Mapping[str, int]
    keys: Mapping[str, str]

    @property
    def name(self) -> str:
        """As decisions carry it."""
        return f"{self.exam.id}/{self.site}/v{self.version}"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["exam-gate-roster/1"]
    exam: dict[str, Any]
    site: str
    version: Annotated[int, Field(ge=1)]
    previous: Annotated[int, Field(ge=1)] | None
    not_before: AwareDatetime
    expires: AwareDatetime
    file: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*\.roster$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]
    counts: dict[str, int]
    key_id: str
    keys: dict[str, str]


def stem(exam: str, site: str, version: int) -> str:
    """The name that file and manifest share."""
    return f"{exam}_{site}_v{version}"


def sign(manifest: Manifest, office_signing_key: bytes) -> bytes:
    """The manifest's file, signed with the office's Ed25519 seed."""
    key = SigningKey(office_signing_key)
    body = {
        "format": FORMAT,
        "exam": exam_to_json(manifest.exam),
        "site": manifest.site,
        "version": manifest.version,
        "previous": manifest.previous,
        "not_before": manifest.not_before.isoformat(timespec="seconds"),
        "expires": manifest.expires.isoformat(timespec="seconds"),
        "file": manifest.file,
        "sha256": manifest.sha256,
        "size": manifest.size,
        "counts": dict(manifest.counts),
        "key_id": key_id(bytes(key.verify_key)),
        "keys": dict(manifest.keys),
    }
    signature = key.sign(_PREFIX + canonical_json(body)).signature
    signed = {**body, "signature": base64.b64encode(signature).decode("ascii")}
    return json.dumps(signed, ensure_ascii=False, indent=1).encode() + b"\n"


def verify(raw: bytes, office_public_key: bytes, source: str) -> Manifest:
    """The manifest in `raw`, its signature checked before anything in it is believed.

    InputDamaged (not a manifest), SignatureRefused (not signed by this key, or altered).
    """
    try:
        body = json.loads(raw)
        signature = base64.b64decode(body.pop("signature"), validate=True)
        signer = str(body["key_id"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
        raise _damaged(source) from e
    try:
        VerifyKey(office_public_key).verify(_PREFIX + canonical_json(body), signature)
    except (BadSignatureError, ValueError, TypeError, RecursionError) as e:
        raise _refused(source, signer, key_id(office_public_key)) from e
    try:
        return _manifest(_Body.model_validate(body), source)
    except ValidationError as e:
        raise _damaged(source) from e


def digest(raw: bytes) -> str:
    """Names a manifest: SHA-256 of its file, hex."""
    return hashlib.sha256(raw).hexdigest()


def _manifest(body: _Body, source: str) -> Manifest:
    return Manifest(
        exam=exam_from_json(body.exam, source),
        **{
            name: getattr(body, name)
            for name in (
                "site",
                "version",
                "previous",
                "not_before",
                "expires",
                "file",
                "sha256",
                "size",
                "counts",
                "keys",
            )
        },
    )


def _damaged(source: str) -> InputDamaged:
    return InputDamaged(
        f"{source} is not a roster manifest or was cut short: copy it again from the office.",
        f"{source} 不是名册清单或不完整：请从考试中心重新拷贝。",
        path=source,
    )


def _refused(source: str, signer: str, trusted: str) -> SignatureRefused:
    if signer == trusted:
        return SignatureRefused(
            f"{source} was changed after the office signed it: take a fresh copy from the office.",
            f"{source} 在签名后被改动：请从考试中心重新拷贝。",
            path=source,
        )
    return SignatureRefused(
        f"{source} is signed with key {signer}, this unit trusts {trusted}: take the roster from "
        "the office that enrolled this unit.",
        f"{source} 的签名密钥为 {signer}，本机信任 {trusted}：请使用登记本机的考试中心签发的名册。",
        path=source,
        signer=signer,
        trusted=trusted,
    )
