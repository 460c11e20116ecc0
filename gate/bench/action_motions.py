"""How people and photographs move in the trials of `exam-gate bench action`.

Everybody follows the screen: people with their heads, attackers with a photograph in their hands.
Everything is drawn from a seed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gate.bench.action_scenes import FOCAL_PX, Pose
from gate.bench.action_surfaces import EYES_MM, Sheet, Surface, some_head
from gate.core.action_order import Instruction

FACE_OF_EYES = 2.4
"""Width of a face, in distances between its eyes."""
FACE_PX = (70.0, 160.0)
"""Widths of the faces in the frame."""
NECK_MM = 80.0
"""The axis of a turning head behind its eyes."""
FURTHER = math.radians(10)
"""By which a head or a photograph turns on while the screen still says to turn."""
FURTHEST = math.radians(65)
"""A head or a photograph is not turned further: no face is found then."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where something is moved to. Angles in radians, lengths in mm; `nearer`: share of the
    distance that is left; `bend_per_mm`: what is added to the bend."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    nearer: float = 1.0
    bend_per_mm: float = 0.0

    def between(self, other: "Move", share: float) -> "Move":
        """`share` of the way to `other`, 0 to 1."""
        return Move(
            *(
                getattr(self, n) + share * (getattr(other, n) - getattr(self, n))
                for n in Move.__dataclass_fields__
            )
        )


@dataclass(frozen=True, slots=True)
class Sway:
    """What is never still: two sines of each. Degrees, mm, and how many a second."""

    degrees: float
    mm: float
    hertz: float


@dataclass
class Performer:
    """Somebody, or something held, before the camera.

    `moves`: what an instruction leads to. `reaction_s`, `takes_s`: before and while it moves.
    `further`, `patience_s`: who still reads the same instruction after so long turns on by so many
    radians, and so again up to FURTHEST. `phases`: (2, 6) radians, of the sines
    of its sway.
    """

    surface: Surface
    rest: Pose
    moves: Mapping[Instruction, Move]
    reaction_s: float
    takes_s: float
    sway: Sway
    phases: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    further: float = 0.0
    patience_s: float = 2.0
    _told: Instruction | None = field(default=None, init=False)
    _begins_s: float = field(default=0.0, init=False)
    _from: Move = field(default_factory=Move, init=False)
    _to: Move = field(default_factory=Move, init=False)

    def at(self, at_s: float, told: Instruction) -> tuple[Surface, Pose]:
        """The surface and how it stands while the screen says `told`."""
        if told is not self._told:
            self._set_out(at_s, self.moves.get(told, Move()))
            self._told = told
        elif self.further and self._to.yaw and at_s > self._begins_s + self.patience_s:
            yaw = self._to.yaw + math.copysign(self.further, self._to.yaw)
            self._set_out(at_s, replace(self._to, yaw=float(np.clip(yaw, -FURTHEST, FURTHEST))))
        return self._standing(self._move(at_s), at_s)

    def _set_out(self, at_s: float, to: Move) -> None:
        self._from, self._to = self._move(at_s), to
        self._begins_s = at_s + self.reaction_s

    def _move(self, at_s: float) -> Move:
        part = float(np.clip((at_s - self._begins_s) / self.takes_s, 0, 1))
        return self._from.between(self._to, part**3 * (10 - 15 * part + 6 * part**2))

    def _standing(self, move: Move, at_s: float) -> tuple[Surface, Pose]:
        angles = 2 * np.pi * self.sway.hertz * at_s * np.array([[1.0], [1.7]])
        swing = np.sin(angles + self.phases).mean(axis=0)
        turn, shift = np.radians(self.sway.degrees) * swing[:3], self.sway.mm * swing[3:]
        rest, surface = self.rest, self.surface
        if move.bend_per_mm and isinstance(surface, Sheet):
            surface = replace(surface, bend_per_mm=surface.bend_per_mm + move.bend_per_mm)
        return surface, Pose(
            yaw=rest.yaw + move.yaw + float(turn[0]),
            pitch=rest.pitch + move.pitch + float(turn[1]),
            roll=rest.roll + move.roll + float(turn[2]),
            x=rest.x + move.x + float(shift[0]),
            y=rest.y + move.y + float(shift[1]),
            z=rest.z * move.nearer + float(shift[2]),
            pivot=rest.pivot,
        )


def person(chance: np.random.Generator, further: float = FURTHER) -> Performer:
    """Somebody who does what is told, sloppily: turns of 10 to 35 degrees with some nod and tilt,
    fast or slow. `further`: when the screen does not change, see `Performer`."""
    turns = np.radians(chance.uniform(10, 35, 2))
    nod, tilt = np.radians(chance.normal(0, 3, 2)), np.radians(chance.normal(0, 3, 2))
    return Performer(
        some_head(chance),
        _somewhere(chance, NECK_MM, most_px=115),
        {
            Instruction.TURN_LEFT: Move(yaw=turns[0], pitch=nod[0], roll=tilt[0]),
            Instruction.TURN_RIGHT: Move(yaw=-turns[1], pitch=nod[1], roll=tilt[1]),
            Instruction.COME_CLOSER: Move(
                y=chance.uniform(-20, 20), pitch=nod[0], nearer=chance.uniform(0.58, 0.72)
            ),
        },
        reaction_s=chance.uniform(0.3, 0.9),
        takes_s=chance.uniform(0.5, 1.3),
        sway=Sway(degrees=1.5, mm=5.0, hertz=0.4),
        phases=chance.uniform(0, 2 * np.pi, (2, 6)),
        further=further,
        patience_s=chance.uniform(0.8, 1.8),
    )


ATTACKS = (
    "turned", "tilted", "turned obliquely", "bent", "flexed", "shaken", "moved closer",
    "rotated in plane", "translated", "all at once",
)  # fmt: skip
"""What is done with a photograph to make it look as if it did what was ordered."""

BEND_MIN_MM = 150.0
"""The least radius: a stiff sheet in two hands."""


def photograph(kind: str, chance: np.random.Generator) -> Performer:
    """A photograph that is moved as `kind` says whenever a turn is told, and nearer when that is.
    `kind`: one of ATTACKS."""
    left, right = (_turned_photograph(kind, side, chance) for side in (1, -1))
    bend = 1 / chance.uniform(BEND_MIN_MM, 400) if kind in ("bent", "all at once") else 0.0
    axis = chance.choice([0.0, chance.uniform(0, np.pi)])
    is_shaken = kind in ("shaken", "all at once")
    sway = Sway(
        degrees=chance.uniform(8, 30) if is_shaken else 1.5,
        mm=chance.uniform(5, 25) if is_shaken else 5.0,
        hertz=chance.uniform(1, 4) if is_shaken else 0.5,
    )
    return Performer(
        Sheet(bend, axis),
        _somewhere(chance, 0.0, most_px=130),
        {
            Instruction.TURN_LEFT: left,
            Instruction.TURN_RIGHT: right,
            Instruction.COME_CLOSER: Move(nearer=chance.uniform(0.58, 0.72)),
        },
        reaction_s=chance.uniform(0.3, 0.9),
        takes_s=chance.uniform(0.5, 1.3),
        sway=sway,
        phases=chance.uniform(0, 2 * np.pi, (2, 6)),
        further=FURTHER,
    )


def _turned_photograph(kind: str, side: int, chance: np.random.Generator) -> Move:
    yaw = side * np.radians(chance.uniform(15, 50))
    pitch = chance.choice([-1, 1]) * np.radians(chance.uniform(15, 40))
    whole = Move(
        yaw=yaw,
        pitch=pitch,
        roll=chance.choice([-1, 1]) * np.radians(chance.uniform(5, 25)),
        x=side * chance.uniform(40, 120),
        y=chance.uniform(-40, 40),
        nearer=chance.uniform(0.7, 1.1),
        bend_per_mm=1 / BEND_MIN_MM,
    )
    return {
        "turned": Move(yaw=yaw),
        "tilted": Move(pitch=pitch),
        "turned obliquely": Move(yaw=yaw, pitch=pitch),
        "bent": Move(yaw=yaw),
        "flexed": Move(yaw=yaw, bend_per_mm=1 / chance.uniform(BEND_MIN_MM, 300)),
        "shaken": Move(yaw=yaw / 2),
        "moved closer": Move(nearer=chance.uniform(0.5, 0.8)),
        "rotated in plane": Move(roll=whole.roll * 1.5),
        "translated": Move(x=whole.x, y=whole.y),
        "all at once": replace(whole, bend_per_mm=0.0),
    }[kind]


def _somewhere(chance: np.random.Generator, pivot: float, most_px: float) -> Pose:
    width_px = chance.uniform(FACE_PX[0], min(FACE_PX[1], most_px))
    z = FOCAL_PX * EYES_MM * FACE_OF_EYES / width_px
    return Pose(
        yaw=np.radians(chance.normal(0, 3)),
        pitch=np.radians(chance.normal(0, 5)),
        roll=np.radians(chance.normal(0, 2)),
        x=chance.normal(0, 0.06) * z,
        y=chance.normal(-0.02, 0.03) * z,
        z=z,
        pivot=pivot,
    )
