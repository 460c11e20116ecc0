"""python -m tests.intake --rows 5000 --pictures FOLDER: every row is built, or named with the
reason that its maker knows; no traceback.

FOLDER holds photographs of one face each (at most 20 are used, over and over). Without it plain
colours are drawn, in which nobody has a face. Needs the built networks. Exit 0 or 1.
"""

import argparse
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from PIL import Image

from gate.errors import PhotoRejected
from gate.models.network_files import default_folder
from gate.models.portrait import PortraitJudge
from tests.intake import lists, oracle, photos

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
    """One build; what came of its rows and photos, and `faults`: what is not as its maker knows."""
    drawn, faces = random.Random(seed), pictures(folder, most)
    table = lists.rows_of(rows, kind, drawn)
    handed = {
        row.ticket: photos.hand_in(work / "photos", row, drawn.choice(faces), drawn)
        for row in table
    }
    listed, out = lists.write_list(work, table, kind, drawn), work / "out"
    began = time.monotonic()
    built = build(work, listed, out)
    took_s = time.monotonic() - began
    said = built.stdout + built.stderr
    if built.returncode not in (0, 1) or "Traceback" in said:
        return {"kind": kind, "faults": [f"exit {built.returncode}: {said[-2000:]}"]}
    right = oracle.expected(table, handed, "" if folder else "no-face")
    found = oracle.written(out)
    return {
        "kind": kind,
        "rows": rows,
        "built": found.counts["candidates"],
        "rejected": _by_reason(reason for _, _, reason in found.rejected),
        "with_reference": found.counts["with_reference"],
        "without": _by_reason(found.without.values()),
        "unclaimed": _by_reason(found.unclaimed.values()),
        "seconds": round(took_s, 1),
        "faults": oracle.faults(right, found),
    }


def build(work: Path, listed: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """The real command, of an exam whose papers lie ahead."""
    exam = (ROOT / "demo" / "exam.toml").read_text(encoding="utf-8")
    exam = exam.replace("= 2027-", f"= {date.today().year + 1}-")
    (work / "exam.toml").write_text(exam, encoding="utf-8")
    home = work / "home"
    office("keys", "--home", home, "--gate", GATE)
    given = ("roster", "build", work / "exam.toml", listed, work / "photos")
    return office(*given, "--out", out, "--home", home, "--accept-rejected")


def _by_reason(reasons: Iterable[str]) -> dict[str, int]:
    return dict(Counter(reasons).most_common())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--kind", choices=lists.KINDS, help="that list alone, its share of the rows"
    )
    given = parser.parse_args()
    each, failed = given.rows // len(lists.KINDS), False
    for i, kind in enumerate(lists.KINDS):
        if given.kind not in (None, kind):
            continue
        count = each + (given.rows % len(lists.KINDS) if i == 0 else 0)
        with tempfile.TemporaryDirectory() as work:
            found = run(Path(work), count, given.pictures, kind, given.seed + i)
        print(json.dumps(found, ensure_ascii=False), flush=True)
        failed = failed or bool(found["faults"])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
