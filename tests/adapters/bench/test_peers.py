"""The parts of scripts/peers that need no environment of their own."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.checkout import ROOT

PEERS = ROOT / "scripts" / "peers"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """scripts/peers/run.py as a module; its neighbours are found beside it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.syspath_prepend(str(PEERS))
    import run

    return run


def result(one: float, two: float) -> dict[str, Any]:
    return {"ms": {"1": one, "2": two}}


def test_the_peer_to_beat_is_opencvs_faster_form(peers: Any) -> None:
    results = {
        "gate, LiteRT": result(10, 5),
        "OpenCV, int8 as shipped": result(25, 20),
        "OpenCV, float32": result(30, 15),
        "face_recognition (dlib)": result(100, 100),
    }
    assert peers.ratios(results, "ms") == {
        "LiteRT against OpenCV": {"1": 2.5, "2": 3.0},
        "LiteRT against dlib": {"1": 10.0, "2": 20.0},
    }


def test_a_threshold_is_chosen_where_most_pairs_are_right(peers: Any) -> None:
    scores, same = np.array([-0.2, -0.4, -0.9, -1.2]), np.array([True, True, False, False])
    assert -0.9 < peers.judging._best(scores, same) < -0.4
    assert peers.judging._score([1.0, 0.0], None) < peers.judging._score([1.0, 0.0], [-1.0, 0.0])


def test_the_chart_is_well_formed_and_names_every_peer(peers: Any) -> None:
    report = {
        "machine": "a <machine>",
        "date": "2026-11-22",
        "peers": {"one & only": result(12.3, 8), "other": result(160, 159)},
    }
    drawn = ElementTree.fromstring(peers.chart.drawn(report))
    texts = [t.text for t in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"one & only", "other", "12.3", "160.0", "a <machine>, 2026-11-22"} <= set(texts)


@pytest.mark.models
def test_unpacked_networks_compute_what_the_shipped_ones_do(peers: Any) -> None:
    """onnxruntime runs both; the block-quantised file after the repairs of `session`."""
    import onnxruntime

    from tests.adapters.models.test_models_equal_onnx import session
    from tests.networks import originals

    picture = np.random.default_rng(3).integers(0, 256, (1, 3, 112, 112)).astype(np.float32)
    plain = onnxruntime.InferenceSession(peers.onnx_files.unpacked(originals()["sface"]))
    wanted = session("sface").run(None, {"data": picture})[0]
    assert (
        np.abs(plain.run(None, {"data": picture})[0] - wanted).max() < 1e-3 * np.abs(wanted).max()
    )


def test_listed_pairs_are_taken_half_of_one_person(peers: Any, tmp_path: Path) -> None:
    from PIL import Image

    lines = ["1\t4"]
    for person in "abcd":
        (tmp_path / person).mkdir()
        for n in (1, 2):
            Image.new("RGB", (50, 60), "grey").save(tmp_path / person / f"{person}_{n:04d}.jpg")
        lines.append(f"{person}\t1\t2")
    lines += ["a\t1\tb\t1", "b\t2\tc\t1", "c\t2\td\t1", "d\t2\ta\t2"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    chosen = peers.pictures.listed_set(tmp_path, 4)
    assert [same for *_, same in chosen.pairs] == [True, True, False, False]
    assert chosen.frames.shape == (5, 480, 640, 3)  # a1 a2 b1 b2 c1
    assert chosen.pairs == [(0, 1, True), (2, 3, True), (0, 2, False), (3, 4, False)]
