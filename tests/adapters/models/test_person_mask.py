"""The person mask: only the pinned bytes are used, and what is not there is not asked for."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gate.errors import InputDamaged, ModelDamaged
from gate.models.building.person_mask import MEMBER, member_of
from gate.models.person_mask import FILE_NAME, SIZE_BYTES, PersonMask, is_there
from office.photos.asked_background import asked_background
from tests.networks import networks, portrait
from tests.roster_making import EXAM_TOML


@pytest.mark.parametrize("content", [b"", b"TFL3", bytes(SIZE_BYTES), bytes(SIZE_BYTES + 1)])
def test_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    assert not is_there(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(content)
    assert is_there(tmp_path)
    with pytest.raises(ModelDamaged, match="SHA-256"):
        PersonMask(tmp_path)


@pytest.mark.parametrize("name", [MEMBER, "package/other"])
@pytest.mark.parametrize("size", [0, 10, SIZE_BYTES])
def test_an_archive_with_other_bytes_is_refused(tmp_path: Path, name: str, size: int) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = size
        tar.addfile(info, io.BytesIO(bytes(size)))
    with pytest.raises(InputDamaged):
        member_of(tmp_path / "a.tgz")
    (tmp_path / "b.tgz").write_bytes(b"no archive")
    with pytest.raises(InputDamaged):
        member_of(tmp_path / "b.tgz")


@pytest.mark.models
def test_the_mask_finds_head_and_shoulders() -> None:
    if not is_there(networks()):
        pytest.skip("no person mask: exam-gate models build --person-mask")
    mask = PersonMask(networks()).of(portrait("003"))
    assert mask.shape == (256, 256)
    assert mask[100:200, 110:146].min() > 0.9
    assert mask[:100, :40].max() < 0.1
    assert 0.2 < float(np.mean(mask)) < 0.6


@pytest.mark.parametrize(
    ("usual", "of_a_paper", "asked"),
    [
        ("", "", "any"),
        ("blue", "", "blue"),
        ("blue", "any", "blue"),
        ("plain", "white", "white"),
        ("blue", "white", "plain"),
    ],
)
def test_the_strictest_paper_says_what_is_asked(
    tmp_path: Path, usual: str, of_a_paper: str, asked: str
) -> None:
    text = EXAM_TOML
    if usual:
        text = text.replace("[defaults]", f'[defaults]\nbackground = "{usual}"')
    if of_a_paper:
        text = text.replace('id = "00023-pm"', f'id = "00023-pm"\nbackground = "{of_a_paper}"')
    (tmp_path / "exam.toml").write_text(text, encoding="utf-8")
    assert asked_background(tmp_path / "exam.toml") == asked
