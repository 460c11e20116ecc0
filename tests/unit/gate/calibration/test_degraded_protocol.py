"""The protocol of bad days: ticket photos as offices have them, who stands for whom, bins."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gate.calibration.degraded_frames import degraded
from gate.calibration.degraded_protocol import (
    CONDITIONS,
    TICKETS,
    TicketSize,
    drawn,
    portrait,
    varied,
)
from gate.calibration.face_set import FaceSet
from gate.calibration.quality_bins import ScoredProbe, by_quality
from gate.core.reasons import Advice
from gate.errors import InputRejected
from gate.ports import Face, Quality
from tests.examples import examples


@given(st.integers(2, 700), st.integers(2, 700), st.sampled_from(TICKETS))
@examples(30)
def test_a_ticket_photo_of_any_picture_has_the_size_of_offices(
    width: int, height: int, size: TicketSize
) -> None:
    made = size.of(np.full((height, width, 3), 90, np.uint8))
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size) == ("JPEG", (size.width, size.height))


def test_the_face_stands_in_the_middle_of_the_ticket_photo() -> None:
    picture = np.zeros((250, 250, 3), np.uint8)
    picture[90:190, 80:160] = 255
    cut = portrait(picture, np.array([80, 90, 80, 100], np.float32))
    bright = np.argwhere(cut[:, :, 0] > 128)
    assert abs(bright[:, 1].mean() - cut.shape[1] / 2) < 2
    assert abs(np.ptp(bright[:, 1]) / cut.shape[1] - 1 / 1.8) < 0.02


def test_nobody_is_compared_with_the_same_picture(tmp_path: Path) -> None:
    pictures = [(f"p{n}", tmp_path / f"{n}-{k}.jpg") for n in range(6) for k in range(1 + n % 3)]
    stands, others = drawn(FaceSet(tuple(pictures), {}), 3, seed=1)
    assert len(stands) == 3
    assert all(s.ticket != s.live for s in stands)
    owner = {path: person for person, path in pictures}
    assert all(owner[s.ticket] == owner[s.live] == s.name for s in stands)
    assert not {owner[p] for p in others} & {s.name for s in stands}
    assert len({owner[p] for p in others}) == len(others)


def test_one_picture_each_is_not_enough(tmp_path: Path) -> None:
    pictures = [(f"p{n}", tmp_path / f"{n}.jpg") for n in range(6)]
    with pytest.raises(InputRejected, match="two are needed"):
        drawn(FaceSet(tuple(pictures), {}), 3, seed=1)


def test_every_condition_can_be_made_and_its_frames_differ() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (250, 250, 3), np.uint8)
    landmarks = np.array([[100, 110], [150, 110], [125, 140], [105, 165], [145, 165]], np.float32)
    face = Face(np.array([75, 70, 100, 120], np.float32), landmarks, 0.9)
    for condition in CONDITIONS:
        one, two = (degraded(picture, face, varied(condition.how, n), 1 + n) for n in (0, 1))
        assert one.shape == two.shape == (480, 640, 3)
        assert (one != two).any()


def test_conditions_have_names_of_their_own_and_advice_that_exists() -> None:
    assert len({c.name for c in CONDITIONS}) == len({c.zh for c in CONDITIONS}) == len(CONDITIONS)
    said = {a for c in CONDITIONS for a in c.right}
    assert said <= {str(a) for a in Advice} | {"turn-from-window"}
    assert [c.name for c in CONDITIONS if c.excused] == [
        "backlight, stray 35%",
        "backlight, stray 50%",
    ]


def test_misses_and_false_matches_by_the_quality_of_the_probe() -> None:
    def probe(norm: float, eyes: float, passed: bool, matched: int) -> ScoredProbe:
        return ScoredProbe(Quality(eyes, 0.1, 100, 128, 0.8, norm), passed, matched, 10)

    probes = [probe(9.6, 33, False, 1), probe(9.9, 50, True, 0), probe(12.5, 50, True, 0)]
    bins = by_quality(probes)
    low, high = bins["feature_norm"]
    assert (low["from"], low["frames"], low["missed"], low["false_matches"]) == (9.5, 2, 1, 1)
    assert (low["pairs"], low["fmr"]) == (20, 0.05)
    assert (high["from"], high["missed"]) == (12.0, 0)
    assert [b["from"] for b in bins["eyes_px"]] == [32.0, 50.0]
