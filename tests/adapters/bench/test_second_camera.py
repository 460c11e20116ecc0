"""A trial of the second camera goes on from the cases that have ended."""

from pathlib import Path

import pytest

from gate.bench import second_camera as module
from gate.bench.second_camera import judged, measure
from gate.bench.second_camera_cases import EndedCases
from gate.bench.second_camera_report import KINDS, Judged
from gate.errors import InputDamaged

pytestmark = pytest.mark.slow

PLANES, HEADS, SEED = len(KINDS), 1, 3


class Here:
    """The pool's work, on this thread, and which cases it was given."""

    asked: list[tuple[str, int]]

    def __init__(self, *_: object) -> None:
        type(self).asked = []

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, _: object, kinds: list[str], seeds: list[int]):
        self.asked.extend(zip(kinds, seeds, strict=True))
        return (Judged(k, 50.0, 0.0, (None,), 0.1 if k != "head" else 0.9, 0.1) for k in kinds)


def told(path: Path) -> object:
    return measure(PLANES, HEADS, SEED, 1, ended=EndedCases(path), show=lambda *_: None)


def test_what_has_ended_is_not_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ProcessPoolExecutor", Here)
    path = tmp_path / "cases.jsonl"
    whole = told(path)
    assert len(Here.asked) == PLANES + HEADS
    assert told(path) == whole
    assert Here.asked == []
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:20])  # the power went while it was written
    assert told(path) == whole
    assert Here.asked == [(k, SEED * 1_000_000 + n) for n, k in [*enumerate([*KINDS, "head"])][2:]]


def test_a_case_is_kept_whole(tmp_path: Path) -> None:
    ended = judged("head", 1)
    assert any(look is not None for look in ended.looks)
    EndedCases(tmp_path / "cases").add(1, ended)
    assert EndedCases(tmp_path / "cases")["head", 1] == ended


@pytest.mark.parametrize(
    "odd", [b"\xff\n", b"[]\n", b"{}\n", b"7\n", b'{"seed": "x"}\n', b'{"seed":1,"looks":[{}]}\n',
            b'{"seed":1,"looks":7}\n', b"a note without an end"]
)  # fmt: skip
def test_another_file_is_refused_in_words(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(odd)
    with pytest.raises(InputDamaged, match="line 1, is no case"):
        EndedCases(path)
    assert path.read_bytes() == odd
