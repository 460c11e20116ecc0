"""Which gate has which roster: what is published, beside each gate's own last heartbeat."""

import json
from dataclasses import dataclass

from gate.core.json_types import JsonObject
from gate.errors import InputDamaged
from office.distribution.published import announced
from office.home import Home
from office.keys.enrolment import enrolments
from office.store.opening import open_received


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """One gate. `published`: the names of what its site should have; `has`: the roster it holds,
    None where none or nobody knows. `heard`: when it said so, RFC 3339. `fault`: why none comes."""

    gate: str
    site: str
    published: tuple[str, ...]
    has: str | None
    candidates: int | None
    heard: str | None
    fault: str | None

    @property
    def is_there(self) -> bool:
        """Whether the gate has one of those that are published for its site."""
        return not self.published or self.has in self.published

    def facts(self) -> dict[str, object]:
        """For --json."""
        return {
            "site": self.site,
            "published": list(self.published),
            "has": self.has,
            "candidates": self.candidates,
            "heard": self.heard,
            "fault": self.fault,
            "there": self.is_there,
        }

    def line(self) -> str:
        """For people."""
        wanted = ", ".join(self.published) or "nothing is published 未发布"
        state = "has it 已到位" if self.is_there else "NOT YET 未到位"
        if not self.published:
            state = "-"
        said = f"{self.gate}: {state}; published {wanted}; has {self.has or '-'}"
        said += f", {self.candidates} candidates" if self.candidates is not None else ""
        said += f"; heard {self.heard}" if self.heard else "; never heard 未曾上线"
        return said + (f"; {self.fault}" if self.fault else "")


def rows_of(home: Home) -> list[RolloutRow]:
    """Every enrolled gate, by its id. InputDamaged, StorageRefused, StorageDamaged."""
    published: dict[str, list[str]] = {}
    for found in announced(home):
        published.setdefault(found.notice.site, []).append(found.notice.name)
    heard = _heard(home)
    rows = []
    for gate, enrolled in enrolments(home).items():
        at, vitals = heard.get(gate, (None, {}))
        rows.append(
            RolloutRow(
                gate,
                enrolled.site,
                tuple(published.get(enrolled.site, ())),
                _text(vitals.get("roster")),
                count if isinstance(count := vitals.get("candidates"), int) else None,
                at,
                _text(vitals.get("roster_fault")),
            )
        )
    return rows


def _heard(home: Home) -> dict[str, tuple[str, JsonObject]]:
    """When each gate was heard, and its vitals. Nothing where nobody was heard yet."""
    try:
        with open_received(home) as store:
            beats = store.gates_said.beats()
    except InputDamaged:  # nothing was received yet
        return {}
    return {beat.gate: (beat.heard, _vitals(beat.payload)) for beat in beats if beat.payload}


def _vitals(payload: str) -> JsonObject:
    """Of a heartbeat whose signature was verified when it came."""
    vitals = json.loads(payload).get("vitals", {})
    return vitals if isinstance(vitals, dict) else {}


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value.isprintable() else None
