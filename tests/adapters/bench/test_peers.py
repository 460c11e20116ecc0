"""The parts of scripts/peers that need no environment of their own."""

import select
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

from tests.checkout import ROOT, script_module
from tests.networks import networks, originals

PEERS = ROOT / "scripts" / "peers"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Any:
    return script_module(monkeypatch, "peers", "run")


def result(one: float, two: float) -> dict[str, Any]:
    return {"ms": {"1": one, "2": two}}


def test_the_peer_to_beat_is_opencvs_faster_form(peers: Any) -> None:
    results = {
        "gate, LiteRT": result(10, 5),
        "OpenCV, int8 as shipped": result(25, 20),
        "OpenCV, float32": result(30, 15),
        "face_recognition (dlib)": result(100, 100),
    }
    assert peers.ratios(results, "ms", "a processor, AVX2") == {
        "LiteRT against OpenCV": {"processor": "a processor, AVX2", "1": 2.5, "2": 3.0},
        "LiteRT against dlib": {"processor": "a processor, AVX2", "1": 10.0, "2": 20.0},
    }


def test_a_picture_is_timed_by_the_clock_and_by_the_processor(peers: Any) -> None:
    """A peer that waits takes time and no processor; what other work takes is such a wait."""
    import worker

    def waiting(_: np.ndarray) -> None:
        select.select([], [], [], 0.05)

    ms, processor_ms = worker.answer("time", 0, waiting, [np.zeros(1)])
    assert ms >= 49
    assert processor_ms < 49


@pytest.mark.parametrize(
    ("flags", "vectors"),
    [
        ("fpu sse2 avx2 avx512f avx512_vnni", "AVX-512 with VNNI"),
        ("fpu sse2 avx2 avx512f", "AVX-512"),
        ("fpu sse2 avx avx2 fma", "AVX2"),
        ("fpu sse2 avx", "no wide vectors"),
    ],
)
def test_a_processor_is_named_with_its_vectors(peers: Any, flags: str, vectors: str) -> None:
    one = f"cpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nflags\t\t: {flags}\n"
    assert peers.processor_name(f"{one}\n{one}") == f"AMD EPYC (family 25, model 1), {vectors}"


def test_an_arm_processor_is_named_by_its_part(peers: Any) -> None:
    said = "processor\t: 0\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd0b\n\n"
    assert peers.processor_name(said).endswith("part 0xd0b, NEON with dot product")


def test_the_table_names_the_processor_of_each_ratio(peers: Any) -> None:
    ratio = {"processor": "a processor, AVX2", "1": 2.5, "2": 3.0}
    about = {"date": "2026-11-22", "machine": "m", "pictures": "p", "rounds": 5, "peers": {}}
    text = peers.chart.table({**about, "ratios": {"LiteRT against OpenCV": ratio}})
    assert "| LiteRT against OpenCV | 2.50 | 3.00 | a processor, AVX2 |" in text


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


ONLY_THESE = """
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
import numpy as np
folder, allowed, kind, models = sys.argv[1], set(sys.argv[2].split()), *sys.argv[3:]
installed = packages_distributions()

class Absent:
    def find_spec(self, name, path=None, target=None):
        owners = installed.get(name.partition(".")[0], ())
        if owners and not allowed & {o.lower().replace("_", "-") for o in owners}:
            raise ModuleNotFoundError(f"{name} is not in the environment", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, folder)
import worker
worker.PEERS[kind](1, Path(models))(np.full((480, 640, 3), 96, np.uint8))
"""
"""Runs a peer on a grey frame where what its environment lacks cannot be imported."""


@pytest.mark.models
@pytest.mark.system
@pytest.mark.parametrize("kind", ["gate", "gate-careful", "gate-one-look"])
def test_an_environment_holds_what_the_gates_path_imports(peers: Any, kind: str) -> None:
    environment = next(e for e in peers.environments.ENVIRONMENTS if e.name == "tflite-runtime")
    allowed = {"exam-gate"}
    waiting = [Requirement(p).name for p in environment.packages]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in allowed:
            allowed.add(name)
            asked = [Requirement(r) for r in requires(name) or ()]
            waiting += [r.name for r in asked if not r.marker or r.marker.evaluate({"extra": ""})]
    command = [sys.executable, "-c", ONLY_THESE, str(PEERS), " ".join(allowed), kind]
    done = subprocess.run([*command, str(networks())], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
