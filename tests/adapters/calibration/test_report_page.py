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
from gate.calibration.report.plots import Axis, Line, logarithmic, plot, probit
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

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta",):
            self.open.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href", "srcset", "data")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

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
    assert "url(" not in text
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


def test_an_axis_places_values_in_order_either_way_round() -> None:
    up = Axis("", 1e-6, 1e-2, (), logarithmic)
    assert up.place(1e-4, 0, 100) == pytest.approx(50)
    assert up.place(1.0, 0, 100) == 100
    down = Axis("", 3, -1, ())
    assert [down.place(v, 0, 100) for v in (3, 1, -1, -9)] == [0, 50, 100, 100]


def test_a_plot_escapes_its_labels() -> None:
    axis = Axis(NASTY, 0, 1, ((0, NASTY),))
    svg = plot(NASTY, axis, axis, [Line(NASTY, [(0, 0), (1, 1)], marks=True)])
    assert "<script" not in svg
    reader = Reader()
    reader.feed(svg)
    assert reader.open == []


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
