"""The lists of ../shared/cases through the real `roster build`, with photos of real portraits."""

import csv
import io
import json
import struct
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from tests.checkout import ROOT
from tests.networks import faces_folder, networks

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.system]

CASES = ROOT.parent / "shared" / "cases"


class Build:
    """One build of one list; `photos`: ticket to the bytes of its photo."""

    def __init__(self, work: Path, listed: str, photos: dict[str, bytes]) -> None:
        if not (CASES / listed).exists():
            pytest.skip(f"no {listed} in {CASES}")
        networks()
        folder, home, self.out = work / "photos", work / "home", work / "out"
        folder.mkdir()
        for ticket, content in photos.items():
            (folder / f"{ticket}.jpg").write_bytes(content)
        exam = (ROOT / "demo" / "exam.toml").read_text(encoding="utf-8")
        (work / "exam.toml").write_text(exam.replace("= 2027-", f"= {date.today().year + 1}-"))
        self._office("keys", "--home", home, "--gate", "wh-hs-01-g1")
        done = self._office(
            "roster", "build", work / "exam.toml", CASES / listed, folder,
            "--out", self.out, "--home", home, "--accept-rejected",
        )  # fmt: skip
        self.code, self.said = done.returncode, done.stdout + done.stderr
        assert "Traceback" not in self.said

    @staticmethod
    def _office(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "office", *map(str, words)],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=False,
        )

    @property
    def counts(self) -> dict[str, int]:
        return dict(json.loads(next(self.out.glob("*.manifest.json")).read_bytes())["counts"])

    def tickets(self, file: str) -> set[str]:
        with (self.out / file).open(encoding="utf-8-sig", newline="") as lines:
            return {row["ticket"] for row in csv.DictReader(lines)}


def portrait(number: str) -> bytes:
    return (faces_folder() / "london" / f"{number}_neutral.jpg").read_bytes()


def turned_with_odd_metadata(content: bytes) -> bytes:
    """EXIF orientation 6, the pixels as a camera on its side leaves them; XResolution is text."""
    with Image.open(io.BytesIO(content)) as image:
        lying = image.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    entries = struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<HHI4s", 0x011A, 2, 4, b"72\0\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)
    target = io.BytesIO()
    lying.save(target, "JPEG", quality=92, exif=exif)
    return target.getvalue()


def test_one_photos_metadata_stops_nobody(tmp_path: Path) -> None:
    photos = {
        "C001": portrait("001"),
        "C002": turned_with_odd_metadata(portrait("002")),
        "C003": portrait("003"),
    }
    built = Build(tmp_path, "one-photo-crashes-build.csv", photos)
    assert built.code == 0, built.said
    assert (built.counts["candidates"], built.counts["with_reference"]) == (3, 3)


def test_cells_as_excel_leaves_them(tmp_path: Path) -> None:
    built = Build(tmp_path, "cells-as-excel-leaves-them.csv", {"A003": portrait("001")})
    rejected = built.tickets("rejected.csv")
    # A022 lost the digits of its ticket; A041 and A042 become one seat.
    assert rejected == {"A001", "1.01E+11", "A041", "A042"}
    assert built.counts["candidates"] + len(rejected) == 45
    assert built.counts["with_reference"] == 1
    assert "A003" not in built.tickets("without_reference.csv")


def test_numbers_that_a_spreadsheet_rounded_stop_the_build(tmp_path: Path) -> None:
    built = Build(tmp_path, "excel-rounded.csv", {"E000": portrait("001")})
    assert built.code == 4
    assert not list(tmp_path.glob("out/*.manifest.json"))
    assert built.said.count("exam-office:") == 2, "one sentence in each language"


def test_rare_names(tmp_path: Path) -> None:
    built = Build(tmp_path, "rare-names.csv", {"N000": portrait("001")})
    rejected = built.tickets("rejected.csv")
    assert rejected == {"N004"}  # the one with U+FFFD
    assert built.counts == built.counts | {"candidates": 5, "with_reference": 1}


def test_trailing_empty_columns(tmp_path: Path) -> None:
    built = Build(tmp_path, "trailing-empty-columns.csv", {"A001": portrait("001")})
    assert built.code == 0, built.said
    assert built.counts["with_reference"] == 1


def test_a_build_without_any_reference_is_no_success(tmp_path: Path) -> None:
    built = Build(tmp_path, "trailing-empty-columns.csv", {"nobody": portrait("001")})
    assert built.code == 1, built.said
