"""A name that was handed in may lead to a pipe, a device or a file without end."""

import os
from pathlib import Path

import pytest

from gate.config import settings
from gate.errors import ConfigInvalid, InputDamaged, PhotoRejected
from gate.platform.regular_file import FileTooLarge, open_regular, read_regular
from gate.roster.install_source import read_manifest
from gate.roster.keys import read_key
from office.commands.roster import read_exam
from office.rosters.photos import PHOTO_BYTES_MAX, read_photo
from tests.roster_making import SITE, Office


def test_what_is_regular_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(FileTooLarge):
        read_regular(path, 4)


@pytest.fixture(params=["pipe", "device", "folder", "link to a device", "socket"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "odd"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "device":
            return Path("/dev/zero")
        case "folder":
            path.mkdir()
        case "link to a device":
            path.symlink_to("/dev/zero")
        case "socket":
            os.mknod(path, 0o140600)
    return path


def test_nothing_else_is_waited_for_or_read(odd: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError):  # noqa: PT011 - each kind has another number
        open_regular(odd)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_photo_that_is_no_file_is_one_candidates_matter(odd: Path) -> None:
    with pytest.raises(PhotoRejected) as refused:
        read_photo({"A1": odd}, "A1")
    assert refused.value.reason == "damaged"


def test_a_photo_of_three_gigabytes_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "A1.jpg"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # sparse
    with pytest.raises(PhotoRejected, match=f"{PHOTO_BYTES_MAX >> 20} MB") as refused:
        read_photo({"A1": path}, "A1")
    assert refused.value.reason == "too-large"


def test_a_roster_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    office = Office()
    path = office.written(tmp_path / "usb")
    roster = next(path.parent.glob("*.roster"))
    roster.unlink()
    os.mkfifo(roster)
    with pytest.raises(InputDamaged, match="not a regular file"):
        office.install(path, tmp_path / "state")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputDamaged, match="not a regular file"):
        read_manifest(path.parent, SITE)


def test_configuration_keys_and_exam_that_are_no_files(odd: Path) -> None:
    with pytest.raises(ConfigInvalid):
        settings.load(odd)
    with pytest.raises(InputDamaged):
        read_key(odd, "a key")
    with pytest.raises(InputDamaged):
        read_exam(odd)
