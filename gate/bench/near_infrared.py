"""Trials of a near-infrared second camera. Its frames are MADE from visible photographs by what is
known of light at 850 nm; nobody has photographed them. So they try the layer's rules, not a camera.

* Skin: light and even whatever its colour, because melanin and blood absorb little there. Red is
  the visible channel nearest to it. A lamp beside the lens falls off with the square of distance.
* Screen: dark glass. It sends out no such light and throws some 4% back, with a spot of the lamp.
* Dye inks (most ink jets): clear. The paper is white, with a trace of the picture.
* Pigment and colour toner: cyan, magenta and yellow are clear; black, which printers use in the
  dark parts only, is seen.
* Carbon (laser printers' black, newspapers): seen as it is in the visible.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from gate.bench.handover_scenes import Actor, cast, read_people
from gate.core.json_types import JsonObject
from gate.core.liveness import FRAMES, THRESHOLDS
from gate.models.live_detection import LiveDetector
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.near_infrared import NearInfraredLayer, layer_of_networks
from gate.models.network_files import model_path
from gate.models.picture_arrays import grey
from gate.models.recogniser import Recogniser
from gate.models.still_pictures import RECOGNISER, StillPictures
from gate.ports import Picture
from gate.ports.values import Plane

SIZE = (640, 480)
FOCAL_PX, BASELINE_CM, EYES_CM = 600.0, 5.0, 6.2
KINDS = ("live", "screen", "dye print", "pigment print", "carbon print")
STOPPED = ("screen", "dye print")
"""What the physics says that it stops. The others are counted and told."""
PAIR = CameraPair(
    FOCAL_PX, FOCAL_PX, SIZE, SIZE, (0.0, 0.0, 0.0), (BASELINE_CM, 0.0, 0.0), 0.3, 200, "board"
)
EYES_OF_FACE = 0.42
"""Between the eyes, of the detector's box's width."""


def infrared_of(kind: str, visible: Picture, chance: np.random.Generator) -> Plane:
    """(h, w) float32, 0 to 1: what the second camera sees of a face or of a picture of it."""
    red, green = (visible[..., n].astype(np.float32) / 255 for n in (0, 1))
    if kind == "live":
        mixed = np.clip(0.85 * red + 0.15 * green, 0.01, 1)
        return np.asarray(0.15 + 0.65 * mixed ** chance.uniform(0.55, 0.85), np.float32)
    luma = grey(visible) / 255
    if kind == "screen":
        rows, columns = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]]
        at = chance.uniform(0, 1, 2) * luma.shape
        far = ((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (0.06 * luma.shape[0]) ** 2
        glass = chance.uniform(0.02, 0.06) + 0.01 * luma + 0.9 * np.exp(-far)
        return np.asarray(glass, np.float32)
    paper = chance.uniform(0.6, 0.85)
    if kind == "dye print":
        seen = 1 - chance.uniform(0.0, 0.06) * (1 - luma)
    elif kind == "pigment print":
        begins = chance.uniform(0.35, 0.6)
        seen = 1 - 0.9 * np.clip((begins - luma) / begins, 0, 1)
    else:
        seen = 0.08 + 0.92 * luma
    return np.asarray(paper * seen, np.float32)


def frames(actor: Actor, kind: str, seed: int) -> tuple[Picture, npt.NDArray[np.uint8]]:
    """What both cameras see: (480, 640, 3) in colour and (480, 640) in near infrared."""
    chance = np.random.default_rng(seed)
    distance_cm = chance.uniform(45, 100)
    wanted = EYES_CM * FOCAL_PX / distance_cm / EYES_OF_FACE / actor.face[2]
    portrait = actor.live.resize(
        (max(1, round(actor.live.width * wanted)), max(1, round(actor.live.height * wanted))),
        Image.Resampling.LANCZOS,
    )
    middle = (np.array(actor.face[:2]) + np.array(actor.face[2:]) / 2) * wanted
    at = np.array([320, 240]) + chance.uniform(-30, 30, 2) - middle
    picture = np.asarray(portrait)
    near = infrared_of(kind, picture, chance)
    colour = Image.new("RGB", SIZE, (120, 120, 120))
    colour.paste(portrait, (round(at[0]), round(at[1])))
    shifted = at[0] - FOCAL_PX * BASELINE_CM / distance_cm + chance.normal(0, 1)
    room = Image.fromarray(np.full((SIZE[1], SIZE[0]), chance.uniform(0.06, 0.2), np.float32))
    hands = Image.fromarray(np.full((120, 640), chance.uniform(0.4, 0.6), np.float32))
    room.paste(hands, (0, 400))  # clothes and hands are lit whatever is held up
    room.paste(Image.fromarray(near), (round(shifted), round(at[1] + chance.normal(0, 1))))
    lamp = chance.uniform(0.7, 1.1) * min(1.6, (70 / distance_cm) ** 2)
    grey = np.clip(np.asarray(room) * lamp * 255, 0, 255).astype(np.uint8)
    soft = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 1.0)))
    noise = chance.normal(0, chance.uniform(2, 5), grey.shape)
    return np.asarray(colour), np.clip(np.asarray(soft) + noise, 0, 255).astype(np.uint8)


def measure(
    folder: Path, models: Path, cases: int, seed: int, show: Callable[[int, int], None]
) -> JsonObject:
    """`cases` of each kind, FRAMES frames each. InputDamaged, ModelDamaged."""
    actors = cast(read_people(folder), StillPictures(models))
    finder = LiveDetector(models, 1)
    layer = layer_of_networks(PAIR, finder, Recogniser(model_path(models, RECOGNISER)))
    rows: JsonObject = {}
    for place, kind in enumerate(KINDS):
        means: list[float | None] = []
        for n in range(cases):
            begin = (seed * 1_000_000 + place * 100_000 + n) * FRAMES
            seeds = range(begin, begin + FRAMES)
            scores = [_score(actors[n % len(actors)], kind, s, finder, layer) for s in seeds]
            told = [s for s in scores if s is not None]
            means.append(sum(told) / len(told) if told else None)
            show(place * cases + n + 1, cases * len(KINDS))
        rows[kind] = {
            "cases": cases,
            "accepted": sum(m is not None and m >= THRESHOLDS["nir"] for m in means),
            "could_not_tell": sum(m is None for m in means),
        }
    return {"people": len(actors), "frames": FRAMES, "made_from_physics": True, "kinds": rows}


def _score(
    actor: Actor, kind: str, seed: int, finder: LiveDetector, layer: NearInfraredLayer
) -> float | None:
    """None where the first camera finds no face."""
    colour, infrared = frames(actor, kind, seed)
    faces = finder.glance(colour)
    if not faces:
        return None
    face = finder.closer(colour, faces[0])
    return layer.score(LayerInput(colour, face.box, face.landmarks, seed / 10, infrared))
