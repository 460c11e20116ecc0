"""exam-office sheet: one PDF for each room and paper, from lists and photos, before the day."""

import stat
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from gate.sheets import fonts
from office.__main__ import app
from tests.roster_making import EXAM_TOML, citizen

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not any(path.is_file() for name, path, _ in fonts.FACES if name in ("wqy", "noto")),
        reason="no Chinese font: scripts/test installs fonts-wqy-microhei",
    ),
]


def test_a_file_for_each_room_and_one_odd_photo_stops_nobody(tmp_path: Path) -> None:
    exam, people, photos = tmp_path / "exam.toml", tmp_path / "people.csv", tmp_path / "photos"
    exam.write_text(EXAM_TOML, encoding="utf-8")
    photos.mkdir()
    rows = ["ticket,id_number,name,site,paper,room,seat"]
    for n in range(4):
        ticket, room = f"4201{n:08d}", "03" if n < 3 else "04"
        rows.append(f"{ticket},{citizen(n)},受测者{'甲乙丙丁'[n]},wh-hs-01,00015-am,{room},{9 + n}")
        Image.new("RGB", (120, 160), (n * 60, 90, 160)).save(photos / f"{ticket}.jpg")
    people.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (photos / "420100000001.jpg").write_bytes(b"damaged")
    out = tmp_path / "sheets"

    done = CliRunner().invoke(
        app, ["sheet", str(exam), str(people), str(photos), "--out", str(out)]
    )

    assert done.exit_code == 0, done.output
    assert "420100000001" in done.output
    assert "2 sheets" in done.output
    files = sorted(str(p.relative_to(out)) for p in out.rglob("*.pdf"))
    assert files == ["wh-hs-01/00015-am_03.pdf", "wh-hs-01/00015-am_04.pdf"]
    first = out / files[0]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    text = subprocess.run(["pdftotext", first, "-"], capture_output=True, check=True).stdout
    shown = text.decode()
    assert [shown.index(f"受测者{name}") for name in "甲乙丙"] == sorted(
        shown.index(f"受测者{name}") for name in "甲乙丙"
    )
    assert "损坏" in shown or "无相片" in shown
    assert "受测者丁" not in shown
