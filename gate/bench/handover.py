"""Trials of a handover: the owner looks into the camera, somebody else takes the place, the card is
laid. The real watcher with the real networks; the camera's frames and the clock are the trial's.

A frame every 100 ms of the trial's own time, one at a time: nothing depends on how busy the machine
is. The verdict is wrong where somebody is admitted while the newest frame does not show the owner.
"""

import asyncio
import logging
import queue
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np

from gate.bench.handover_scenes import KINDS, Actor, cast, frame, read_people
from gate.core.events import FaceJudged, Instant
from gate.core.exam import FacePolicy
from gate.core.json_types import JsonObject
from gate.core.reasons import Reason
from gate.errors import FrameTimeout, InputDamaged, PhotoRejected
from gate.models.camera_thread import CameraThread
from gate.models.portrait import PortraitJudge
from gate.models.still_pictures import StillPictures
from gate.ports import Frame, Picture, Reference

log = logging.getLogger(__name__)

MS = 1_000_000
FRAME_MS, ARRIVES_MS = 100, 20
READ_MS, REACTION_MS = 300, 800
"""From the card-found reply to the card's last byte; before another attempt (service/lane)."""
OWNER_MS, END_MS = 1200, 14_000
DELAYS_MS = (-500, -200, 0, 300, 900, 1500, 2200, 3000)
"""Of the card after the other one has stepped in; below 0 the owner still stood there."""
DEFAULT = FacePolicy(liveness="off")  # what is measured is the match alone
GLITCHES = ("well seen", "blurred", "tilted", "nobody")
"""What a genuine person's few frames look like while the card is laid."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: who stands before the camera, and when the card is found (`found_ms`).

    `stands`: at a time, in ms, who stands there and how.
    """

    owner: Actor
    kind: str
    found_ms: int
    stands: Callable[[int], tuple[Actor, str]]


def handovers(actors: list[Actor], count: int) -> Iterator[Trial]:
    """Each kind with each delay in turn, other pairs every time."""
    kinds = list(KINDS)
    for n in range(count):
        owner = actors[n % len(actors)]
        other = actors[(n + 1 + n // len(actors)) % len(actors)]
        other = other if other is not owner else actors[(n + 1) % len(actors)]
        kind = kinds[n % len(kinds)]
        found_ms = OWNER_MS + DELAYS_MS[n // len(kinds) % len(DELAYS_MS)]

        def stands(
            ms: int, owner: Actor = owner, other: Actor = other, kind: str = kind
        ) -> tuple[Actor, str]:
            return (owner, "well seen") if ms < OWNER_MS else (other, kind)

        yield Trial(owner, kind, found_ms, stands)


def genuine(actors: list[Actor], count: int) -> Iterator[Trial]:
    """The owner stays; for 0.7 s, most of it while the card is read, the face is not seen well."""
    for n in range(count):
        owner = actors[n % len(actors)]
        glitch = GLITCHES[(n + n // len(actors)) % len(GLITCHES)]
        found_ms = 700 + 50 * (n % 7)

        def stands(
            ms: int, owner: Actor = owner, glitch: str = glitch, found_ms: int = found_ms
        ) -> tuple[Actor, str]:
            return owner, glitch if -200 <= ms - found_ms < 500 else "well seen"

        yield Trial(owner, glitch, found_ms, stands)


def strangers(actors: list[Actor], count: int) -> Iterator[Trial]:
    """Somebody else with the owner's card, well seen all along."""
    for n in range(count):
        owner, other = actors[n % len(actors)], actors[(n + 1) % len(actors)]
        yield Trial(owner, "well seen", 700, partial(_well_seen, other))


def _well_seen(actor: Actor, _: int) -> tuple[Actor, str]:
    return actor, "well seen"


@dataclass
class TrialClock:
    """The Clock port; moved by the trial."""

    mono_ns: int = 1_000 * MS
    boot: str = "trial"

    def now(self) -> Instant:
        """The trial's moment: a fixed date and the trial's own monotonic time."""
        return Instant(datetime(2027, 4, 10, tzinfo=UTC), self.mono_ns, True)


@dataclass
class TrialCamera:
    """The Camera port: one frame when the trial has one, None at the end of all. `idle` is set
    while it waits for the next."""

    loop: asyncio.AbstractEventLoop
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    frames: "queue.SimpleQueue[Frame | None]" = field(default_factory=queue.SimpleQueue)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def capture(self, timeout_s: float) -> Frame:
        """The next frame of the trial; FrameTimeout when the trials are over."""
        self.loop.call_soon_threadsafe(self.idle.set)
        shown = self.frames.get()
        if shown is None:
            self.frames.put(None)
            raise FrameTimeout("The trials are over.")
        return shown

    def set_exposure_value(self, stops: float) -> None:
        """Its light is even and its own."""

    async def show(self, shown: Frame) -> None:
        """Returns when the frame has been looked at, and what waits for it has run."""
        await self.idle.wait()
        self.idle.clear()
        self.frames.put(shown)
        await self.idle.wait()
        for _ in range(8):
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a trial ended.

    `attempts`: the verdicts in order. `waited_ms`: from the card's last byte to the last of them.
    `wrong`: let in while the newest frame did not show the owner.
    """

    trial: Trial
    attempts: tuple[FaceJudged, ...]
    waited_ms: int
    wrong: bool


class Lane:
    """One watcher for many trials."""

    def __init__(
        self, watcher: CameraThread, camera: TrialCamera, clock: TrialClock, policy: FacePolicy
    ) -> None:
        self._watcher, self._camera, self._clock = watcher, camera, clock
        self._policy = policy
        self._number = 0

    async def play(self, trial: Trial, reference: Reference, seed: int) -> Ended:
        """Plays one trial with the random numbers of `seed`; how it ended."""
        chance = np.random.default_rng(seed)
        began_ns = self._clock.mono_ns
        found_ns = began_ns + trial.found_ms * MS
        begins_ms, attempts = trial.found_ms + READ_MS, list[FaceJudged]()
        attempt: asyncio.Task[FaceJudged] | None = None
        for ms in range(0, END_MS, FRAME_MS):
            who, kind = trial.stands(ms)
            pixels = frame(who, kind, chance)
            if attempt is None and ms + ARRIVES_MS >= begins_ms:
                self._clock.mono_ns = began_ns + max(begins_ms, ms - FRAME_MS + ARRIVES_MS) * MS
                attempt = asyncio.create_task(
                    self._watcher.judge(reference, self._policy, found_ns)
                )
                for _ in range(8):
                    await asyncio.sleep(0)
            if attempt is None or not attempt.done():
                self._clock.mono_ns = began_ns + (ms + ARRIVES_MS) * MS
                await self._camera.show(self._frame(pixels, began_ns + ms * MS))
                newest = who
            if attempt is not None and attempt.done():
                attempts.append(attempt.result())
                last_ms = (self._clock.mono_ns - began_ns) // MS
                admitted = attempts[-1].reason is Reason.OK
                if admitted or len(attempts) == self._policy.attempts:
                    break
                begins_ms, attempt = last_ms + REACTION_MS, None
        else:
            raise AssertionError("a trial without an end")
        self._watcher.forget()
        self._clock.mono_ns += 5_000 * MS
        waited_ms = last_ms - trial.found_ms - READ_MS
        return Ended(trial, tuple(attempts), waited_ms, admitted and newest is not trial.owner)

    def _frame(self, pixels: Picture, exposed_ns: int) -> Frame:
        self._number += 1
        return Frame(pixels, exposed_ns, self._number)


def references_of(models: Path, actors: list[Actor]) -> dict[str, Reference]:
    """Of everybody whose ticket photo is accepted, by name. ModelDamaged."""
    judge, references = PortraitJudge(models), dict[str, Reference]()
    for actor in actors:
        try:
            template = judge.enrol(actor.ticket).template
        except PhotoRejected as e:
            log.warning("%s is left out: %s", actor.name, e.en)
        else:
            references[actor.name] = Reference(template, None, None, None)
    return references


async def played(
    models: Path,
    actors: list[Actor],
    references: dict[str, Reference],
    counts: dict[str, int],
    *,
    show: Callable[[int, int], None],
    policy: FacePolicy,
) -> dict[str, list[Ended]]:
    """Plays all trials; how each ended, by the name of its kind.

    `counts`: trials of each name. `references`: of each of `actors`. ModelDamaged.
    """
    camera, clock = TrialCamera(asyncio.get_running_loop()), TrialClock()
    makers = {"handover": handovers, "genuine": genuine, "stranger": strangers}
    ended: dict[str, list[Ended]] = {name: [] for name in makers}
    done, total = 0, sum(counts.values())
    async with CameraThread(camera, models, clock, fps=1e3, threads=1) as watcher:
        try:
            lane = Lane(watcher, camera, clock, policy)
            for name, make in makers.items():
                for n, trial in enumerate(make(actors, counts[name])):
                    reference = references[trial.owner.name]
                    ended[name].append(await lane.play(trial, reference, seed=n))
                    done += 1
                    show(done, total)
        finally:
            camera.frames.put(None)
    return ended


def measure(folder: Path, models: Path, count: int, show: Callable[[int, int], None]) -> JsonObject:
    """`count` handovers, half as many genuine people, a thirtieth of strangers. InputDamaged."""
    actors = cast(read_people(folder), StillPictures(models))
    counts = {
        "handover": count,
        "genuine": max(2, count // 2),
        "stranger": max(2, count // 30),
    }
    return report(asyncio.run(all_played(models, actors, counts, show)))


async def all_played(
    models: Path, actors: list[Actor], counts: dict[str, int], show: Callable[[int, int], None]
) -> dict[str, list[Ended]]:
    """Handovers and genuine people get one attempt, and that is what is counted. A person who has
    taken the place would be alone in further ones. Strangers get all. Who has no ticket photo that
    is accepted is left out. InputDamaged where fewer than two people are left."""
    references = references_of(models, actors)
    actors = [actor for actor in actors if actor.name in references]
    if len(actors) < 2:
        raise InputDamaged(
            "Fewer than two people have a first picture that is a ticket photo: hand in others.",
            "首张相片可用作准考证相片的不足两人：请更换相片。",
        )
    once, all_attempts = replace(DEFAULT, attempts=1), DEFAULT
    first = await played(
        models, actors, references, counts | {"stranger": 0}, show=show, policy=once
    )
    last = counts | {"handover": 0, "genuine": 0}
    return first | {
        "stranger": (
            await played(models, actors, references, last, show=show, policy=all_attempts)
        )["stranger"]
    }


def report(ended: dict[str, list[Ended]]) -> JsonObject:
    """The figures, ready for JSON.

    `waited_ms`: from the last byte of the card to the verdict, by the frames' own times. A genuine
    person's look down at the card is in it.
    """
    swapped, own = ended["handover"], ended["genuine"]
    first = [e.attempts[0].reason is Reason.OK for e in own]
    return {
        "handovers": len(swapped),
        "wrong": sum(e.wrong for e in swapped),
        "wrong_by_kind": dict(Counter(e.trial.kind for e in swapped if e.wrong)),
        "admitted_before_the_handover": sum(
            e.attempts[-1].reason is Reason.OK and not e.wrong for e in swapped
        ),
        "reasons": dict(Counter(str(e.attempts[-1].reason) for e in swapped)),
        "least_fresh": min(
            (e.attempts[-1].fresh for e in own if e.attempts[-1].reason is Reason.OK), default=None
        ),
        "genuine": {
            "people": len({e.trial.owner.name for e in own}),
            "trials": len(own),
            "first_try": round(sum(first) / len(own), 4),
            "waited_ms": {
                kind: _spread([e.waited_ms for e in own if e.trial.kind == kind])
                for kind in GLITCHES
            },
        },
        "stranger_s": _spread(
            [(e.waited_ms + READ_MS) / 1e3 for e in ended["stranger"] if len(e.attempts) > 1]
        ),
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    at = np.percentile(values, [50, 95, 100])
    return {"median": float(at[0]), "p95": float(at[1]), "max": float(at[2])}
