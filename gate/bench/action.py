"""Trials of the ordered action: do photographs pass, do recordings of another order, do people?

Two kinds of trial. In the first, the five landmarks and the box come from the geometry of the
scene, with the noise of the real detector on them. In the second, every frame is drawn and the
real detector looks at it. The heads of both are simulated. The portraits are real.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.bench.action_motions import (
    ATTACKS,
    FACE_OF_EYES,
    FACE_PX,
    FURTHER,
    Performer,
    person,
    photograph,
)
from gate.bench.action_scenes import (
    FOCAL_PX,
    Portrait,
    Pose,
    draw,
    portraits,
    project,
    with_noise,
)
from gate.bench.action_surfaces import EYES_MM, Millimetres, Sheet, Surface
from gate.core.action_order import ORDERS, TURNS, ActionOrder, Instruction, order_of
from gate.core.json_types import JsonObject
from gate.models.face_track import nearest
from gate.models.live_detection import LiveDetector
from gate.models.liveness.action import (
    AGREEING,
    ActionTrial,
    FaceObservation,
    Judgement,
    Moved,
    action_of,
    beside,
    is_flat,
    judge,
    observed,
)
from gate.models.liveness.face_turn import face_turn, face_view, mean_view
from gate.models.liveness.nose_shift import nose_profile
from gate.models.still_pictures import StillPictures

GEOMETRY_FRAME_S, DRAWN_FRAME_S = 0.1, 0.16
"""Between frames: of a gate's camera, and of one on a slow unit (drawing takes its time)."""
END_S = 40.0
NOISE_PX = (1.05, 0.68)
"""Standard deviations of each landmark along x and y, of the real detector on 20 portraits. What
all five share is in it, so it is a little too much; `bench action --faces` measures it anew."""
BOX_NOISE = 0.012
"""The same of each edge of the box, in widths of the box."""
LOST = 0.02
"""Share of frames in which the detector finds no face."""
CLEAR_TURN = math.radians(20)
"""A head that turns less is not expected to be taken for one that turns."""

See = Callable[[Surface, Pose, float], FaceObservation | None]
"""What is seen of a surface at a time, in seconds; None for no face."""

Maker = Callable[[int, np.random.Generator], tuple[str, Performer]]
"""Somebody for the n-th trial, and what that is."""

View = Callable[[int, np.random.Generator], See]
"""The eyes of the n-th trial."""


@dataclass(frozen=True, slots=True)
class Played:
    """A trial that is over. `kind`: who, or what was done. `seen`: all that was seen, in order."""

    kind: str
    order: ActionOrder
    judgement: Judgement
    seen: tuple[FaceObservation, ...]

    @property
    def accepted(self) -> bool:
        """Whether the judge took it for a head that did what was ordered."""
        return self.judgement.score == 1.0

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return self.seen[-1].at_s - self.seen[0].at_s if self.seen else 0.0


def play(kind: str, performer: Performer, order: ActionOrder, see: See, frame_s: float) -> Played:
    """One trial from its beginning: the performer follows the screen."""
    trial, at_s, seen = ActionTrial(order, 0.0), 0.0, []
    while trial.progress.ending is None and at_s < END_S:
        surface, pose = performer.at(at_s, trial.progress.instruction)
        observation = see(surface, pose, at_s)
        if observation is None:
            trial.wait(at_s)
        else:
            seen.append(observation)
            trial.observe(observation)
        at_s += frame_s
    return Played(kind, order, trial.judgement, tuple(seen))


def seen_by_geometry(chance: np.random.Generator) -> See:
    """Landmarks and box by projection, with the detector's noise."""
    marks = np.array([(-31.5, 0), (31.5, 0), (0, 42), (-25, 68), (25, 68)], np.float32)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 13), np.linspace(-1, 1, 13)), -1).reshape(-1, 2)
    face = (grid[np.hypot(*grid.T) <= 1] * (70, 85) + (0, 28)).astype(np.float32)

    def see(surface: Surface, pose: Pose, at_s: float) -> FaceObservation | None:
        if chance.random() < LOST:
            return None
        rotation, middle = pose.rotation(), pose.middle()

        def shown(places: Millimetres) -> npt.NDArray[np.float64]:
            """(n, 2) pixels of (n, 2) places on the portrait."""
            x, y = surface.where(places[:, 0], places[:, 1])
            points = np.stack([x, y, -surface.relief(x, y)], axis=1).astype(np.float64)
            return project(points, rotation, middle)

        landmarks = shown(marks) + chance.normal(0, NOISE_PX, (5, 2))
        outline = shown(face)
        low, high = outline.min(axis=0), outline.max(axis=0)
        edges = np.concatenate([low, high]) + chance.normal(0, BOX_NOISE, 4) * (high[0] - low[0])
        box = np.concatenate([edges[:2], edges[2:] - edges[:2]]).astype(np.float32)
        return FaceObservation(at_s, box, landmarks.astype(np.float32))

    return see


def seen_by_detector(
    detector: LiveDetector, portrait: Portrait, chance: np.random.Generator
) -> See:
    """The frame is drawn, and the gate's own detector looks at it."""
    behind = np.full((480, 640, 3), chance.integers(40, 200, 3), np.uint8)

    def see(surface: Surface, pose: Pose, at_s: float) -> FaceObservation | None:
        frame = with_noise(draw(portrait, surface, pose, behind), chance)
        face = nearest(detector.glance(frame))
        if face is None:
            return None
        face = detector.closer(frame, face)
        return observed(at_s, face.box, face.landmarks, frame)

    return see


def heads(
    count: int, view: View, frame_s: float, seed: int, further: float = FURTHER
) -> Iterator[Played]:
    """People who do what is ordered. `further`: see `Performer`."""
    for n in range(count):
        chance = np.random.default_rng((seed, 1, n))
        order = order_of(int(chance.integers(ORDERS)))
        yield play("head", person(chance, further), order, view(n, chance), frame_s)


def photographs(count: int, view: View, frame_s: float, seed: int) -> Iterator[Played]:
    """Photographs that are moved, each kind in turn."""
    for n in range(count):
        chance = np.random.default_rng((seed, 2, n))
        kind = ATTACKS[n % len(ATTACKS)]
        order = order_of(int(chance.integers(ORDERS)))
        yield play(kind, photograph(kind, chance), order, view(n, chance), frame_s)


def replays(recorded: Iterable[Played], count: int, seed: int) -> Iterator[Played]:
    """Recordings of people who did one order, shown for another.

    No detector could tell a perfect recording from the person. So what was seen of the person is
    judged as it was seen.
    """
    whole = [p for p in recorded if p.accepted]
    for n in range(count if whole else 0):
        shown = whole[n % len(whole)]
        others = [o for o in map(order_of, range(ORDERS)) if o.actions != shown.order.actions]
        order = others[int(np.random.default_rng((seed, 3, n)).integers(len(others)))]
        yield Played("replay", order, judge(order, shown.seen), shown.seen)


def report_of(played: Iterable[Played]) -> JsonObject:
    """The figures of trials of one sort, ready for JSON."""
    trials = list(played)
    accepted = [p for p in trials if p.accepted]
    return {
        "trials": len(trials),
        "accepted": len(accepted),
        "accepted_by_kind": dict(Counter(p.kind for p in accepted)),
        "endings": dict(Counter(str(p.judgement.ending) for p in trials)),
        "seconds": _spread([p.seconds for p in accepted]),
    }


def landmark_noise(detector: LiveDetector, faces: Sequence[Portrait]) -> JsonObject:
    """How far the detector's landmarks and boxes are scattered when a face hardly moves.

    Standard deviations in pixels, of five looks at each portrait, moved by up to three pixels.
    """
    scatter, edges = [], []
    for n, portrait in enumerate(faces):
        chance = np.random.default_rng((4, n))
        z = EYES_MM * FOCAL_PX * FACE_OF_EYES / float(chance.uniform(*FACE_PX))
        see = seen_by_detector(detector, portrait, chance)
        moved = chance.uniform(-3, 3, (5, 2)) * z / FOCAL_PX
        looks = [see(Sheet(), Pose(x=x, y=y, z=z), 0.0) for x, y in moved]
        marks = [
            s.landmarks - FOCAL_PX / z * xy
            for s, xy in zip(looks, moved, strict=True)
            if s is not None
        ]
        widths = [s.box[2] for s in looks if s is not None]
        if len(marks) > 1:
            scatter.append(np.var(marks, axis=0, ddof=1).mean(axis=0))
            edges.append(np.var(widths, ddof=1) / 2 / np.mean(widths) ** 2)
    x, y = np.sqrt(np.mean(scatter, axis=0))
    return {
        "portraits": len(scatter),
        "x_px": round(float(x), 2),
        "y_px": round(float(y), 2),
        "box_edge_of_width": round(float(np.sqrt(np.mean(edges))), 4),
    }


def measure_geometry(count: int, seed: int) -> JsonObject:
    """`count` trials of each sort from geometry, and what the judge costs a frame. The same seed
    gives the same trials."""

    def view(_: int, chance: np.random.Generator) -> See:
        return seen_by_geometry(chance)

    people = list(heads(count, view, GEOMETRY_FRAME_S, seed))
    return {
        "heads": report_of(people),
        "heads_that_turn_no_further": report_of(heads(count, view, GEOMETRY_FRAME_S, seed, 0.0)),
        "photographs": report_of(photographs(count, view, GEOMETRY_FRAME_S, seed)),
        "replays": report_of(replays(people, count, seed)),
        "judge_ms_a_frame": round(_cost_ms(people), 3),
    }


def single_turns(
    count: int, view: View, performer: Maker, seed: int
) -> Iterator[tuple[str, Moved | None]]:
    """What is done, and how a few frames of a turn differ from the face at rest; None without a
    face. Without the order and its times: only whether it looks like a turn."""
    for n in range(count):
        chance = np.random.default_rng((seed, 5, n))
        kind, held = performer(n, chance)
        see, told = view(n, chance), _told(n)
        at_rest = _looks(held, see, 0.0, Instruction.LOOK_AHEAD)
        held.at(1.0, told)  # the screen changes now; long before the next look
        yield kind, _moved(at_rest, _looks(held, see, 4.0, told))


def _looks(held: Performer, see: See, from_s: float, told: Instruction) -> list[FaceObservation]:
    times = [from_s + n * DRAWN_FRAME_S for n in range(AGREEING)]
    seen = [see(*held.at(at_s, told), at_s) for at_s in times]
    return [s for s in seen if s is not None]


def _moved(at_rest: Sequence[FaceObservation], now: Sequence[FaceObservation]) -> Moved | None:
    if not at_rest or len(now) < AGREEING:
        return None
    ahead = mean_view([face_view(s.box, s.landmarks) for s in at_rest])
    views, patch = [face_view(s.box, s.landmarks) for s in now], at_rest[-1].patch
    turns, together = [face_turn(ahead, v) for v in views], face_turn(ahead, mean_view(views))
    known = [turn for turn in turns if turn is not None]
    if together is None or len(known) < len(turns):
        return None
    profiles = [nose_profile(patch, s.patch) if patch and s.patch else None for s in now]
    return Moved(known, together, beside(patch, profiles, together.nose))


def report_of_looks(found: Iterable[tuple[str, Moved | None]]) -> JsonObject:
    """How many looked like a turn of a head, how many like a flat picture, by what was done."""
    seen = list(found)
    whole = [(kind, moved) for kind, moved in seen if moved is not None]
    turned = [kind for kind, moved in whole if action_of(*moved) in TURNS]
    return {
        "looks": len(seen),
        "looks_by_kind": dict(Counter(kind for kind, _ in seen)),
        "without_a_face": len(seen) - len(whole),
        "taken_for_a_turn": len(turned),
        "taken_for_a_turn_by_kind": dict(Counter(turned)),
        "flat": sum(is_flat(moved.together) for _, moved in whole),
    }


def _photograph_of(n: int, chance: np.random.Generator) -> tuple[str, Performer]:
    kind = ATTACKS[n % len(ATTACKS)]
    return kind, photograph(kind, chance)


def _person_of(n: int, chance: np.random.Generator) -> tuple[str, Performer]:
    held = person(chance, further=0.0)
    yaw = abs(held.moves[_told(n)].yaw)
    return f"head, turned by {'at least' if yaw >= CLEAR_TURN else 'less than'} 20 degrees", held


def _told(n: int) -> Instruction:
    """Which turn the n-th look is at."""
    return TURNS[n % len(TURNS)]


def measure_drawn(
    folder: Path,
    models: Path,
    count: int,
    whole: int,
    *,
    seed: int,
    show: Callable[[int, int], None],
) -> JsonObject:
    """Frames that are drawn and seen by the real detector. InputDamaged, ModelDamaged.

    `count`: looks at photographs, and a third as many at heads. `whole`: trials from beginning to
    end, of each sort. `seed`: the same gives the same.
    """
    faces = portraits(folder, StillPictures(models))
    detector = LiveDetector(models, 1)
    noise = landmark_noise(detector, faces)
    done = 0

    def view(n: int, chance: np.random.Generator) -> See:
        nonlocal done
        show(done, count + count // 3 + 2 * whole)
        done += 1
        return seen_by_detector(detector, faces[n % len(faces)], chance)

    people = list(heads(whole, view, DRAWN_FRAME_S, seed))
    return {
        "portraits": len(faces),
        "noise": noise,
        "looks_at_photographs": report_of_looks(single_turns(count, view, _photograph_of, seed)),
        "looks_at_heads": report_of_looks(single_turns(count // 3, view, _person_of, seed)),
        "heads": report_of(people),
        "photographs": report_of(photographs(whole, view, DRAWN_FRAME_S, seed)),
        "replays": report_of(replays(people, count, seed)),
    }


def _cost_ms(played: Sequence[Played]) -> float:
    """Of the judge, by processor time: the mean of a frame."""
    began = time.process_time()
    for p in played:
        judge(p.order, p.seen)
    return 1e3 * (time.process_time() - began) / max(1, sum(len(p.seen) for p in played))


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    median, most, longest = np.percentile(values, [50, 95, 100])
    return {"median": round(median, 1), "p95": round(most, 1), "max": round(longest, 1)}
