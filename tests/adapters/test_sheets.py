"""Printed sheets: every name readable, one odd photo alone left out, nothing in files."""

import io
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from gate.core.reasons import Reason
from gate.core.report_sheet import ReportSheet
from gate.core.seat_sheet import SheetCell, SheetHead
from gate.sheets import fonts
from gate.sheets.drawing_process import DrawingProcess
from gate.sheets.seat_photo_sheet import seat_photo_sheet
from gate.sheets.site_report_sheet import site_report_sheet
from office.doubtful.case import DoubtfulCase
from office.sheets.doubtful_list import doubtful_list

HEAD = SheetHead("自学考试", "一考点", "00015-am", "英语（二）", "03", "2027-04-10 09:00", "now")
pytestmark = pytest.mark.skipif(
    not any(path.is_file() for name, path, _ in fonts.FACES if name in ("wqy", "noto")),
    reason="no Chinese font: scripts/test installs fonts-wqy-microhei",
)


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (180, 240), (20, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def cell(n: int, name: str = "考生", photo: bytes | None = None, state: str = "") -> SheetCell:
    return SheetCell(f"{n:02d}", f"4201{n:08d}", name, photo, state)


def text_of(pdf: bytes) -> str:
    """As a reader extracts it."""
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def test_thirty_on_a_page_with_names_and_states() -> None:
    cells = [cell(n, f"张三{n}", jpeg(), "admitted") for n in range(31)]
    text = text_of(seat_photo_sheet(HEAD, cells))
    assert text.count("\f") == 2
    assert "张三30" in text
    assert "420100000030" in text
    assert "已入场 admitted 31" in text


@pytest.mark.parametrize(
    "name", ["<b>甲</b>", "O'Connor", "甲\u202e乙", "长" * 200, "\U0002ebf0明", "", "\n\x00"]
)
def test_any_name_makes_a_sheet(name: str) -> None:
    assert seat_photo_sheet(HEAD, [cell(1, name)]).startswith(b"%PDF")


def test_a_character_that_no_font_has_is_told_by_its_code_point() -> None:
    text = text_of(seat_photo_sheet(HEAD, [cell(1, "\U0002ebf0明")]))
    assert "2EB" in text
    assert "F0" in text
    assert "明" in text


@pytest.mark.parametrize("photo", [None, b"", b"damaged", jpeg()[:300]])
def test_an_odd_photo_leaves_its_own_cell_empty(photo: bytes | None) -> None:
    text = text_of(seat_photo_sheet(HEAD, [cell(1, "甲", photo), cell(2, "乙", jpeg())]))
    assert "甲" in text
    assert "乙" in text
    assert ("损坏" in text) == bool(photo is not None)


def test_without_a_chinese_font_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "FACES", ())
    with pytest.raises(fonts.InputDamaged, match="apt install"):
        fonts.SheetFonts(FPDF())


@pytest.mark.system
async def test_a_process_of_its_own_draws_and_leaves_no_file(tmp_path: Path) -> None:
    before = set(os.listdir(tmp_path))
    pdf = await DrawingProcess().seat_photo_sheet(HEAD, [cell(1, "张三", jpeg())])
    assert "张三" in text_of(pdf)
    assert set(os.listdir(tmp_path)) == before


def test_the_doubtful_list_has_two_cases_on_a_page() -> None:
    at = datetime(2027, 4, 10, 0, 45, tzinfo=UTC)
    cases = [
        DoubtfulCase(
            f"e-{n}",
            "wh-hs-01-g1",
            f"4201{n:08d}",
            "00015-am",
            Reason.FACE_MISMATCH,
            at,
            name=f"张三{n}",
            photo=jpeg(),
            evidence=None,
            evidence_missing=("证据未交回", "The evidence was not handed in"),
        )
        for n in range(3)
    ]
    text = text_of(doubtful_list(cases))
    assert text.count("\f") == 2
    assert all(case.name in text for case in cases)
    assert "证据未交回" in text


REPORT = ReportSheet(
    title=("自学考试", "一考点（wh-hs-01）", "英语（二）（00015-am）    2027-04-10 09:00"),
    rows=(("应到", "Expected", "30"), ("未到", "Absent", "2")),
    outages=(("摄像头 camera", "04-10 08:55:00", "未恢复 not over"),),
    signature=("主考已签字 Signed by the chief examiner: chief 李主考    2027-04-10 12:00:00",),
    is_signed=True,
    printed="g1    v1    打印于 printed 2027-04-10 12:01",
)


async def test_the_report_is_drawn_in_a_process_of_its_own() -> None:
    text = text_of(await DrawingProcess().site_report(REPORT))
    assert text.count("\f") == 1
    for words in ("Expected", "30", "摄像头 camera", "chief 李主考", "Signature"):
        assert words in text


def test_many_outages_go_on_to_another_page_and_long_words_stay_in_their_box() -> None:
    many = (("无" * 80, "04-10 08:55:00", "未恢复 not over"),) * 50
    text = text_of(site_report_sheet(replace(REPORT, outages=many)))
    assert text.count("\f") == 3
    assert text.count("未恢复 not over") == 50
    assert text.count("Report of the site") == 3
