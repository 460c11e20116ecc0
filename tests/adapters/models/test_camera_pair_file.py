"""The site's file of a pair of cameras: written, read, and whatever else may stand there."""

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import PairUnknown, StorageRefused
from gate.models.liveness.camera_pair import CameraPair
from gate.models.liveness.camera_pair_file import read_pair, write_pair

SIZES = ((640, 480), (640, 480))
PAIR = CameraPair(612.0, 598.0, *SIZES, (0.01, 0.02, -0.01), (6.2, 0.1, -0.3), 0.3, 350, "board")


def test_a_pair_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_pair(tmp_path / "pair.json", PAIR, "stereo", "2027-05-12")
    assert read_pair(tmp_path / "pair.json", "stereo", SIZES) == PAIR


def test_another_kind_or_size_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pair.json"
    write_pair(path, PAIR, "stereo", "2027-05-12")
    with pytest.raises(PairUnknown, match="kind stereo, not nir"):
        read_pair(path, "nir", SIZES)
    with pytest.raises(PairUnknown, match="1280"):
        read_pair(path, "stereo", ((1280, 960), (640, 480)))


def test_where_there_is_none_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(PairUnknown, match="exam-gate camera pair"):
        read_pair(tmp_path / "none.json", "nir")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(PairUnknown):
        read_pair(tmp_path / "pipe.json", "nir")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageRefused, match="--out"):
        write_pair(tmp_path / "file" / "pair.json", PAIR, "nir", "2027-05-12")


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.floats(),
    st.integers(),
    st.lists(st.floats(), max_size=4),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)


@given(field=st.sampled_from([*asdict(PAIR), "version", "kind"]), value=ODD)
def test_any_odd_field_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    path = tmp_path_factory.mktemp("pair") / "pair.json"
    content = {"version": 1, "kind": "nir", "made_on": "2027-05-12", **asdict(PAIR)} | {
        field: value
    }
    path.write_text(json.dumps(content))
    with contextlib.suppress(PairUnknown):
        assert read_pair(path, "nir").baseline_cm > 0


@given(content=st.binary(max_size=200))
def test_any_bytes_are_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("pair") / "pair.json"
    path.write_bytes(content)
    with pytest.raises(PairUnknown):
        read_pair(path, "nir")


def test_deep_nesting_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 9000)
    with pytest.raises(PairUnknown):
        read_pair(tmp_path / "deep.json", "nir")
