"""exam-office roster: from exam, candidates and photos to what the gate installs."""

import hashlib
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from gate.core.events import CandidateElsewhere
from gate.errors import ExpiryRefused, InputDamaged, PhotoRejected, UsageError
from gate.ports import RosterEntry
from gate.roster.exam_data import exam_from_toml
from gate.roster.install import install, open_installed
from gate.roster.keys import read_key
from gate.roster.open_roster import InstalledRoster
from office.home import Home
from office.keys.key_files import make_keys
from office.rosters.build import (
    Built,
    Making,
    build_site,
    check_dates,
    gates_by_site,
    sites_to_build,
)
from office.rosters.candidate_references import enrolled, people_of
from office.rosters.candidates import parse_candidates
from office.rosters.photo_names import claim
from office.rosters.photos import travelling_jpeg
from tests import staff_making
from tests.adapters.office.test_candidates import line, table
from tests.roster_making import EXAM_TOML, GATE, NOW, SITE, citizen, templates

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and real syncs would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class ByColour:
    """An enroller for plain pictures: decodes them for real, draws the template from the colour.
    A grey picture has no face."""

    def __init__(self) -> None:
        self.seen = 0

    def enrol(self, jpeg: bytes) -> SimpleNamespace:
        self.seen += 1
        try:
            with Image.open(io.BytesIO(jpeg)) as image:
                colour = image.convert("RGB").getpixel((0, 0))
        except (UnidentifiedImageError, OSError) as e:
            raise PhotoRejected("The photo cannot be read.", "无法读取", reason="damaged") from e
        if len(set(colour)) == 1:
            raise PhotoRejected("The photo shows no face.", "未检测到人脸", reason="no-face")
        seed = int.from_bytes(hashlib.sha256(jpeg).digest()[:4], "big")
        return SimpleNamespace(template=templates(1, seed)[0])


def statistics(template: np.ndarray, cohort: np.ndarray) -> tuple[float, float]:
    scores = cohort @ template
    return float(scores.mean()), float(scores.std())


def picture(path: Path, n: int, colour: tuple[int, int, int] | None = None) -> None:
    path.parent.mkdir(exist_ok=True)
    image = Image.new("RGB", (8, 8), colour or (n % 256, 40 + n // 256, 200))
    image.save(path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    it = Home(tmp_path / "office")
    make_keys(it, gates=[GATE], not_before=NOW)
    return it


def built(
    tmp_path: Path, home: Home, lines: list[str], enroller: ByColour | None = None, **more: object
) -> list[Built]:
    people = people_of(parse_candidates(table(*lines), "c.csv", EXAM).rows)
    claims = claim(tmp_path / "photos", people)
    gates = gates_by_site(home, sites_to_build(EXAM, people, more.pop("sites", ())))
    references = enrolled(people, gates, claims, enroller or ByColour(), lambda: None)
    staff = more.pop("staff", ())
    making = Making(EXAM, people, references, claims.photos, statistics, NOW, staff)
    return [build_site(making, site, gates[site], home, tmp_path / "out") for site in gates]


def opened(tmp_path: Path, home: Home) -> InstalledRoster:
    sealing = read_key(home.gate(GATE) / "gate-sealing.key", "sealing")
    office = read_key(home.gate(GATE) / "office.pub", "office")
    install(
        tmp_path / "out",
        tmp_path / "state",
        gate=GATE,
        site=SITE,
        office_public_key=office,
        sealing_private_key=sealing,
        now=NOW + timedelta(days=8),
    )
    roster = open_installed(tmp_path / "state", GATE, sealing, office)
    assert roster is not None
    return roster


def test_each_site_gets_its_own_staff(tmp_path: Path, home: Home) -> None:
    picture(tmp_path / "photos" / "420100000001.jpg", 1)
    here, elsewhere = staff_making.member("li"), staff_making.member("wang", "wh-wc-02")
    built(tmp_path, home, [line(1)], staff=(here, elsewhere))
    with opened(tmp_path, home) as roster:
        assert roster.staff == (here,)


async def test_from_csv_to_gate(tmp_path: Path, home: Home) -> None:
    for n in (1, 2, 3):
        picture(tmp_path / "photos" / f"4201{n:08d}.jpg", n)
    picture(tmp_path / "photos" / "420100000004.png", 4, (9, 9, 9))
    (tmp_path / "photos" / "420100000005.jpeg").write_bytes(b"\xff\xd8 cut short")
    lines = [line(n) for n in range(1, 7)]
    lines[2] = line(3, site="wh-wc-02")
    lines.append(line(1, paper="00023-pm", room="11"))
    (one,) = built(tmp_path, home, lines)
    assert dict(one.manifest.counts) == {
        "candidates": 5,
        "with_reference": 2,
        "exam_candidates": 6,
        "cohort": 0,
    }
    with opened(tmp_path, home) as roster:
        first = await roster.find(citizen(1))
        assert isinstance(first, RosterEntry)
        assert [(s.paper, s.room) for s in first.candidate.seats] == [
            ("00015-am", "03"),
            ("00023-pm", "11"),
        ]
        raw = (tmp_path / "photos" / "420100000001.jpg").read_bytes()
        np.testing.assert_array_equal(first.reference.template, ByColour().enrol(raw).template)
        assert first.reference.mean is None
        assert await roster.find(citizen(3)) == CandidateElsewhere(
            "wh-wc-02", (await roster.find(citizen(3))).key
        )
        for n in (4, 5, 6):  # no face, damaged, no photo: on the roster, without a reference
            entry = await roster.find(citizen(n))
            assert isinstance(entry, RosterEntry)
            assert entry.reference is None
        assert roster.photo("420100000004") is None
        assert roster.photo("420100000001")[:2] == b"\xff\xd8"
        assert roster.manifest.expires == EXAM.papers[1].end + timedelta(days=30)


def test_unusable_photos_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "photos" / "420100000001.png", 1, (9, 9, 9))
    (tmp_path / "photos" / "420100000002.jpg").write_bytes(b"")
    people = people_of(parse_candidates(table(*map(line, (1, 2, 3))), "c.csv", EXAM).rows)
    claims = claim(tmp_path / "photos", people)
    references = enrolled(people, [SITE], claims, ByColour(), lambda: None)
    assert [(u.ticket[-1], u.reason) for u in references.unusable] == [
        ("1", "no-face"),
        ("2", "damaged"),
        ("3", "missing"),
    ]


async def test_cohort_of_two_hundred(tmp_path: Path, home: Home) -> None:
    everybody = range(1, 216)
    for n in everybody:
        picture(tmp_path / "photos" / f"4201{n:08d}.png", n)
    lines = [line(n, seat=str(n), site=SITE if n <= 3 else "wh-wc-02") for n in everybody]
    enroller = ByColour()
    (one,) = built(tmp_path, home, lines, enroller)
    assert one.manifest.counts["cohort"] == 200
    assert 200 <= enroller.seen <= 203  # others only until the cohort is full
    with opened(tmp_path, home) as roster:
        entry = await roster.find(citizen(2))
        cohort = entry.reference.cohort
        assert cohort.shape == (200, 128)
        expected = statistics(entry.reference.template, cohort)
        np.testing.assert_allclose((entry.reference.mean, entry.reference.deviation), expected)


def test_versions_only_rise(tmp_path: Path, home: Home) -> None:
    (tmp_path / "photos").mkdir()
    versions = [built(tmp_path, home, [line(1)])[0].manifest for _ in range(2)]
    assert [(m.version, m.previous) for m in versions] == [(1, None), (2, 1)]
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    assert built(tmp_path, home, [line(1)])[0].manifest.version == 3  # the office remembers
    home.versions.unlink()
    assert built(tmp_path, home, [line(1)])[0].manifest.version == 4  # the folder shows
    home.versions.write_text("{")
    with pytest.raises(InputDamaged, match="backup"):
        built(tmp_path, home, [line(1)])


def test_numbers_are_keyed_alike_at_every_site(tmp_path: Path, home: Home) -> None:
    make_keys(home, gates=["wh-wc-02-g1"], not_before=NOW)
    (tmp_path / "photos").mkdir()
    before = built(tmp_path, home, [line(1), line(2, site="wh-wc-02")])
    assert [b.manifest.site for b in before] == [SITE, "wh-wc-02"]
    key = home.index_key(EXAM.id).read_bytes()
    only = built(tmp_path, home, [line(1), line(2, site="wh-wc-02")], sites=["wh-wc-02"])
    assert [b.manifest.name[-11:] for b in only] == ["wh-wc-02/v2"]
    assert home.index_key(EXAM.id).read_bytes() == key


def test_site_without_gates_is_left_out(tmp_path: Path, home: Home) -> None:
    (tmp_path / "photos").mkdir()
    (one,) = built(tmp_path, home, [line(1), line(2, site="wh-wc-02")])
    assert one.manifest.site == SITE
    with pytest.raises(InputDamaged, match="exam-office keys --gate"):
        built(tmp_path, home, [line(1), line(2, site="wh-wc-02")], sites=["wh-wc-02"])
    with pytest.raises(UsageError, match="no site"):
        built(tmp_path, home, [line(1)], sites=["elsewhere"])


def test_exam_that_is_over() -> None:
    with pytest.raises(ExpiryRefused):
        check_dates(EXAM, NOW + timedelta(days=60))


def test_photo_travels_small_and_bare() -> None:
    source = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SomePhone", 6
    Image.new("RGB", (1200, 900), (10, 200, 30)).save(source, "JPEG", exif=exif)
    travelling = travelling_jpeg(source.getvalue())
    assert b"SomePhone" in source.getvalue()
    assert b"SomePhone" not in travelling
    with Image.open(io.BytesIO(travelling)) as image:
        assert image.size == (480, 640)  # orientation 6: stood upright


def test_no_folder_of_photos(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="folder of ticket photos"):
        claim(tmp_path / "none", [])


def test_nothing_personal_beside_the_roster(tmp_path: Path, home: Home) -> None:
    (tmp_path / "photos").mkdir()
    (one,) = built(tmp_path, home, [line(1)])
    assert citizen(1)[:17].encode() not in one.path.read_bytes()
    assert set(json.loads(one.path.read_text())["keys"]) == {GATE}
    assert [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []


async def test_papers_at_two_sites_travel_with_both_rosters(tmp_path: Path, home: Home) -> None:
    """Else the gate would tell the hour of the paper here instead of the site of the one now."""
    picture(tmp_path / "photos" / "420100000001.jpg", 1)
    lines = [line(1), line(1, paper="00023-pm", site="wh-wc-02"), line(2)]
    built(tmp_path, home, lines)
    with opened(tmp_path, home) as roster:
        both, one = await roster.find(citizen(1)), await roster.find(citizen(2))
    assert isinstance(both, RosterEntry)
    assert both.candidate.elsewhere == (("00023-pm", "wh-wc-02"),)
    assert isinstance(one, RosterEntry)
    assert one.candidate.elsewhere == ()
