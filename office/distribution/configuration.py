"""What each gate should go by, and what it says that it goes by."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.configuration import Changes, read_changes
from gate.core.json_types import JsonObject, JsonValue
from gate.core.office_commands import Result
from office.store.database import OfficeStore

NOT_DONE = (Result.REFUSED, Result.EXPIRED)


@dataclass(slots=True)
class GateConfiguration:
    """`desired`: what `configure` asked for and no gate refused, the last word on each key.
    `reported`: what the gate last said is in force; None where it never did."""

    desired: JsonObject = field(default_factory=dict)
    reported: JsonObject | None = None

    @property
    def differing(self) -> list[str]:
        """Keys that are not, or not yet, as desired."""
        said = self.reported or {}
        return sorted(k for k, value in self.desired.items() if said.get(k) != value)

    def facts(self) -> dict[str, object]:
        """For --json."""
        return {"desired": self.desired, "reported": self.reported, "differing": self.differing}


def desired(given: Iterable[tuple[str, JsonObject, str | None]]) -> dict[str, JsonObject]:
    """Of each gate, from (gate, command, its first result). The one that was issued last wins."""
    found: dict[str, JsonObject] = {}
    for gate, command, result in sorted(given, key=lambda row: str(row[1].get("issued"))):
        if result in NOT_DONE:
            continue
        try:
            found.setdefault(gate, {}).update(read_changes(command["args"]["set"]))
        except (KeyError, TypeError, ValueError):  # of another release
            continue
    return found


def desired_now(store: OfficeStore, now: datetime) -> dict[str, Changes]:
    """Of each gate, what it has done or may still do at `now`, aware. A command that expired before
    its gate heard it asks for nothing any more. StorageRefused, StorageDamaged."""
    rows = [(gate, json.loads(raw), said) for gate, raw, said in store.commands.given("configure")]
    wanted = desired(row for row in rows if row[2] is not None or _is_open(row[1], now))
    return dict(wanted)


def _is_open(command: JsonObject, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(command.get("expires"))) > now
    except (ValueError, TypeError):  # of another release
        return False


def configurations(store: OfficeStore) -> dict[str, GateConfiguration]:
    """Of every gate that was ever configured or said what is in force. StorageRefused,
    StorageDamaged."""
    rows = [(gate, json.loads(raw), said) for gate, raw, said in store.commands.given("configure")]
    found = {gate: GateConfiguration(wanted) for gate, wanted in desired(rows).items()}
    for gate, word in store.commands.words("cfg/rep").items():
        said: JsonValue = json.loads(word.payload).get("reported")
        if isinstance(said, dict):
            found.setdefault(gate, GateConfiguration()).reported = said
    return found
