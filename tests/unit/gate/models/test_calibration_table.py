"""calibration.toml: whose thresholds it holds, and that nobody takes it for others'."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import InputDamaged, ModelDamaged
from gate.models.calibration_table import TABLE, as_toml, main, read_table
from gate.models.matching import SNORM, Thresholds
from gate.models.network_files import load_manifest
from gate.ports.values import TemplateKind
from tests.checkout import ROOT

RATES = [
    {
        "fmr": 1e-3,
        "threshold": 0.371,
        "fnmr": 0.0125,
        "table": {"threshold": 0.373, "fmr": 9.1e-4, "fnmr": 0.0131},
    },
    {
        "fmr": 1e-4,
        "threshold": 0.426,
        "fnmr": 0.0238,
        "table": {"threshold": 0.431, "fmr": 7.7e-5, "fnmr": 0.0251},
    },
]


def report() -> dict[str, object]:
    sface = load_manifest().output("sface")
    return {
        "model": "sface",
        "set": {"name": 'a "set"\\', "pictures": 9, "people": 3, "failed": ["x/y"]},
        "made": {"seed": 7, "date": "2026-11-21"},
        "networks": [{"name": sface.name, "sha256": sface.sha256}],
        "curves": [
            {
                "setting": "quick",
                "mirror": False,
                "frames": 1,
                "normalisation": "raw",
                "cohort": 0,
                "top": 0,
                "pairs": 900,
                "bound": 1,
                "genuine": 9,
                "rates": RATES,
            },
        ],
    }


def test_the_gate_reads_what_is_written_thresholds_with_their_margin(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(as_toml(report()), encoding="utf-8")
    assert read_table(path)["calibration"]["set"] == 'a "set"\\'
    assert Thresholds.load(path).threshold(1e-4, 1, "raw") == 0.431


def rewritten(tmp_path: Path, *edits: tuple[str, str]) -> Path:
    """The shipped table with every match of each pattern replaced."""
    text = TABLE.read_text(encoding="utf-8")
    for pattern, instead in edits:
        text, count = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert count, pattern
    path = tmp_path / "table.toml"
    path.write_text(text, encoding="utf-8")
    return path


NO_FLOORS = (r"^floors = .*\n", "")
NO_VERSION = (r"^version = .*\n", "")


@pytest.mark.parametrize("kind", TemplateKind)
def test_a_table_from_before_the_floors_is_read_with_the_same_floors(
    kind: TemplateKind, tmp_path: Path
) -> None:
    old = Thresholds.load(rewritten(tmp_path, NO_VERSION, NO_FLOORS), kind=kind)
    new = Thresholds.load(kind=kind)
    rounded = 1.1e-5  # the table has five places, of floors and of what they follow from
    for curve, newer in zip(old.curves, new.curves, strict=True):
        assert curve.points == newer.points
        assert dict(curve.floors) == pytest.approx(dict(newer.floors), rel=0, abs=rounded)
    assert old.floor(1e-4, 3, SNORM) > 0.4


def test_a_table_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="version 3, this program reads up to 2") as refused:
        read_table(rewritten(tmp_path, (r"^version = 2$", "version = 3")))
    assert refused.value.facts["version"] == 3
    assert "版本" in refused.value.zh


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ((NO_FLOORS,), "has no floors"),
        ((NO_VERSION, NO_FLOORS, ('"raw"', '"other"')), "no raw curve beside it"),
        (((r'^floors = \{ "1e-02" = \S+', 'floors = { "2e-02" = 0.3,'),), "floors for other rates"),
        (
            ((r'^floors = \{ "1e-02" = \S+', 'floors = { "1e-02" = 1.3,'),),
            "less than or equal to 1",
        ),
        (((r'^floors = \{ "1e-02" = \S+', 'floors = { "1e-02" = nan,'),), "finite"),
        (((r"^version = 2$", 'version = "2"'),), "valid integer"),
        (((r"^version = 2$", "version = 0"),), "greater than or equal to 1"),
    ],
)
def test_a_table_without_the_floors_it_needs_is_damaged(
    edits: tuple[tuple[str, str], ...], said: str, tmp_path: Path
) -> None:
    """A gate that took it would admit by the normalised score alone."""
    with pytest.raises(InputDamaged, match="exam-gate calibrate") as refused:
        read_table(rewritten(tmp_path, *edits))
    assert said in str(refused.value.__cause__)


def altered(tmp_path: Path) -> Path:
    """The shipped table with one digit of a network's hash changed."""
    path = tmp_path / "calibration.toml"
    digest = load_manifest().output("sface").sha256
    other = ("0" if digest[0] != "0" else "1") + digest[1:]
    path.write_text(TABLE.read_text(encoding="utf-8").replace(digest, other), encoding="utf-8")
    return path


def test_the_gate_refuses_a_table_of_other_networks(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match=r"\(sface\): run exam-gate calibrate") as refused:
        Thresholds.load(altered(tmp_path))
    assert refused.value.exit_code == 4
    assert "sface" in refused.value.zh


def test_a_table_that_names_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    text = TABLE.read_text(encoding="utf-8")
    path.write_text("[[curve]]" + text.partition("[[curve]]")[2], encoding="utf-8")
    with pytest.raises(ModelDamaged, match="no network at all"):
        Thresholds.load(path)


@pytest.mark.parametrize("text", ["", "x = ", "[[network]]\n", None])
def test_what_is_no_table_is_damaged(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputDamaged, match="exam-gate calibrate"):
        read_table(path)


def test_scripts_check_compares_the_hashes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (ROOT / "scripts/check").read_text(encoding="utf-8").splitlines()
    assert '"$venv/bin/python" -m gate.models.calibration_table' in lines
    assert main([]) == 0
    assert main([str(altered(tmp_path))]) == 4
    assert "measured with other networks" in capsys.readouterr().err


def test_the_comparison_ends_a_script(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gate.models.calibration_table", str(altered(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 4
    assert re.search("其他|不符", done.stderr)


def test_a_table_says_which_probes_it_was_measured_on(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    made = report()
    path.write_text(as_toml(made), encoding="utf-8")
    assert Thresholds.load(path).feature_norm_least == 0  # of an earlier version
    made["set"] = {**made["set"], "feature_norm_least": 9.437}  # type: ignore[dict-item]
    path.write_text(as_toml(made), encoding="utf-8")
    assert Thresholds.load(path).feature_norm_least == 9.44


@pytest.mark.parametrize("said", ["-1", "inf", "nan", "'9.5'", "true", "[9.5]"])
def test_a_least_feature_norm_is_a_length(tmp_path: Path, said: str) -> None:
    path = tmp_path / "t.toml"
    text = as_toml(report()).replace("seed = 7", f"seed = 7\nfeature_norm_least = {said}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputDamaged):
        read_table(path)
