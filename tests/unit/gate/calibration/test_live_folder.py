"""Folders of recordings: who is measured, and one line for everything else."""

import os
from pathlib import Path

import pytest

from gate.calibration.live_folder import read_live_folder
from gate.errors import InputDamaged


def person(root: Path, name: str, tickets: tuple[str, ...] = ("ticket.jpg",), *live: str) -> Path:
    folder = root / name
    (folder / "live").mkdir(parents=True)
    for file in (*tickets, *(f"live/{f}" for f in live)):
        (folder / file).write_bytes(b"x")
    return folder


def test_frames_follow_each_other_by_the_numbers_in_their_names(tmp_path: Path) -> None:
    person(tmp_path, "a", ("ticket.jpg",), "frame-10.jpg", "frame-2.JPG", "frame-1.png")
    (one,), odd = read_live_folder(tmp_path)
    assert [p.name for p in one.frames] == ["frame-1.png", "frame-2.JPG", "frame-10.jpg"]
    assert one.ticket.name == "ticket.jpg"
    assert not odd


def test_whoever_lacks_something_is_one_line_and_the_others_are_measured(tmp_path: Path) -> None:
    person(tmp_path, "whole", ("Ticket.PNG",), "1.jpg")
    person(tmp_path, "no-ticket", (), "1.jpg")
    person(tmp_path, "two-tickets", ("ticket.jpg", "ticket.png"), "1.jpg")
    person(tmp_path, "no-live")
    (tmp_path / "only-ticket").mkdir()
    (tmp_path / "only-ticket" / "ticket.jpg").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    (tmp_path / ".hidden").write_bytes(b"x")
    people, odd = read_live_folder(tmp_path)
    assert [p.name for p in people] == ["whole"]
    assert {o.where: o.en for o in odd} == {
        "no-ticket": "has no ticket.jpg",
        "two-tickets": "has 2 ticket photos (ticket.jpg, ticket.png): keep one",
        "no-live": "has no live frames: put pictures into live/",
        "only-ticket": "has no live frames: put pictures into live/",
        "notes.txt": "is no folder of a person",
    }
    assert all(o.zh for o in odd)


def test_what_is_no_picture_among_the_frames_is_a_line(tmp_path: Path) -> None:
    folder = person(tmp_path, "a", ("ticket.jpg",), "1.jpg", "notes.txt")
    os.mkfifo(folder / "live" / "2.jpg")
    (folder / "live" / "3.jpg").mkdir()
    (folder / "live" / "4.jpg").symlink_to("nowhere")
    (one,), odd = read_live_folder(tmp_path)
    assert [p.name for p in one.frames] == ["1.jpg"]
    assert [o.where for o in odd] == [
        f"a/live/{n}" for n in ("2.jpg", "3.jpg", "4.jpg", "notes.txt")
    ]


def test_no_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="cannot be read"):
        read_live_folder(tmp_path / "nowhere")
