"""The parts of scripts/instructions that need no emulator."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT, script_module

FOLDER = ROOT / "scripts" / "instructions"


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Any:
    return script_module(monkeypatch, "instructions", "instruction_report")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Any:
    return script_module(monkeypatch, "instructions", "arm64_system")


def lines(*alls: int) -> str:
    """The counter's lines; a quarter loads and stores, half arithmetic, one thread."""
    return "".join(f"{n} {n // 4} {n // 2} 1\n" for n in alls)


SHORT = lines(40_000_000, 48_000_000, 48_400_000, 52_400_000, 60_000_000)
LONG = lines(
    *(40_000_000, 48_000_000, 48_400_000, 52_400_000, 52_800_000, 56_900_000),
    *(57_200_000, 61_200_000, 68_800_000),
)
"""Two pictures and four; the first takes 8 million, the others 4.0, 4.1 and 4.0 million."""


def test_a_picture_is_what_ran_between_its_two_lines(report: Any) -> None:
    run = report.read_run(SHORT)
    assert [c.all for c in run.pictures] == [8_000_000, 4_000_000]
    assert [c.memory for c in run.pictures] == [2_000_000, 1_000_000]
    assert run.whole.all == 60_000_000


def test_the_first_picture_of_a_process_is_left_out(report: Any) -> None:
    result = report.peer_result(report.read_run(SHORT), report.read_run(LONG))
    assert (result["millions"], result["fewest"], result["most"]) == (4.0, 4.0, 4.1)
    assert (result["loads_and_stores"], result["simd_and_float"]) == (1.0, 2.0)
    assert (result["by_difference_of_runs"], result["pictures"]) == (4.4, 4)


@pytest.mark.parametrize("text", ["", lines(1, 2)])
def test_a_guest_that_ended_early_gives_no_figures(report: Any, text: str) -> None:
    with pytest.raises(ValueError, match="lines of counts"):
        report.read_run(text)


def test_the_peer_to_beat_is_opencvs_form_with_the_fewest_instructions(report: Any) -> None:
    peers = {
        "gate, LiteRT": {"millions": 150.0},
        "OpenCV, int8 as shipped": {"millions": 400.0},
        "OpenCV, float32": {"millions": 300.0},
    }
    assert report.ratios(peers) == {"LiteRT against OpenCV": 0.5}
    del peers["OpenCV, int8 as shipped"], peers["OpenCV, float32"]
    assert report.ratios(peers) == {}


def test_the_table_names_the_processor_of_each_figure(report: Any) -> None:
    peer = report.peer_result(report.read_run(SHORT), report.read_run(LONG))
    peers = {"gate, LiteRT": peer, "OpenCV, float32": {**peer, "millions": 8.0}}
    text = report.table(
        {
            "date": "2026-11-28",
            "emulator": "qemu 7.2",
            "pictures": "photographs",
            "processors": {
                name: {"board": board, "peers": peers, "ratios": report.ratios(peers)}
                for name, board in (("cortex-a72", "board 4"), ("cortex-a76", "board 5"))
            },
        }
    )
    for place in ("cortex-a72 (board 4)", "cortex-a76 (board 5)"):
        assert f"| {place} | gate, LiteRT | 4.0 | 4.0 to 4.1 | 1.0 | 2.0 | 4.4 |" in text
        assert f"| LiteRT against OpenCV | {place} | 0.50 |" in text


def test_a_guest_sees_the_boards_processor(system: Any, tmp_path: Path) -> None:
    for processor in system.PROCESSORS:
        system.pretend(tmp_path, processor)
        told = dict(
            line.split("\t: ")
            for line in (tmp_path / "proc/cpuinfo").read_text().splitlines()
            if "\t: " in line
        )
        assert told["CPU part"] == {"cortex-a72": "0xd08", "cortex-a76": "0xd0b"}[processor.name]
        assert ("asimddp" in told["Features"].split()) == (processor.name == "cortex-a76")
        assert (tmp_path / "sys/devices/system/cpu/possible").read_text() == "0\n"


def test_two_boards_share_one_system(system: Any, tmp_path: Path) -> None:
    python = tmp_path / "root/usr/bin/python3.11"
    python.parent.mkdir(parents=True)
    python.write_text("python")
    system.pretend(tmp_path / "root", system.PROCESSORS[0])
    boards = [system.board(tmp_path / "root", processor) for processor in system.PROCESSORS]
    assert len({(b / "proc/cpuinfo").read_text() for b in boards}) == 2
    assert all((b / "usr/bin/python3.11").samefile(python) for b in boards)


def test_what_could_not_be_installed_is_said_in_a_sentence(system: Any) -> None:
    failing = ["sh", "-c", "echo first; echo E: no such package >&2; exit 100"]
    with pytest.raises(system.NotToBeHad, match="failed: E: no such package"):
        system._run(failing)


def test_half_made_parts_are_made_again(system: Any, tmp_path: Path) -> None:
    part = tmp_path / "site"
    part.mkdir()
    (part / "old").touch()
    assert not system._made(part, "wanted")
    assert not part.exists()
    part.mkdir()
    system._finish(part, "wanted")
    assert system._made(part, "wanted")
    assert not system._made(part, "something newer")


@pytest.mark.system
def test_the_counter_compiles_without_a_warning(system: Any, tmp_path: Path) -> None:
    source = str(FOLDER / "counter.c")
    compiler = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]
    subprocess.run([*compiler, str(tmp_path / "counter.so"), source], check=True)


@pytest.mark.system
@pytest.mark.parametrize(
    ("arguments", "code"), [(["--pictures", "0"], 2), (["--processor", "z80"], 2)]
)
def test_arguments_that_cannot_be_are_refused(arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "count.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stderr
