"""The envelope of every message: one JSON object, checked field by field, and signed."""

import base64
import binascii
import json
import re
from collections.abc import Callable

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from gate.core.journal_entries import canonical_json, key_id
from gate.core.json_types import JsonFields, JsonObject, JsonValue
from gate.errors import InputRejected, SignatureRefused

MAX_BYTES = 32 * 1024
"""Of one payload, signature included."""

ID = re.compile(r"[a-z0-9-]{1,64}")
EPOCH = re.compile(r"[0-9a-f]{16}")
HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER_MAX = 2**53  # what every JSON reader takes for a whole number

Form = dict[str, Callable[[JsonValue], bool]]
"""What each field must satisfy."""


DEPTH_MAX = 16
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))


def matches(pattern: re.Pattern[str]) -> Callable[[JsonValue], bool]:
    """Text that `pattern` covers whole."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def count(least: int) -> Callable[[JsonValue], bool]:
    """A whole number, not a boolean."""
    return lambda value: type(value) is int and least <= value <= _NUMBER_MAX


def text(value: JsonValue) -> bool:
    """A short string."""
    return isinstance(value, str) and len(value) <= 200


SIGNED: Form = {
    "v": lambda value: type(value) is int and value == 1,
    "key": text,
    "sig": text,
}
"""What every signed message has: version 1 of its form, and who signed."""

ENVELOPE: Form = SIGNED | {
    "gate": matches(ID),
    "epoch": matches(EPOCH),
    "head": matches(HASH),
}
"""What every signed message of or about one journal begins with."""


def read_object(payload: bytes) -> JsonObject:
    """One JSON object of at most `MAX_BYTES`. InputRejected for anything else."""
    if len(payload) > MAX_BYTES:
        raise InputRejected(f"A message of {len(payload)} bytes; at most {MAX_BYTES} are taken.")
    try:
        text = payload.decode("utf-8")
        _check_depth(payload, text)
        raw = json.loads(text, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as e:
        raise InputRejected(f"A message is not JSON: {e}.") from e
    if not isinstance(raw, dict):
        raise InputRejected("A message is not a JSON object.")
    return raw


def _check_depth(payload: bytes, text: str) -> None:
    """ValueError where brackets lie deeper than any message of ours (a batch's events: 5): what
    reads back deeply may not be written again."""
    if b"\\" in payload:
        brackets = "".join(_BRACKETS.findall(_STRINGS.sub("", text)))
    else:  # a quotation mark is the end of a string: what lies between two is left out
        shape = payload.translate(None, _NO_BRACKETS).decode("ascii")
        brackets = "".join(shape.split('"')[::2])
    depth = 0
    for character in brackets:
        depth += 1 if character in "[{" else -1
        if depth > DEPTH_MAX:
            raise ValueError(f"nested more than {DEPTH_MAX} deep")


def _no_such_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def check_fields(raw: JsonObject, form: Form) -> JsonObject:
    """`raw` itself, once every field of `form` is there and fits; others may stand beside.
    InputRejected."""
    wrong = sorted(k for k, fits in form.items() if k not in raw or not fits(raw[k]))
    if wrong:
        raise InputRejected(f"A message lacks or misuses: {', '.join(wrong)}.")
    return raw


def signed(domain: str, head: JsonObject, key: SigningKey) -> JsonObject:
    """`head` with the signer's key id and signature."""
    named = head | {"key": key_id(key.verify_key.encode())}
    signature = key.sign(_covered(domain, named)).signature
    return named | {"sig": base64.b64encode(signature).decode()}


def verify(domain: str, head: JsonFields, public: bytes | None) -> None:
    """SignatureRefused unless `head` was signed with the private half of `public`."""
    of = head.get("gate") or head.get("to")
    if public is None:
        raise SignatureRefused(f"Gate {of} is not enrolled here.", f"闸机 {of} 未在此登记。")
    if head["key"] != key_id(public):
        signer, ours = f"{head['key'][:16]!r}", key_id(public)
        raise SignatureRefused(
            f"Signed with key {signer}, not with {ours}: it is of another office or unit.",
            f"签名密钥为 {signer}，不是 {ours}：来自其他考试中心或闸机。",
        )
    try:
        signature = base64.b64decode(head["sig"], validate=True)
        if base64.b64encode(signature).decode() != head["sig"]:
            raise ValueError("a signature has one spelling")
        VerifyKey(public).verify(_covered(domain, head), signature)
    except (BadSignatureError, binascii.Error, ValueError, TypeError) as e:
        raise SignatureRefused(
            f"The signature of a {domain} of {of} is wrong.",
            f"{of} 的签名（{domain}）有误。",
        ) from e


def _covered(domain: str, head: JsonFields) -> bytes:
    """Every field but the signature, behind the name of what is signed: no signature of one kind of
    message can stand under another."""
    return f"exam-gate/{domain}/1\n".encode() + compact(
        {k: v for k, v in head.items() if k != "sig"}
    )


def compact(value: object) -> bytes:
    """Canonical bytes. InputRejected for NaN, infinity and lone surrogates."""
    try:
        return canonical_json(value)
    except (ValueError, RecursionError) as e:
        raise InputRejected(f"A message has no canonical bytes: {e}.") from e
