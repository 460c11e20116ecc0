"""python -m tests.intake --rows 5000 --pictures FOLDER: every row is built or named, no traceback.

FOLDER holds photographs of one face each (at most 20 are used, over and over); without it plain
colours are drawn, in which nobody has a face. Needs the built networks. Exit 0 or 1.
"""

import argparse
import csv
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from PIL import Image

from gate.errors import PhotoRejected
from gate.models.network_files import default_folder
from gate.models.portrait import PortraitJudge
from tests.intake import making

ROOT = Path(__file__).parents[2]
GATE = "wh-hs-01-g1"
PICTURES = 20


def pictures(folder: Path | None, most: int) -> list[Image.Image]:
    if folder is None:
        return [Image.new("RGB", (240, 300), (n * 12, 90, 200)) for n in range(20)]
    found: list[Image.Image] = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".png")):
        with Image.open(path) as image:
            small = image.convert("RGB")
        small.thumbnail((480, 480))
        if _becomes_a_reference(small):
            found.append(small)
        if len(found) == most:
            break
    return found


def _becomes_a_reference(picture: Image.Image) -> bool:
    """As it is, and in grey, with a lossy copy in between: nothing odd may be needed to fail."""
    judge = PortraitJudge(default_folder())
    for shown in (picture, picture.convert("L")):
        target = io.BytesIO()
        shown.save(target, "JPEG", quality=85)
        try:
            judge.enrol(target.getvalue())
        except PhotoRejected:
            return False
    return True


def office(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "office", *map(str, words)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


def run(
    work: Path, rows: int, folder: Path | None, kind: str, seed: int, most: int = PICTURES
) -> dict[str, object]:
    """One build; the counts, and `faults`: what was not as it is promised. Who is to be built, and
    whose photo is to become a reference, is known from what was made odd."""
    drawn, faces = random.Random(seed), pictures(folder, most)
    table = making.rows_of(rows, kind, drawn)
    taken = {row.ticket for row in table if row.taken}
    right: set[str] = set()
    for n, row in enumerate(table):
        name, claimed = making.photo_name(row, n, drawn)
        whole = making.write_photo(work / "photos" / name, drawn.choice(faces), drawn)
        if row.taken and claimed and whole and folder is not None:
            right.add(row.ticket)
    listed = making.write_list(work, table, kind, drawn)
    exam = (ROOT / "demo" / "exam.toml").read_text(encoding="utf-8")
    exam = exam.replace("= 2027-", f"= {date.today().year + 1}-")
    (work / "exam.toml").write_text(exam, encoding="utf-8")
    home, out = work / "home", work / "out"
    office("keys", "--home", home, "--gate", GATE)
    began = time.monotonic()
    built = office(
        "roster",
        "build",
        work / "exam.toml",
        listed,
        work / "photos",
        "--out",
        out,
        "--home",
        home,
        "--accept-rejected",
    )
    took_s = time.monotonic() - began
    faults = []
    said = built.stdout + built.stderr
    if built.returncode not in (0, 1) or "Traceback" in said:
        return {"kind": kind, "faults": [f"exit {built.returncode}: {said[-2000:]}"]}
    rejected, without = _tickets(out / "rejected.csv"), _tickets(out / "without_reference.csv")
    counts = json.loads(next(out.glob("*.manifest.json")).read_bytes())["counts"]
    if counts["candidates"] + len(rejected) != rows:
        faults.append("a row is neither built nor named")
    if counts["with_reference"] + len(without) != counts["candidates"]:
        faults.append("a candidate has neither a reference nor a reason")
    if taken & set(rejected):
        faults.append(f"rejected, though whole: {sorted(taken & set(rejected))[:9]}")
    if counts["candidates"] != len(taken):
        faults.append(f"{len(taken)} rows are whole, {counts['candidates']} are built")
    if lost := sorted(right & set(without)):
        faults.append(f"no reference, though the photo is whole: {lost[:9]}")
    if extra := sorted(taken - right - set(without)) if folder is not None else []:
        faults.append(f"a reference from a photo that is nobody's or cut: {extra[:9]}")
    unclaimed = len(_tickets(out / "unclaimed.csv", "file"))
    return {
        "kind": kind,
        "rows": rows,
        "built": counts["candidates"],
        "rejected": len(rejected),
        "with_reference": counts["with_reference"],
        "without": len(without),
        "unclaimed": unclaimed,
        "seconds": round(took_s, 1),
        "faults": faults,
    }


def _tickets(path: Path, column: str = "ticket") -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    each, failed = given.rows // len(making.KINDS), False
    for i, kind in enumerate(making.KINDS):
        count = each + (given.rows % len(making.KINDS) if i == 0 else 0)
        with tempfile.TemporaryDirectory() as work:
            found = run(Path(work), count, given.pictures, kind, given.seed + i)
        print(json.dumps(found, ensure_ascii=False), flush=True)
        failed = failed or bool(found["faults"])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
