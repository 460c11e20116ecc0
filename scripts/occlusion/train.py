"""Trains the network that says what covers a face, and writes it as a TensorFlow Lite file.

    pip install torch==2.13.0          # for this recipe alone; the product never needs it
    python scripts/occlusion/train.py PICTURES OUT.tflite [--cache FILE] [--part 0|1]

PICTURES: a folder of pictures for each person, such as LFW's. Each picture is painted with things
that cover the face and things that do not (`painter.py`), and seen in many lights (`samples.py`).
`known.txt` says which pictures show a real mask, hat or pair of sunglasses. With `--part` only half
of the people are taken, so that the other half can be measured. One thread, a fixed
seed.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  # beside this file, and the checkout, only after the lines above
import torch  # noqa: E402
from heads import Heads, read_heads  # noqa: E402
from network import OUTPUTS, OcclusionNet, graph_of  # noqa: E402
from samples import make  # noqa: E402
from torch.nn.functional import binary_cross_entropy_with_logits  # noqa: E402

from gate.models.building.tflite_writer import serialise  # noqa: E402
from gate.models.network_files import default_folder  # noqa: E402

SEED = 9
SAMPLES = 48_000
EPOCHS = 11
BATCH = 128
RATE = 4e-3
DECAY = 1e-3
CERTAIN = 0.98
"""Labels are drawn a little from 0 and 1, so that the scores keep apart at the ends."""

KNOWN = Path(__file__).with_name("known.txt")
LETTERS = "mhsf"
"""Mask, hat, sunglasses, fringe in `known.txt`; `?`: not to be trained on."""


def known_labels(heads: Heads) -> tuple[np.ndarray, np.ndarray]:
    """What each picture shows by itself, float32[n, OUTPUTS], and which may be trained on."""
    words = dict(
        line.split()[:2] for line in KNOWN.read_text().splitlines() if not line.startswith("#")
    )
    marks = [words.get(digest, "") for digest in heads.digests]
    labels = np.array([[letter in mark for letter in LETTERS] for mark in marks], np.float32)
    return labels, np.array(["?" not in mark for mark in marks])


def samples_of(heads: Heads, rows: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Every picture about equally often."""
    rng, (labels, _) = np.random.default_rng(SEED), known_labels(heads)
    order = np.concatenate([rng.permutation(rows) for _ in range(count // len(rows) + 1)])
    made = [make(rng, heads, int(row), labels[row]) for row in order[:count]]
    return np.stack([pixels for pixels, _ in made]), np.stack([found for _, found in made])


def trained(pixels: np.ndarray, labels: np.ndarray) -> OcclusionNet:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    net = OcclusionNet().to(memory_format=torch.channels_last)
    steps = len(pixels) // BATCH
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=EPOCHS * steps, pct_start=0.15
    )
    for epoch in range(EPOCHS):
        began, total = time.monotonic(), 0.0
        for rows in np.split(rng.permutation(len(pixels))[: steps * BATCH], steps):
            shown = torch.from_numpy(pixels[rows]).permute(0, 3, 1, 2).float()
            wanted = torch.from_numpy(labels[rows]).clamp(1 - CERTAIN, CERTAIN)
            loss = binary_cross_entropy_with_logits(net(shown), wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            pace.step()
            total += loss.item()
        took = time.monotonic() - began
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / steps:.4f}, {took:.0f} s", flush=True)
    return net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the occlusion network.")
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("heads.npz"))
    parser.add_argument("--part", type=int, choices=(0, 1), help="only people of this half")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    chosen = parser.parse_args()
    heads = read_heads(chosen.pictures, default_folder(), chosen.cache)
    _, usable = known_labels(heads)
    mine = usable if chosen.part is None else usable & (heads.people % 2 == chosen.part)
    pixels, labels = samples_of(heads, np.flatnonzero(mine), chosen.samples)
    print(f"{len(pixels)} samples of {mine.sum()} pictures, covered: {labels.mean(axis=0)}")
    net = trained(pixels, labels)
    chosen.out.write_bytes(serialise(graph_of(net, "occlusion")))
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes, {OUTPUTS} outputs")


if __name__ == "__main__":
    main()
