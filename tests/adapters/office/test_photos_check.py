"""`exam-office photos check`: every file is one line, what was judged is kept, a whole report."""

import csv
import hashlib
import json
import os
import re
import sqlite3
import struct
import zlib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from gate.core.lookalike_policy import FLAG
from gate.errors import InputDamaged, StorageDamaged, StorageRefused
from gate.models.portrait_findings import PortraitFinding, finding
from office.commands.photos import app, progress_bar
from office.photos import page
from office.photos.folder import PhotoFile, photo_files
from office.photos.judged_photo import AlikePair, JudgedPhoto
from office.photos.lists import write_lists
from office.photos.page import Summary, pages, thumbnails
from office.photos.progress_file import COMMIT_EVERY, NAME, ProgressFile
from office.photos.worker_processes import Source, judge_all
from office.rosters.photos import PHOTO_BYTES_MAX
from tests.networks import faces_folder, networks
from tests.roster_making import EXAM_TOML

GREY = np.full((200, 150, 3), 128, np.uint8)


def picture(name: str, folder: Path, pixels: np.ndarray = GREY) -> None:
    Image.fromarray(pixels).save(folder / name)


def bomb() -> bytes:
    """A small PNG that says it has 3,600 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def judged(name: str, *reasons: str) -> JudgedPhoto:
    return JudgedPhoto(name, (30, 40), 9.5, b"1234", tuple(finding(r) for r in reasons))


def check(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, words)])


# -- which files ---------------------------------------------------------------------------------


def test_only_what_is_called_a_picture_is_a_photo(tmp_path: Path) -> None:
    (tmp_path / "site 1").mkdir()
    for name in ("A002.JPG", "site 1/A001.heic", "list.xlsx", ".hidden.jpg", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"1")
    assert [f.name for f in photo_files(tmp_path)] == ["A002.JPG", "site 1/A001.heic"]


def test_no_folder_and_an_empty_one_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="holds no photo"):
        photo_files(tmp_path)
    with pytest.raises(InputDamaged, match="No folder"):
        photo_files(tmp_path / "none")


# -- judging in processes ------------------------------------------------------------------------


def ends_at_b(source: Source, name: str) -> JudgedPhoto:
    """What a decoder with a fault does to its process."""
    if name == "b":
        os._exit(11)
    return judged(name)


@pytest.mark.system
@pytest.mark.slow
def test_a_file_that_ends_its_process_is_one_line_and_stops_nobody(tmp_path: Path) -> None:
    files = [PhotoFile(name, 1, 1) for name in "abcde"]
    found = {f.name: p for f, p in judge_all(Source(tmp_path, tmp_path), files, 2, ends_at_b)}
    assert {name: p.verdict for name, p in found.items()} == {
        **dict.fromkeys("acde", "good"),
        "b": "unusable",
    }
    assert [f.reason for f in found["b"].findings] == ["crashed"]


# -- what was judged is kept ---------------------------------------------------------------------


def test_a_line_counts_for_the_same_file_networks_and_bounds_only(tmp_path: Path) -> None:
    file = PhotoFile("A\udcff.jpg", 10, 20)
    one = JudgedPhoto(
        file.name, (3, 4), 5.5, b"\x00\x01", (PortraitFinding("occluded", "e", "中", ("mask",)),)
    )
    kept = ProgressFile(tmp_path, "networks 1")
    kept.keep(file, one)
    kept.close()
    kept = ProgressFile(tmp_path, "networks 1")
    assert list(kept.known([file, PhotoFile("B.jpg", 10, 20)])) == [one]
    assert list(kept.known([PhotoFile(file.name, 11, 20), PhotoFile(file.name, 10, 21)])) == []
    kept.close()
    kept = ProgressFile(tmp_path, "networks 2")
    assert list(kept.known([file])) == []
    kept.close()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_check_that_was_killed_lost_fifty_photos_at_most(tmp_path: Path) -> None:
    files = [PhotoFile(f"A{n:03d}.jpg", 1, n) for n in range(COMMIT_EVERY + 7)]
    killed = ProgressFile(tmp_path, "x")
    for file in files:
        killed.keep(file, judged(file.name))
    copy = tmp_path / "as the power left it"
    copy.mkdir()
    (copy / NAME).write_bytes((tmp_path / NAME).read_bytes())
    again = ProgressFile(copy, "x")
    assert len(list(again.known(files))) >= COMMIT_EVERY
    again.close()
    killed.close()


def test_the_progress_bar_tells_how_many_and_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("photos 相片") as show:
        show(0, 4)
        show(1, 4)
    said = capsys.readouterr().err
    assert "photos 相片" in said
    assert "1/4" in said
    assert re.search(r"(\d+|-):[\d-]{2}:[\d-]{2}", said)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" * 200])
def test_a_damaged_progress_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(StorageDamaged, match="delete it"):
        ProgressFile(tmp_path, "x")


def test_findings_that_are_none_are_said(tmp_path: Path) -> None:
    file = PhotoFile("A.jpg", 1, 1)
    kept = ProgressFile(tmp_path, "x")
    kept.keep(file, judged("A.jpg", "pose"))
    kept.close()
    for wrong in (b"[1]", b"{", b"[{}]", b"7"):
        with sqlite3.connect(tmp_path / NAME) as base:
            base.execute("UPDATE judged SET findings = ?", (wrong,))
        kept = ProgressFile(tmp_path, "x")
        with pytest.raises(StorageDamaged):
            list(kept.known([file]))
        kept.close()


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StorageRefused):
        ProgressFile(tmp_path, "x")


# -- lists and report ----------------------------------------------------------------------------


def test_no_name_is_a_formula_in_the_lists(tmp_path: Path) -> None:
    photos = [judged("=cmd|x.jpg", "no-face", "animated"), judged("\udcff\x1b.jpg")]
    write_lists(tmp_path, photos, [AlikePair("-1.jpg", "B.jpg", 0.9, "same-face")])
    with (tmp_path / "photos.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["file"], r["verdict"], r["reasons"]) for r in rows] == [
        ("'=cmd|x.jpg", "unusable", "no-face animated"),
        ("\ufffd\ufffd.jpg", "good", ""),
    ]
    with (tmp_path / "pairs.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["file"] == "'-1.jpg"


def test_the_list_flags_both_of_a_look_alike_pair_and_nobody_else(tmp_path: Path) -> None:
    """The column goes into candidates.csv as it is: the gate reads the same word."""
    photos = [judged(name, "pose") for name in ("A.jpg", "B.jpg", "C.jpg", "D.jpg")]
    pairs = [
        AlikePair("C.jpg", "D.jpg", 0.8, "same-face"),
        AlikePair("A.jpg", "C.jpg", 0.56, "look-alike"),
    ]
    write_lists(tmp_path, photos, pairs)
    with (tmp_path / "photos.csv").open(encoding="utf-8-sig", newline="") as file:
        flags = {r["file"]: r["flags"] for r in csv.DictReader(file)}
    assert flags == {"A.jpg": FLAG, "B.jpg": "", "C.jpg": FLAG, "D.jpg": ""}


SUMMARY = Summary(3, 1, 0, 1, 1, 1, 0, 1, (("background", "Not judged.", "不检查。"),))


def test_the_report_stands_alone_and_runs_nothing(tmp_path: Path) -> None:
    picture("A'\"<b>.png", tmp_path)
    photos = [judged("good.jpg"), judged("A'\"<b>.png", "pose"), judged("gone.jpg", "too-small")]
    pairs = [AlikePair("A'\"<b>.png", "good.jpg", 0.81, "same-face")]
    [(name, text)] = pages(SUMMARY, photos, pairs, "../photos", thumbnails(tmp_path))
    assert name == "report.html"
    assert "<script" not in text
    assert "<b>.png" not in text
    assert text.count("data:image/jpeg;base64,") == 2
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    style = text.split("<style>")[1].split("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text
    assert 'href="../photos/A%27%22%3Cb%3E.png"' in text
    order = [
        text.index(f'<article class="{kind}"') for kind in ("same-face", "unusable", "correct")
    ]
    assert order == sorted(order)
    assert text.count('<input type="checkbox">') == 3


def test_what_is_to_be_looked_at_comes_after_what_is_to_be_replaced() -> None:
    """A hint sends no photo back: it is listed, in words, and the check passes."""
    hinted, shut = judged("A.jpg", "recapture"), judged("B.jpg", "recapture", "eyes-closed")
    assert (hinted.verdict, shut.verdict) == ("look", "correct")
    [(_, text)] = pages(SUMMARY, [hinted, shut], [], "p", lambda _: "")
    assert text.index('<article class="correct"') < text.index('<article class="look"')
    assert "疑似翻拍" in text
    assert "seems to show closed eyes" in text
    assert not SUMMARY.accepted
    assert replace(SUMMARY, look=2, correct=0, unusable=0, same_face=0).accepted


def test_many_entries_are_several_pages() -> None:
    photos = [judged(f"A{n:04d}.jpg", "pose") for n in range(401)]
    found = list(pages(SUMMARY, photos, [], "p", lambda _: ""))
    assert [name for name, _ in found] == ["report.html", "report-2.html", "report-3.html"]
    assert [text.count("<article") for _, text in found] == [200, 200, 1]
    assert all(f'href="{name}"' in found[0][1] for name, _ in found[1:])


def test_the_report_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ENTRIES_MAX", 3)
    photos = [judged(f"A{n}.jpg", "pose") for n in range(5)]
    pairs = [AlikePair("A0.jpg", "A1.jpg", 0.81, "same-face")]
    summary = replace(SUMMARY, same_face=8, look_alike=4)
    [(_, text)] = pages(summary, photos, pairs, "p", lambda _: "")
    assert text.count("<article") == 3
    assert '<article class="same-face"' in text
    assert "3 more entries are not shown" in text
    assert "11 pairs less alike are counted and not listed" in text


def test_a_report_without_faults_says_so() -> None:
    [(_, text)] = pages(SUMMARY, [judged("A.jpg")], [], "p", lambda _: "")
    assert "Nothing to do" in text


# -- the whole command ---------------------------------------------------------------------------


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
def test_every_odd_file_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    picture("grey.png", folder)
    picture("cmyk.jpg", folder)
    Image.fromarray(GREY).convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.full((200, 150), 30000, np.uint16)).save(folder / "deep.png")
    frames = [Image.fromarray(GREY), Image.fromarray(GREY // 2)]
    frames[0].save(folder / "moves.webp", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "moves.png", save_all=True, append_images=frames[1:])
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(GREY)).save(folder / "phone.heic")
    (folder / "bomb.png").write_bytes(bomb())
    with (folder / "huge.jpg").open("wb") as huge:
        huge.truncate(PHOTO_BYTES_MAX + 1)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "noise.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 9)
    os.mkfifo(folder / "pipe.jpg")
    (folder / "link.jpg").symlink_to("nowhere")
    (folder / "folder.jpg").mkdir()
    exam = tmp_path / "exam.toml"
    exam.write_text(EXAM_TOML, encoding="utf-8")
    done = check(folder, "--exam", exam, "--models", networks(), "--json")
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    reasons = {f["file"]: [r["reason"] for r in f["reasons"]] for f in said["files"]}
    assert reasons == {
        **{name: ["no-face"] for name in ("grey.png", "cmyk.jpg", "deep.png", "phone.heic")},
        **{name: ["no-face", "animated"] for name in ("moves.webp", "moves.png")},
        **{name: ["damaged"] for name in ("empty.jpg", "noise.jpg", "pipe.jpg", "link.jpg")},
        **{name: ["too-large"] for name in ("bomb.png", "huge.jpg")},
    }
    assert {n["what"] for n in said["not_judged"]} == {"background"}
    assert said["accepted"] is False
    assert Path(said["report"]).parent == tmp_path / "photos-check"
    with (tmp_path / "photos-check" / "photos.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(reasons)


@pytest.mark.models
@pytest.mark.system
@pytest.mark.slow
def test_portraits_pass_one_face_under_two_numbers_is_found_and_a_second_run_only_reads(
    tmp_path: Path,
) -> None:
    folder, london = tmp_path / "photos", faces_folder() / "london"
    folder.mkdir()
    for ticket, name in (("A001", "001_neutral"), ("A002", "002_neutral"), ("A003", "001_smiling")):
        (folder / f"{ticket}.jpg").write_bytes((london / f"{name}.jpg").read_bytes())
    done = check(folder, "--models", networks(), "--json")
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    assert (said["good"], said["photos"]) == (3, 3)
    assert [(p["first"], p["second"], p["kind"]) for p in said["pairs"]] == [
        ("A001.jpg", "A003.jpg", "same-face")
    ]
    with sqlite3.connect(tmp_path / "photos-check" / NAME) as base:  # what a second run reads
        base.execute("UPDATE judged SET eyes_px = 77 WHERE file = ?", (b"A002.jpg",))
    (folder / "A003.jpg").unlink()
    done = check(folder, "--models", networks())
    assert done.exit_code == 0, done.output
    assert "2 photo(s): 2 good" in done.output
    listed = (tmp_path / "photos-check" / "photos.csv").read_text(encoding="utf-8-sig")
    assert "A002.jpg,good,,600,600,77.0," in listed


def test_an_exam_that_does_not_read_is_said_first(tmp_path: Path) -> None:
    exam = tmp_path / "exam.toml"
    exam.write_text("exam = 1", encoding="utf-8")
    done = check(tmp_path, "--exam", exam)
    assert done.exception.__class__.__name__ == "ConfigInvalid"
