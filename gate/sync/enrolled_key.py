"""The office's signed word that a signing key belongs to a gate. Pure.

It travels with what the gate signs. A reader with the office's public key needs nothing else.
"""

import base64
import binascii

from nacl.signing import SigningKey

from gate.core.json_types import JsonObject, JsonValue
from gate.errors import InputRejected
from gate.sync.envelope import (
    ID,
    SIGNED,
    Form,
    check_fields,
    compact,
    matches,
    read_object,
    signed,
    text,
    verify,
)

_FORM: Form = SIGNED | {
    "gate": matches(ID),
    "site": matches(ID),
    "signing": text,
    "at": text,
}


def encode_enrolled(gate: str, site: str, signing: bytes, *, at: str, office: SigningKey) -> bytes:
    """The office's signed word that this key belongs to `gate`.

    `signing`: the gate's Ed25519 public key, 32 bytes.
    """
    named = base64.b64encode(signing).decode()
    body = {"v": 1, "gate": gate, "site": site, "signing": named, "at": at}
    return compact(signed("enrolled", body, office))


def read_enrolled(payload: bytes) -> JsonObject:
    """Its form only; nothing of it is believed yet. InputRejected."""
    return check_fields(read_object(payload), _FORM)


def vouched_key(enrolled: JsonObject, gate: str, office_public: bytes) -> bytes:
    """The signing key of `gate` on the office's word. InputRejected, SignatureRefused."""
    body = check_fields(enrolled, _FORM)
    verify("enrolled", body, office_public)
    if body["gate"] != gate:
        raise InputRejected(f"An enrolment is of gate {body['gate']}, not of {gate}.")
    return public_key(body["signing"])


def public_key(encoded: JsonValue) -> bytes:
    """32 bytes from base64. InputRejected."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError) as e:
        raise InputRejected(f"A public key is not base64: {e}.") from e
    if len(raw) != 32:
        raise InputRejected(f"A public key has 32 bytes, not {len(raw)}.")
    return raw
