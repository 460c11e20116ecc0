"""exam-gate roster and exam-office roster as a person runs them: words and exit codes."""

import csv
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import gate.__main__
import gate.commands.roster
import office.__main__
import office.commands.roster
from gate.core.events import Instant
from gate.drivers.clock import SystemClock
from gate.models.match_attempt import MatchTables
from gate.models.matching import Thresholds
from gate.roster.keys import write_key
from tests.adapters.office.test_candidates import line, table
from tests.adapters.office.test_extension_rooms import extended
from tests.roster_making import EXAM_TOML, GATE, NOW, Office

Run = Callable[..., tuple[int, str, str]]

TRUSTED = True
"""Whether the unit's clock is."""


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and real syncs would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def running(program: str, *arguments: str | Path) -> tuple[int, str, str]:
        main = {"exam-gate": gate.__main__.main, "exam-office": office.__main__.main}[program]
        monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        for module in (gate.commands.roster, office.commands.roster):
            monkeypatch.setattr(module, "_now", lambda: NOW)
        monkeypatch.setattr(SystemClock, "now", lambda _: Instant(NOW, 0, TRUSTED))
        try:
            main()
        except SystemExit as ended:
            return (int(ended.code or 0), *capsys.readouterr())
        return (0, *capsys.readouterr())

    return running


@pytest.fixture
def unit(tmp_path: Path) -> Office:
    """An office, and its unit's folder with gate.toml and keys in `tmp_path`."""
    it = Office()
    write_key(tmp_path / "office.pub", bytes(it.signing.verify_key), private=False)
    write_key(tmp_path / "gate-sealing.key", bytes(it.gate), private=True)
    (tmp_path / "gate.toml").write_text(
        f'[unit]\nid = "{GATE}"\nsite = "wh-hs-01"\n[paths]\nstate = "state"\n'
    )
    return it


def test_selftest_tells_what_is_asked_for_and_not_judged_and_what_has_expired(
    run: Run, unit: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("exam-gate", "selftest", "--only", "roster", "--config", tmp_path / "gate.toml")
    manifest = unit.install(unit.written(tmp_path / "stick"), tmp_path / "state").manifest
    code, said, _ = run(*words)
    assert (code, manifest.name in said, "liveness passive" in said) == (0, True, True)
    monkeypatch.setattr("tests.adapters.commands.test_roster.NOW", manifest.expires)
    code, said, _ = run(*words)
    assert (code, "has expired" in said) == (5, True)
    monkeypatch.setattr("tests.adapters.commands.test_roster.TRUSTED", False)
    code, said, _ = run(*words)
    assert (code, "not trusted" in said) == (0, True)


def test_selftest_warns_of_liveness_that_is_asked_for_and_not_judged(
    run: Run, unit: Office, tmp_path: Path
) -> None:
    words = ("exam-gate", "selftest", "--only", "liveness", "--config", tmp_path / "gate.toml")
    code, said, _ = run(*words)
    assert (code, "ok   liveness" in said, "off is asked for" in said) == (0, True, True)
    unit.install(unit.written(tmp_path / "stick"), tmp_path / "state")
    code, said, _ = run(*words)
    assert (code, "WARN liveness" in said, "NOT judged" in said) == (0, True, True)
    assert "minifasnet-v2.tflite is missing" in said
    assert "转人工" in said


@pytest.mark.parametrize(("kind", "layer"), [("stereo", "geometry"), ("nir", "nir")])
def test_selftest_says_what_the_second_camera_lacks(
    run: Run, unit: Office, tmp_path: Path, kind: str, layer: str
) -> None:
    """A unit that has one must not look as if it had none. This machine has no camera at all."""
    with (tmp_path / "gate.toml").open("a") as toml:
        toml.write(f'[camera.second]\nkind = "{kind}"\ndevice = 1\n')
    unit.install(unit.written(tmp_path / "stick"), tmp_path / "state")
    words = ("exam-gate", "selftest", "--config", tmp_path / "gate.toml", "--only")
    code, said, _ = run(*words, "liveness")
    assert (code, "WARN liveness" in said) == (0, True)
    assert f"{layer}: The pair of cameras is not calibrated" in said
    assert "双摄像头尚未标定" in said
    code, said, _ = run(*words, "second-camera")
    assert (code, f"The second camera ({kind}, device 1) gives no pictures" in said) == (6, True)


def test_a_rate_that_this_unit_has_no_threshold_for_is_not_installed(
    run: Run, unit: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit calibrated down to 1e-3, and an exam that asks for 1e-4."""
    config = ("--config", tmp_path / "gate.toml")
    first = unit.install(unit.written(tmp_path / "first"), tmp_path / "state").manifest
    unit.written(tmp_path / "second", version=2)
    whole = MatchTables.load()

    def coarse(thresholds: Thresholds) -> Thresholds:
        curves = [
            replace(c, points=tuple(p for p in c.points if p[0] >= 1e-3)) for c in thresholds.curves
        ]
        return replace(thresholds, curves=tuple(curves))

    with monkeypatch.context() as calibrated:
        few = MatchTables(coarse(whole.single), coarse(whole.augmented))
        calibrated.setattr(MatchTables, "load", classmethod(lambda _: few))
        code, _, told = run("exam-gate", "roster", "install", tmp_path / "second", *config)
        assert (code, "no threshold" in told, "误识率" in told) == (4, True, True)
        code, said, told = run("exam-gate", "roster", "install", tmp_path / "first", *config)
        assert (code, said, "no threshold" in told) == (4, "", True)  # in use, and of no use
        code, _, told = run("exam-gate", "roster", "status", *config)
        assert (code, "no threshold" in told) == (4, True)
    code, said, _ = run("exam-gate", "roster", "status", *config)
    assert (code, first.name in said) == (0, True)  # what was installed is as it was
    code, said, _ = run("exam-gate", "roster", "install", tmp_path / "second", *config)
    assert (code, "/v2" in said) == (0, True)


def test_an_expired_roster_is_out_of_use_and_not_gone(
    run: Run, unit: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("exam-gate", "roster", "status", "--config", tmp_path / "gate.toml")
    manifest = unit.install(unit.written(tmp_path / "stick"), tmp_path / "state").manifest
    monkeypatch.setattr("tests.adapters.commands.test_roster.NOW", manifest.expires)
    code, said, _ = run(*words)
    assert (code, "out of use" in said, "clock status" in said) == (1, True, True)
    monkeypatch.setattr("tests.adapters.commands.test_roster.TRUSTED", False)
    code, said, _ = run(*words)
    assert (code, "not known" in said) == (0, True)


def test_the_life_of_a_roster(run: Run, unit: Office, tmp_path: Path) -> None:
    config = ("--config", tmp_path / "gate.toml")
    code, said, _ = run("exam-gate", "roster", "status", *config)
    assert (code, said.split(":")[0]) == (1, "No roster is installed")
    unit.written(tmp_path / "usb")
    code, said, _ = run("exam-gate", "roster", "install", tmp_path / "usb", *config)
    assert (code, said) == (
        0,
        "installed: hb-zk-2027-04/wh-hs-01/v1, 3 candidates (3 with a reference), cohort 0, "
        "until 2027-05-31\n",
    )
    code, said, _ = run("exam-gate", "roster", "install", tmp_path / "usb", *config)
    assert (code, said.split(":")[0]) == (0, "already installed")
    code, said, _ = run("exam-gate", "roster", "status", "--json", *config)
    assert (code, json.loads(said)["version"]) == (0, 1)
    code, _, error = run("exam-gate", "roster", "wipe", *config)
    assert code == 2
    assert "--yes" in error
    assert run("exam-gate", "roster", "status", *config)[0] == 0
    code, said, _ = run("exam-gate", "roster", "wipe", "--yes", *config)
    assert (code, said.startswith("destroyed: hb-zk-2027-04/wh-hs-01/v1")) == (0, True)
    assert run("exam-gate", "roster", "status", *config)[0] == 1


def test_refused_in_both_languages(run: Run, unit: Office, tmp_path: Path) -> None:
    Office(gate=unit.gate).written(tmp_path / "usb")
    code, said, error = run(
        "exam-gate", "roster", "install", tmp_path / "usb", "--config", tmp_path / "gate.toml"
    )
    assert (code, said) == (5, "")
    english, chinese = error.splitlines()
    assert "the office that enrolled this unit" in english
    assert "签名密钥" in chinese


def test_unit_without_keys(run: Run, unit: Office, tmp_path: Path) -> None:
    (tmp_path / "office.pub").unlink()
    code, _, error = run("exam-gate", "roster", "status", "--config", tmp_path / "gate.toml")
    assert code == 4
    assert "exam-office keys" in error


@pytest.mark.parametrize(
    ("exam", "candidates", "code", "said"),
    [
        (None, "", 4, "exam.toml cannot be read"),
        (EXAM_TOML.replace("Asia/Shanghai", "Moon"), "", 3, "timezone"),
        (EXAM_TOML.replace("2027-", "2020-"), "", 5, "ended"),
        (EXAM_TOML, None, 4, "c.csv cannot be read"),
        (EXAM_TOML, "ticket,phone\n", 3, "unknown column 'phone'"),
        (EXAM_TOML, "ticket,id_number,name,site,paper,room,seat\n", 4, "No folder"),
    ],
)
def test_office_build_refuses(
    run: Run, tmp_path: Path, exam: str | None, candidates: str | None, code: int, said: str
) -> None:
    for name, text in (("exam.toml", exam), ("c.csv", candidates)):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
    got, out, error = run(
        "exam-office",
        "roster",
        "build",
        tmp_path / "exam.toml",
        tmp_path / "c.csv",
        tmp_path / "photos",
        "--out",
        tmp_path / "out",
        "--home",
        tmp_path / "home",
    )
    assert (got, out) == (code, "")
    assert said in error
    assert not (tmp_path / "out").exists()


def test_a_list_whose_every_row_is_rejected_names_each(run: Run, tmp_path: Path) -> None:
    (tmp_path / "exam.toml").write_text(EXAM_TOML, encoding="utf-8")
    (tmp_path / "c.csv").write_text(table(line(1, site="wh-xx")), encoding="utf-8")
    (tmp_path / "photos").mkdir()
    run("exam-office", "keys", "--home", tmp_path / "home", "--gate", GATE)
    code, said, error = run(
        "exam-office",
        "roster",
        "build",
        tmp_path / "exam.toml",
        tmp_path / "c.csv",
        tmp_path / "photos",
        "--out",
        tmp_path / "out",
        "--home",
        tmp_path / "home",
    )
    assert code == 4
    assert "rejected: line 2, ticket 420100000001: the exam has no site 'wh-xx'" in said
    assert "leaves no candidate, 1 row(s) rejected" in error
    assert "wh-xx" in (tmp_path / "out" / "rejected.csv").read_text(encoding="utf-8-sig")


@pytest.fixture
def build(run: Run, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """`exam-office roster build` with the rows given, the real networks and no person's picture."""
    from gate.models.network_files import default_folder

    if not default_folder().is_dir():
        pytest.skip("the networks are not built: exam-gate models build")
    (tmp_path / "exam.toml").write_text(EXAM_TOML, encoding="utf-8")
    (tmp_path / "photos").mkdir()
    run("exam-office", "keys", "--home", tmp_path / "home", "--gate", GATE)

    def building(*rows: str, out: str = "out", more: tuple[str, ...] = ()) -> tuple[int, str, str]:
        (tmp_path / "c.csv").write_text(table(*rows), encoding="utf-8")
        return run(
            "exam-office",
            "roster",
            "build",
            tmp_path / "exam.toml",
            tmp_path / "c.csv",
            tmp_path / "photos",
            "--out",
            tmp_path / out,
            "--home",
            tmp_path / "home",
            *more,
        )

    return building


@pytest.mark.models
def test_office_build_with_the_real_networks(build: Run, tmp_path: Path) -> None:
    Image.new("RGB", (400, 500), (30, 90, 200)).save(tmp_path / "photos" / "420100000001.jpg")
    (tmp_path / "photos" / "420100000002.jpg").write_bytes(b"\xff\xd8 cut short")
    _, said, _ = build(line(1), line(2), line(3))
    assert "built: hb-zk-2027-04_wh-hs-01_v1.manifest.json, 3 candidates, 0 with" in said
    with (tmp_path / "out" / "without_reference.csv").open(encoding="utf-8-sig") as file:
        reasons = {row["ticket"][-1]: row["reason"] for row in csv.DictReader(file)}
    assert reasons == {"1": "no-face", "2": "damaged", "3": "missing"}


@pytest.mark.models
def test_an_extension_for_no_room_is_told_at_build_and_reissue(
    build: Run, run: Run, tmp_path: Path
) -> None:
    exam = tmp_path / "exam.toml"
    exam.write_text(extended("第9考场"), encoding="utf-8")
    _, said, _ = build(line(1))
    told = "the extension of 00015-am for room '第9考场' does nothing"
    assert told in said
    issue = ("--from", tmp_path / "out", "--out", tmp_path / "new", "--home", tmp_path / "home")
    code, said, _ = run("exam-office", "roster", "reissue", exam, *issue)
    assert (code, told in said) == (0, True)
    exam.write_text(extended("第3考场"), encoding="utf-8")
    code, said, _ = run("exam-office", "roster", "reissue", exam, *issue)
    assert (code, "warning" in said) == (0, False)


@pytest.mark.models
def test_a_covered_photo_is_no_reference_and_is_listed_in_words(build: Run, tmp_path: Path) -> None:
    from tests.adapters.models.covering import COVERED, on_a_photograph

    mask = on_a_photograph("obama-senate", COVERED["mask"])
    Image.fromarray(mask).save(tmp_path / "photos" / "420100000001.png")
    Image.fromarray(on_a_photograph("sunak", ())).save(tmp_path / "photos" / "420100000002.png")
    code, said, _ = build(line(1), line(2))
    assert code == 0
    assert "2 candidates, 1 with a reference" in said
    assert "ticket 420100000001: The photo shows a face that is covered (mask" in said
    assert "口罩" in said
    with (tmp_path / "out" / "without_reference.csv").open(encoding="utf-8-sig") as file:
        assert [(r["ticket"], r["reason"]) for r in csv.DictReader(file)] == [
            ("420100000001", "occluded")
        ]


@pytest.mark.models
def test_a_build_with_rejected_rows_is_a_draft_until_they_are_accepted(
    build: Run, tmp_path: Path
) -> None:
    rows = (line(1), line(2, site="wh-xx"))
    code, said, _ = build(*rows)
    assert code == 1
    assert "rejected: line 3, ticket 420100000002: the exam has no site 'wh-xx'" in said
    assert "draft: hb-zk-2027-04_wh-hs-01_v1.draft.json, 1 candidates, 0 with" in said
    assert "--accept-rejected" in said
    assert not [p for p in (tmp_path / "out").iterdir() if p.suffix == ".roster"]
    assert json.loads((tmp_path / "out/hb-zk-2027-04_wh-hs-01_v1.draft.json").read_text())["draft"]
    _, said, _ = build(*rows, more=("--accept-rejected",))
    assert "built: hb-zk-2027-04_wh-hs-01_v1.manifest.json, 1 candidates" in said


@pytest.mark.models
def test_where_the_rosters_cannot_go_is_said_before_any_photo_is_judged(
    build: Run, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    code, _, error = build(line(1), out="taken/out")
    assert code == 7
    assert "photos" not in error  # no progress bar was begun


@pytest.mark.models
def test_the_screen_shows_some_and_counts_the_rest(build: Run, tmp_path: Path) -> None:
    _, said, _ = build(*(line(n) for n in range(1, 31)))
    assert said.count("no reference: ticket") == 20
    assert "and 10 more in" in said
    assert "30 missing" in said
    assert len((tmp_path / "out/without_reference.csv").read_text().splitlines()) == 31


def test_root_leaves_the_units_folder_to_its_user(
    run: Run, unit: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What root put there, the running gate could not read."""
    (tmp_path / "state").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(gate.commands.roster, "_owner", lambda _: "exam-gate")
    config = ("--config", tmp_path / "gate.toml")
    for words in (("install", tmp_path), ("wipe", "--yes")):
        code, _, said = run("exam-gate", "roster", *words, *config)
        assert code == 5
        assert "sudo -u exam-gate exam-gate roster" in said
    assert not list((tmp_path / "state").iterdir())
