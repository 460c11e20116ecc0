"""The data files of the demo as values: who plays, and what must come of it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.sockets import JsonObject

HERE = Path(__file__).parent
USUAL = ("stand", "lay", "decided", "shown")
STEPS = frozenset(
    {
        "clock",
        "trusted",
        "stand",
        "lay",
        "pull",
        "lift",
        "leave",
        "scan",
        "type",
        "decided",
        "shown",
        "papers",
        "settle",
        "correct",
        "reassign",
        "acknowledge",
        "board",
        "take",
        "broker",
        "gate",
        "disk",
        "await",
    }
)
WITH_A_NAME = ("lay", "pull", "lift", "leave", "papers", "scan", "type")


@dataclass(frozen=True, slots=True)
class Person:
    """A part. `live`: pictures before the camera; the rest None for somebody without a ticket."""

    key: str
    live: tuple[str, ...]
    name: str = ""
    number: str = ""
    ticket: str | None = None
    ticket_photo: str | None = None
    site: str = ""
    paper: str = ""
    room: str = ""
    seat: str = ""
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a row must show.

    `face`: same, other, none. `then`: the verdict that follows. `or_later`: a further attempt will
    do, asked for as often. Somebody steps up during an attempt, and a busy machine may have looked
    at no frame of them yet when it ends.
    """

    reason: str
    lamps: str
    buzzer: str
    outcome: str | None = None
    barrier: bool = False
    attempt: int | None = None
    asked: int = 0
    or_later: bool = False
    face: str = "none"
    evidence: bool = False
    clock: str = "trusted"
    unsent: bool = False
    then: "Expected | None" = None


@dataclass(frozen=True, slots=True)
class Step:
    """`verb` of STEPS, its argument, and what else stands beside it."""

    verb: str
    argument: Any
    more: JsonObject


@dataclass(frozen=True, slots=True)
class Row:
    """What happens, and what must come of it. `at`: the gate, from 1; 3 is the second site's.
    `entered_at`: the gate that ALREADY_ADMITTED must name. Without `card` it is a row at the
    office's board, whose steps say what must be shown."""

    number: int
    zh: str
    en: str
    steps: tuple[Step, ...]
    card: str = ""
    expect: Expected = Expected(reason="", lamps="", buzzer="")
    source: str = "card"
    at: int = 1
    entered_at: int | None = None
    hold_s: float | None = None

    @property
    def is_at_board(self) -> bool:
        """Whether nobody lays a card: somebody at the office looks at the board."""
        return not self.card

    @property
    def last_shown(self) -> Step | None:
        """The last step that watches lamps, where nobody moves before the camera after it."""
        for step in reversed(self.steps):
            if step.verb == "shown":
                return step
            if step.verb in ("stand", "lay", "leave", "type", "gate"):
                return None
        return None

    @property
    def stands_first(self) -> list[str] | None:
        """Who may step up before the row begins; None where the gate is restarted first."""
        for step in self.steps:
            if step.verb == "stand":
                return list(step.argument)
            if step.verb == "gate":
                return None
        return None


class ScriptFault(Exception):
    """A data file of the demo contradicts itself."""


def people(path: Path = HERE / "people.toml") -> dict[str, Person]:
    """Every part by its key."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return {k: Person(key=k, live=tuple(v.pop("live")), **v) for k, v in raw.items()}


def rows(cast: dict[str, Person], path: Path = HERE / "script.toml") -> tuple[Row, ...]:
    """The morning in order. ScriptFault names the row."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))["row"]
    return tuple(_row(n, r, cast) for n, r in enumerate(raw, 1))


def _row(number: int, raw: JsonObject, cast: dict[str, Person]) -> Row:
    if "card" not in raw:
        looks = tuple(_step(number, s, cast) for s in raw.pop("steps"))
        return Row(number=number, steps=looks, **raw)
    if raw["card"] not in cast:
        raise ScriptFault(f"row {number}: nobody is called {raw['card']}")
    expect = dict(raw.pop("expect"))
    then = expect.pop("then", None)
    expected = Expected(**expect, then=Expected(**then) if then else None)
    usual = [{v: [raw["card"]] if v == "stand" else raw["card"]} for v in USUAL]
    steps = tuple(_step(number, s, cast) for s in raw.pop("steps", usual))
    return Row(number=number, expect=expected, steps=steps, **raw)


def _step(number: int, raw: JsonObject, cast: dict[str, Person]) -> Step:
    verb, argument = next(iter(raw.items()))
    if verb not in STEPS:
        raise ScriptFault(f"row {number}: no step is called {verb}")
    named = argument if verb == "stand" else [argument] if verb in WITH_A_NAME else []
    for who in named:
        if who not in cast:
            raise ScriptFault(f"row {number}: nobody is called {who}")
    return Step(verb, argument, {k: v for k, v in raw.items() if k != verb})
