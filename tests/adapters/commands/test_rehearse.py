"""`exam-gate rehearse` as a process: a simulated camera, answers on standard input."""

import asyncio
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gate.platform.json_lines import serve
from tests.networks import faces_folder, networks

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.system]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gate.toml"
    path.write_text(
        f'[unit]\nid = "s1-g1"\nsite = "s1"\n'
        f'[paths]\nstate = "state"\nruntime = "run"\nmodels = "{networks()}"\n',
        encoding="utf-8",
    )
    return path


def command(config: Path, *arguments: object) -> list[str]:
    words = ("rehearse", "--config", config, "--simulate", *arguments)
    return [sys.executable, "-m", "gate", *map(str, words)]


def rehearse(config: Path, *answers: object) -> subprocess.CompletedProcess[str]:
    out = config.parent / "scores.json"
    typed = "".join(f"{a}\n" for a in answers)
    return subprocess.run(
        command(config, "--out", out), input=typed, capture_output=True, text=True, check=False
    )


def test_scores_of_two_people_and_nothing_else(config: Path) -> None:
    london = faces_folder() / "london"
    shown = [(london / f"{n}_neutral.jpg", london / f"{n}_smiling.jpg") for n in ("001", "002")]
    done = rehearse(config, "y", "", *shown[0], "y", "", *shown[1], "1", shown[0][1], "n")
    assert done.returncode == 0, done.stderr
    out = config.parent / "scores.json"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = out.read_text(encoding="utf-8")
    found = json.loads(text)
    assert [v["person"] for v in found["visits"]] == [1, 2, 1]
    assert {v["reason"] for v in found["visits"]} == {"OK"}
    assert {v["reference"] for v in found["visits"]} == {"first-picture"}
    assert found["site"]["set"]["people"] == 2
    assert {(c["live"], c["reference"]) for c in found["closest"]} == {(1, 2), (2, 1)}
    assert max(c["score"] for c in found["closest"]) < min(v["score"] for v in found["visits"])
    assert longest_list_of_numbers(found) <= 2  # no template, no picture: intervals at most
    assert "neutral" not in text
    assert "london" not in text
    assert {p.name for p in config.parent.iterdir()} == {"gate.toml", "scores.json"}
    assert "FNMR at 1e-4: 0 of" in done.stdout


def longest_list_of_numbers(value: object) -> int:
    if isinstance(value, dict):
        return max(map(longest_list_of_numbers, value.values()), default=0)
    if isinstance(value, list):
        own = len(value) if all(isinstance(v, int | float) for v in value) else 0
        return max([own, *map(longest_list_of_numbers, value)])
    return 0


def test_without_consent_nothing_is_looked_at(config: Path) -> None:
    done = rehearse(config, "")
    assert done.returncode == 0, done.stderr
    assert "Nobody walked through" in done.stdout
    assert not (config.parent / "scores.json").exists()


def test_a_picture_that_fails_keeps_the_walks_before(config: Path) -> None:
    london = faces_folder() / "london"
    done = rehearse(
        config, "y", "", london / "001_neutral.jpg", london / "001_smiling.jpg", "y", "", "nowhere"
    )
    assert done.returncode == 4, done.stderr
    found = json.loads((config.parent / "scores.json").read_text(encoding="utf-8"))
    assert [v["person"] for v in found["visits"]] == [1]


async def test_a_running_gate_keeps_its_camera(config: Path) -> None:
    async def answer(_: object, __: object = None) -> dict[str, object]:
        return {"ok": True}

    socket = config.parent / "run" / "staff.sock"
    socket.parent.mkdir()
    async with serve(socket, answer):
        process = await asyncio.create_subprocess_exec(
            *command(config), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
    assert process.returncode == 6
    assert b"The gate runs and owns the camera" in said


def test_a_unit_without_the_laboratory_can_rehearse() -> None:
    """What only the extras `calibrate` and `office` bring is not loaded."""
    loads = "import sys, gate.calibration.rehearsal, gate.calibration.live_words;"
    tells = "print(sorted({'jinja2', 'matplotlib', 'scipy'} & set(sys.modules)))"
    asked = [sys.executable, "-c", loads + tells]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
