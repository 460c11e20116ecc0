"""Commands of the office and a gate's answers, as they travel: both are signed. Pure."""

import re
from collections.abc import Callable
from datetime import datetime

from nacl.signing import SigningKey

from gate.core.events import YEARS
from gate.core.json_types import JsonObject, JsonValue
from gate.core.office_commands import Command, CommandAnswer, Result
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

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_TO = re.compile(r"(site:)?[a-z0-9-]{1,64}")

_COMMAND: Form = SIGNED | {
    "id": matches(_NAME),
    "verb": text,
    "args": lambda value: isinstance(value, dict),
    "to": matches(_TO),
    "exam": lambda value: value is None or matches(ID)(value),
    "by": text,
    "issued": text,
    "expires": text,
}
_RESULT: Form = SIGNED | {
    "id": matches(_NAME),
    "gate": matches(ID),
    "result": lambda value: isinstance(value, str) and value in tuple(Result),
    "detail": lambda value: isinstance(value, str) and len(value) <= 500,
    "at": text,
}


def encode_command(command: Command, key: SigningKey) -> bytes:
    """The payload of `command`, signed with the office's `key`."""
    body: JsonObject = {
        "v": 1,
        "id": command.id,
        "verb": str(command.verb),
        "args": dict(command.args),
        "to": command.to,
        "exam": command.exam,
        "by": command.by,
        "issued": command.issued.isoformat(timespec="milliseconds"),
        "expires": command.expires.isoformat(timespec="milliseconds"),
    }
    return compact(signed("command", body, key))


def decode_command(payload: bytes, office_public: bytes) -> Command:
    """The command in `payload`, its signature verified. Whether it is to be carried out is another
    question. InputRejected, SignatureRefused."""
    body = check_fields(read_object(payload), _COMMAND)
    verify("command", body, office_public)
    return Command(
        body["id"],
        body["verb"],
        body["args"],
        body["to"],
        read_time(body["issued"]),
        read_time(body["expires"]),
        body["exam"],
        body["by"],
    )


def encode_result(answer: CommandAnswer, gate: str, at: str, key: SigningKey) -> bytes:
    """The payload of `answer`, signed with the gate's `key`. `at`: RFC 3339."""
    body: JsonObject = {
        "v": 1,
        "id": answer.id,
        "gate": gate,
        "result": str(answer.result),
        "detail": answer.detail[:500],
        "at": at,
    }
    return compact(signed("command-result", body, key))


def decode_result(payload: bytes, keys: Callable[[str], bytes | None]) -> tuple[str, CommandAnswer]:
    """The gate and its answer, its signature verified. `keys`: the Ed25519 public key of a gate,
    None for one that is not enrolled. InputRejected, SignatureRefused."""
    body = check_fields(read_object(payload), _RESULT)
    verify("command-result", body, keys(body["gate"]))
    return body["gate"], CommandAnswer(body["id"], Result(body["result"]), body["detail"])


def read_time(said: JsonValue) -> datetime:
    """An aware time that a clock shows. InputRejected."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError as e:
        raise InputRejected("A time of a command is none.") from e
    if at.tzinfo is None or at.year not in YEARS:
        raise InputRejected(f"A command is dated {said[:40]!r}.")
    return at
