"""The fonts of printed sheets, and text of any script drawn with them.

A name must be readable whatever is in it. A character that the first font lacks is drawn in the
next one. One that no font has becomes a box with its code point, never an empty box.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import TTFFont

from gate.errors import InputDamaged
from gate.platform.printable_text import printable

FACES = (
    ("wqy", Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"), 0),
    ("noto", Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"), 2),
    ("hana-a", Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"), None),
    ("hana-b", Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"), None),
)
"""Debian's fonts-wqy-microhei, fonts-noto-cjk and fonts-hanazono: name, file, number within it. One
of the first two is needed; the others have rare characters."""

POINT_MM = 25.4 / 72
_BASE = ("wqy", "noto")
_LEAST_PT = 5.0
_CODE_WIDE = 1.3
"""Width of a code box in characters."""


class SheetFonts:
    """The fonts of one PDF. Faces beyond the first are loaded when a character asks for them."""

    def __init__(self, pdf: FPDF) -> None:
        """InputDamaged where no font of `_BASE` is installed."""
        self._pdf = pdf
        self._coverage: dict[str, frozenset[int]] = {}
        present = [face for face in FACES if face[1].is_file()]
        if not any(name in _BASE for name, *_ in present):
            raise InputDamaged(
                "No Chinese font is installed: apt install fonts-wqy-microhei.",
                "未安装中文字体：请运行 apt install fonts-wqy-microhei。",
            )
        self._present = present
        self._load(present[0])

    def _load(self, face: tuple[str, Path, int | None]) -> None:
        name, path, number = face
        if name not in self._coverage:
            if number is None:
                self._pdf.add_font(name, fname=path)
            else:
                self._pdf.add_font(name, fname=path, collection_font_number=number)
            loaded = self._pdf.fonts[name]
            assert isinstance(loaded, TTFFont)
            self._coverage[name] = frozenset(loaded.cmap)

    def _face_of(self, character: str) -> str | None:
        """The first face that has it; None where no face does."""
        for face in self._present:
            self._load(face)
            if ord(character) in self._coverage[face[0]]:
                return face[0]
        return None

    def _runs(self, text: str) -> Iterator[tuple[str | None, str]]:
        for face, characters in groupby(text, self._face_of):
            yield face, "".join(characters)

    def width(self, text: str, size_pt: float) -> float:
        """Width in mm of one line of `text`."""
        total = 0.0
        for face, run in self._runs(text):
            if face is None:
                total += len(run) * _CODE_WIDE * size_pt * POINT_MM
            else:
                self._pdf.set_font(face, size=size_pt)
                total += self._pdf.get_string_width(run)
        return total

    def line(
        self, text: str, x: float, y: float, size_pt: float, most_mm: float | None = None
    ) -> None:
        """One line with its baseline at `y`, all in mm. It is made smaller where it would be wider
        than `most_mm`, and shortened with … where that is not enough. Control characters and marks
        of direction are left out: the order on paper is that of the characters."""
        text = printable(text)
        if most_mm is not None:
            while size_pt > _LEAST_PT and self.width(text, size_pt) > most_mm:
                size_pt -= 0.5
            while len(text) > 1 and self.width(text, size_pt) > most_mm:
                text = text[:-2] + "…"
        for face, run in self._runs(text):
            if face is None:
                for character in run:
                    self._code_box(character, x, y, size_pt)
                    x += _CODE_WIDE * size_pt * POINT_MM
                continue
            self._pdf.set_font(face, size=size_pt)
            self._pdf.text(x, y, run)
            x += self._pdf.get_string_width(run)

    def _code_box(self, character: str, x: float, y: float, size_pt: float) -> None:
        """A box with the code point in two lines, large enough to be read and looked up."""
        wide, high = _CODE_WIDE * size_pt * POINT_MM, size_pt * POINT_MM
        code = f"{ord(character):X}".rjust(4, "0")
        half = (len(code) + 1) // 2
        self._pdf.set_line_width(0.1)
        self._pdf.rect(x + 0.03 * wide, y - 0.95 * high, 0.94 * wide, 1.1 * high)
        self._pdf.set_font(self._present[0][0], size=size_pt * 0.56)
        for line, part in enumerate((code[:half], code[half:])):
            self._pdf.text(x + 0.14 * wide, y - 0.44 * high + line * 0.5 * high, part)
