"""The office's notice of a roster: signed, on the retained topic and over HTTPS. Pure.

It names the manifest by its SHA-256. The manifest itself may be larger than a message may be.
"""

import re

from nacl.signing import SigningKey

from gate.core.json_types import JsonObject
from gate.core.roster_notice import MANIFEST_BYTES_MAX, SPREAD_MAX_S, RosterNotice
from gate.sync.envelope import (
    HASH,
    ID,
    SIGNED,
    Form,
    check_fields,
    compact,
    count,
    matches,
    read_object,
    signed,
    text,
    verify,
)

_EXAM = re.compile(r"[a-z0-9-]{1,32}")
_FORM: Form = SIGNED | {
    "exam": matches(_EXAM),
    "to": matches(ID),
    "version": count(1),
    "manifest": matches(HASH),
    "bytes": lambda value: count(1)(value) and value <= MANIFEST_BYTES_MAX,
    "spread_s": lambda value: count(0)(value) and value <= SPREAD_MAX_S,
    "at": text,
}
"""`to`: the site."""


def encode_notice(notice: RosterNotice, at: str, key: SigningKey) -> bytes:
    """The payload of `notice`, signed with the office's `key`. `at`: RFC 3339."""
    body: JsonObject = {
        "v": 1,
        "exam": notice.exam,
        "to": notice.site,
        "version": notice.version,
        "manifest": notice.manifest,
        "bytes": notice.bytes,
        "spread_s": notice.spread_s,
        "at": at,
    }
    return compact(signed("roster-notice", body, key))


def decode_notice(payload: bytes, office_public: bytes) -> RosterNotice:
    """The notice in `payload`, its signature verified. InputRejected, SignatureRefused."""
    body = check_fields(read_object(payload), _FORM)
    verify("roster-notice", body, office_public)
    return RosterNotice(
        body["exam"],
        body["to"],
        body["version"],
        body["manifest"],
        body["bytes"],
        body["spread_s"],
    )
