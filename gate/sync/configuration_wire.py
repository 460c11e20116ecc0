"""The configuration that the office wants of one gate: signed, on the retained topic `cfg`. Pure.

A gate that is new, or whose card is, takes it from there. It is carried out as a `configure`
command, so the journal has it, and it counts once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from nacl.signing import SigningKey

from gate.core.configuration import Changes, read_changes
from gate.core.json_types import JsonObject
from gate.core.office_commands import LIFE_MAX, Command, Verb
from gate.errors import InputRejected
from gate.sync.command_wire import read_time
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

PREFIX = "cfg-"
"""Of the ids of commands that come this way."""

_FORM: Form = SIGNED | {
    "gate": matches(ID),
    "desired": lambda value: isinstance(value, dict),
    "at": text,
}


@dataclass(frozen=True, slots=True)
class DesiredConfiguration:
    """What the office wants of `gate`. `at`: when it was signed, aware. `digest`: of the payload,
    hex."""

    gate: str
    changes: Changes
    at: datetime
    digest: str

    def command(self, changes: Changes) -> Command:
        """What carries out `changes`, those of it that are not in force."""
        return Command(
            f"{PREFIX}{self.digest[:32]}",
            Verb.CONFIGURE,
            {"set": dict(changes)},
            self.gate,
            self.at,
            self.at + LIFE_MAX,
            by="office",
        )


def encode_desired(gate: str, changes: Changes, at: datetime, key: SigningKey) -> bytes:
    """The payload, signed with the office's `key`. `at`: aware."""
    body: JsonObject = {
        "v": 1,
        "gate": gate,
        "desired": dict(changes),
        "at": at.isoformat(timespec="milliseconds"),
    }
    return compact(signed("configuration", body, key))


def decode_desired(payload: bytes, office_public: bytes) -> DesiredConfiguration:
    """What the payload wants, its signature verified. InputRejected, SignatureRefused."""
    body = check_fields(read_object(payload), _FORM)
    verify("configuration", body, office_public)
    try:
        changes = read_changes(body["desired"])
    except ValueError as e:
        raise InputRejected(f"A desired configuration: {e}") from e
    digest = hashlib.sha256(payload).hexdigest()
    return DesiredConfiguration(body["gate"], changes, read_time(body["at"]), digest)
