"""The report's page and plots: whole, self-contained, true to its figures, safe with any name."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from gate.calibration.face_set import FaceSet, Templates
from gate.calibration.number_text import percent, rate_name, scientific
from gate.calibration.report import html
from gate.calibration.report.plots import (
    Axis,
    Bars,
    Line,
    PlotMark,
    Span,
    logarithmic,
    plot,
    probit,
)
from gate.calibration.run import measure, write
from gate.errors import InputRejected
from gate.models.calibration_table import TABLE, read_table
from gate.ports import Quality
from tests.unit.gate.calibration.test_protocols import crowd

NASTY = '<script src="x">&amp;'


def faces_and_templates(people: int, each: int, missing: int = 0) -> tuple[FaceSet, Templates]:
    """A set as embed_set would give it; the first person's name is an attack on the page."""
    side = crowd(people, each, 1.0)
    names = [NASTY if p == 0 else f"p{p:03d}" for p in side.people]
    pictures = tuple((name, Path(f"{name}_{n}.jpg")) for n, name in enumerate(names))
    usable = np.arange(len(pictures)) >= missing
    noise = 0.02 * np.random.default_rng(9).normal(size=side.templates.shape).astype(np.float32)
    quick = side.templates + noise
    quick /= np.linalg.norm(quick, axis=1, keepdims=True)
    quality: list[Quality | None] = [Quality(90, 0, 99, 120, 1)] * len(pictures)
    templates = Templates(quick, side.templates, usable, quality)
    return FaceSet(pictures, {}), templates


def report(people: int = 70, each: int = 3, *, against: bool = False, missing: int = 1) -> dict:
    faces, templates = faces_and_templates(people, each, missing)
    groups = {f"{NASTY} east": faces.people < 40, "west": faces.people >= 40}
    table = read_table(TABLE) if against else None
    found = measure(faces, templates, groups, table, seed=1, show=lambda *_: None)
    found["set"]["name"] = NASTY
    found["listed"] = None
    found["made"] = {
        "date": "2026-11-21",
        "version": "0",
        "machine": "m",
        "runtime": "r",
        "seed": 1,
        "seconds": 1.0,
        "peak_mb": 1,
        "command": NASTY,
    }
    return found


class Reader(HTMLParser):
    """Tags and attributes of a page; fails where a tag is closed that was not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.referred: set[str] = set()

    @property
    def lone(self) -> list[str]:
        """Ids that are named twice, or meant and not there."""
        twice = [i for n, i in enumerate(self.ids) if i in self.ids[:n]]
        return twice + sorted(self.referred - set(self.ids))

    def _note(self, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [v or "" for k, v in attrs if k == "id"]
        for _, value in attrs:
            self.referred.update(re.findall(r"(?:^|url\()#([\w.-]+)", value or ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta",):
            self.open.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "data")]
        self._note(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._note(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for kind in ("calibration", "evaluation"):
        folders[kind] = tmp_path_factory.mktemp(kind)
        write(report(against=kind == "evaluation"), folders[kind])
    return folders


@pytest.mark.parametrize("kind", ["calibration", "evaluation"])
def test_the_page_is_one_whole_file_that_fetches_nothing(
    kind: str, written: dict[str, Path]
) -> None:
    page = Reader()
    text = (written[kind] / "report.html").read_text(encoding="utf-8")
    page.feed(text)
    assert page.open == []
    assert page.links == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not re.search(r"url\((?!#)", text)
    assert not re.search(r'xlink:href="(?!#)', text)
    assert page.lone == []
    assert page.tags.count("style") == 1  # a plot's own would hold for the whole page
    assert "<metadata" not in text
    assert "@import" not in text
    assert page.tags.count("svg") >= 1
    assert "<small>" in text  # every heading in Chinese too
    for heading in page.headings:
        assert re.search("[A-Za-z]", heading)


def test_the_page_says_what_the_figures_say(written: dict[str, Path]) -> None:
    folder = written["calibration"]
    figures = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    for curve in figures["curves"]:
        for rate in curve["rates"]:
            assert f"{rate['threshold']:.5f}" in page
            assert percent(rate["fnmr"]) in page
    assert "needed" in page  # for 1e-5 and 1e-6
    assert "s-norm is left out" in page
    assert figures["set"]["failed"] == [f"{NASTY}/{NASTY}_0"]
    for network in figures["networks"]:
        assert network["sha256"] in page


def test_the_table_holds_the_reports_thresholds(written: dict[str, Path]) -> None:
    folder = written["calibration"]
    figures = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    table = read_table(folder / "calibration.toml")
    for curve, stored in zip(figures["curves"], table["curve"], strict=True):
        stated = {float(f): t for f, t in stored["thresholds"].items()}
        assert stated == {r["fmr"]: r["table"]["threshold"] for r in curve["rates"]}
    assert not (written["evaluation"] / "calibration.toml").exists()


def test_an_evaluation_says_when_it_cannot_tell() -> None:
    """Seventy people's 21,000 pairs are too few to bear out 1e-4."""
    found = report(against=True)
    assert found["verdict"] == "not shown"
    decided = {r["normalisation"] for r in found["rows"] if r["deciding"]}
    assert decided == {"raw-strict"}  # what a gate does with 70 candidates


def test_an_evaluation_fails_where_strangers_are_alike() -> None:
    faces, templates = faces_and_templates(70, 3)
    alike = templates.augmented + 2 * templates.augmented.mean(axis=0) + 0.15
    alike /= np.linalg.norm(alike, axis=1, keepdims=True)
    shifted = Templates(alike, alike, templates.usable, templates.qualities)
    found = measure(faces, shifted, {}, read_table(TABLE), seed=1, show=lambda *_: None)
    assert found["verdict"] == "fails"


@pytest.mark.parametrize(
    ("people", "each", "missing", "said"),
    [
        (1, 5, 0, "one person only"),
        (3, 2, 6, "None of the 6 pictures"),
        (6, 2, 0, "500 are needed"),
    ],
)
def test_a_set_that_bears_no_rate_is_rejected(
    people: int, each: int, missing: int, said: str
) -> None:
    faces, templates = faces_and_templates(people, each, missing)
    for table in (None, read_table(TABLE)):
        with pytest.raises(InputRejected, match=said):
            measure(faces, templates, {}, table, seed=1, show=lambda *_: None)


def test_people_with_one_picture_each_have_a_match_rate_only(tmp_path: Path) -> None:
    figures = report(60, 1, missing=0)
    write(figures, tmp_path)
    assert {r["fnmr"] for c in figures["curves"] for r in c["rates"]} == {None}
    assert "FNMR is unknown" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "tar" not in (tmp_path / "calibration.toml").read_text().partition("[[curve]]")[2]


def test_probit_makes_a_line_of_normal_scores() -> None:
    assert probit(0.5) == pytest.approx(0)
    assert probit(0.1) == pytest.approx(-probit(0.9))
    assert probit(0.0013499) == pytest.approx(-3, abs=1e-4)


def test_a_value_outside_an_axis_stays_at_its_end() -> None:
    up = Axis("", 1e-6, 1e-2, (), logarithmic)
    assert [up.place(v) for v in (1e-9, 1e-4, 1.0)] == pytest.approx([-6, -4, -2])
    down = Axis("", 3, -1, ())
    assert [down.place(v) for v in (9, 3, 1, -1, -9)] == [3, 3, 1, -1, -1]


class Drawn(Reader):
    """A plot's texts, and the corners of its paths by colour, in pixels."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.paths: list[tuple[str, list[tuple[float, float]]]] = []
        self.feed(svg)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "text":
            self.texts.append(data)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_startendtag(tag, attrs)
        how = dict(attrs)
        if tag == "path":
            corners = re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", how["d"] or "")
            self.paths.append((how.get("style") or "", [(float(a), float(b)) for a, b in corners]))

    def line(self, colour: str) -> list[tuple[float, float]]:
        """The first path with a stroke of that colour."""
        return next(p for style, p in self.paths if f"stroke: {colour}" in style)


def test_a_line_stands_where_its_axes_say() -> None:
    x = Axis("FMR 误识率", 1e-6, 1e-2, ((1e-6, "1e-6"), (1e-2, "1e-2")), logarithmic)
    y = Axis("", 0, 10, ((0, "0"), (10, "10")))
    right, bottom, left, top = 640 - 16, 400 - 52, 66, 14
    points = [(1e-6, 0), (1e-4, 9), (1e-2, 3), (1, 99)]
    drawn = Drawn(plot("t", x, y, [Line("raw, 1 picture 张", points, 1)]))
    middle, tall = (left + right) / 2, (bottom - top) / 10
    expected = [(left, bottom), (middle, bottom - 9 * tall), (right, bottom - 3 * tall)]
    assert drawn.line("#c2410c") == [pytest.approx(p, abs=0.1) for p in [*expected, (right, top)]]
    assert {"FMR 误识率", "1e-6", "1e-2", "0", "10", "raw, 1 picture 张"} <= set(drawn.texts)


def test_bars_intervals_and_marks_are_drawn() -> None:
    axis = Axis("", 0, 4, ())
    bars = Bars("counts", 0, 4, [1, 4, 0, 2], 0)
    span = Span(2, 1, 0.5, 3, 2)
    drawn = Drawn(plot("t", axis, axis, [bars, span], marks=[PlotMark("twice", 2)]))
    across, up = (lambda v: 66 + v * (640 - 16 - 66) / 4), (lambda v: 348 - v * (348 - 14) / 4)
    steps = [(0, 0), (0, 1), (1, 1), (1, 4), (2, 4), (2, 0), (3, 0), (3, 2), (4, 2), (4, 0)]
    assert drawn.line("#0b6fa4") == [pytest.approx((across(a), up(b)), abs=0.1) for a, b in steps]
    assert drawn.line("#3f7d20") == [pytest.approx((across(a), up(2)), abs=0.1) for a in (0.5, 3)]
    assert [a for a, _ in drawn.line("#b91c1c")] == pytest.approx([across(2)] * 2, abs=0.1)
    assert {"counts", "twice"} <= set(drawn.texts)


@pytest.mark.parametrize("name", [NASTY, "$5", "$x_1$", "_east", "a\x00b\x1bc", "\\frac", "张"])
def test_a_plot_shows_any_name_as_it_is(name: str) -> None:
    axis = Axis(name, 0, 1, ((0, name),))
    shapes = [Line(name, [(0, 0), (1, 1)], marks=True)]
    svg = plot(name, axis, axis, shapes, marks=[PlotMark(name, 0.5), PlotMark(name, 0.5, False)])
    assert "<script" not in svg
    drawn = Drawn(svg)
    assert drawn.open == []
    shown = re.sub(r"[\x00-\x1f]", "\N{REPLACEMENT CHARACTER}", name)
    assert drawn.texts.count(shown) == 7  # both axes, their ticks, both marks, the legend


def test_no_two_plots_of_a_page_share_an_id() -> None:
    axis, page = Axis("", 0, 1, ((0, "0"),)), Reader()
    for title in ("one", "other"):
        page.feed(plot(title, axis, axis, [Line("a", [(0, 0), (1, 1)], marks=True)]))
    assert len(page.ids) > 2
    assert page.lone == []


def test_the_same_figures_give_the_same_bytes() -> None:
    axis = Axis("", 0, 1, ())
    one, again = (plot("t", axis, axis, [Line("a", [(0, 0), (1, 1)], marks=True)]) for _ in "12")
    assert one == again


@pytest.mark.parametrize(
    ("rate", "words"), [(0.0123, "1.23%"), (0.00044, "0.044%"), (0.0, "0%"), (None, "–")]
)
def test_rates_in_words(rate: float | None, words: str) -> None:
    assert percent(rate) == words
    assert rate_name(1e-4) == "1e-4"
    assert scientific(1.23e-4) == "1.2e-4"


@pytest.mark.parametrize(
    "made",
    [
        html.paragraph(NASTY, NASTY),
        html.section(NASTY, NASTY, html.paragraph("")),
        html.folded(NASTY),
        html.figure(NASTY, NASTY, Markup("<svg/>")),
        html.with_interval(NASTY, [NASTY, NASTY]),
        html.table([NASTY], [[NASTY]]),
        html.lead("yes", html.paragraph(NASTY)),
        html.page(NASTY, NASTY, NASTY, []),
    ],
)
def test_every_piece_escapes_what_it_is_given(made: str) -> None:
    assert "<script" not in made
    assert "&lt;script src=&#34;x&#34;&gt;&amp;amp;" in made
