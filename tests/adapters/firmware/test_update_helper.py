"""systemd/exam-gate-update with stand-ins for apt, systemctl and the self-test."""

import os
import subprocess
from pathlib import Path

import pytest

from gate.errors import StorageRefused
from gate.platform.update_request import ask, requests_in
from tests.checkout import ROOT

HELPER = ROOT / "systemd/exam-gate-update"


class Unit:
    """A unit's folders: /opt with two versions, a state folder, programs that write what they do.

    `works`: which environments pass the self-test.
    """

    def __init__(self, folder: Path, works: str = "exam-gate-1 exam-gate-2", apt: int = 0) -> None:
        self.opt, self.state = folder / "opt", folder / "state"
        self.calls, self.folder = folder / "calls", folder
        for path in (self.opt / "exam-gate-1", self.opt / "exam-gate-2", self.state):
            path.mkdir(parents=True)
        (self.opt / "exam-gate").symlink_to(self.opt / "exam-gate-1")
        self._program("apt", f'case "$*" in *install*) {self._installs()};; esac; exit {apt}')
        self._program("systemctl", "exit 0")
        self._program(
            "selftest",
            f'case " {works} " in *" $(basename "$(readlink {self.opt}/exam-gate)") "*) exit 0;; '
            "esac; exit 6",
        )

    def _installs(self) -> str:
        link = self.opt / "exam-gate"
        return (
            f"ln -sfn {self.opt}/exam-gate-1 {link}.before; ln -sfn {self.opt}/exam-gate-2 {link}"
        )

    def _program(self, name: str, does: str) -> None:
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.calls}\n{does}\n')
        path.chmod(0o755)

    def run(self) -> str:
        """What became of the request."""
        names = {"APT": "apt", "SYSTEMCTL": "systemctl", "SELFTEST": "selftest"}
        subprocess.run(
            [HELPER],
            env={
                "PATH": os.environ["PATH"],
                "STATE": str(self.state),
                "OPT": str(self.opt),
                "RESULT": str(self.folder / "result"),
                **{key: str(self.folder / name) for key, name in names.items()},
            },
            check=True,
            capture_output=True,
        )
        assert not (self.state / "update-request").exists()
        return (self.folder / "result").read_text()

    @property
    def in_use(self) -> str:
        return (self.opt / "exam-gate").readlink().name


@pytest.fixture(autouse=True)
def _no_overlay_here() -> None:
    """The helper asks findmnt for the root's kind."""
    done = subprocess.run(
        ["findmnt", "-n", "-o", "FSTYPE", "/"], capture_output=True, text=True, check=False
    )
    if done.stdout.strip() == "overlay":
        pytest.skip("the root of this machine is an overlay")


def test_a_version_that_passes_stays(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    ask(unit.state, "0.2.0~deb12")
    assert unit.run() == "done: exam-gate-2 is in use\n"
    calls = unit.calls.read_text()
    assert "install exam-gate=0.2.0~deb12" in calls
    assert "Dir::Etc::sourceparts=-" in calls
    assert calls.index("systemctl stop") < calls.index("selftest") < calls.index("systemctl start")


def test_a_version_that_fails_goes_back_by_itself(tmp_path: Path) -> None:
    unit = Unit(tmp_path, works="exam-gate-1")
    ask(unit.state, "0.2.0~deb12")
    assert unit.run().startswith("rolled back: the self-test failed; exam-gate-1 is in use again")
    assert unit.in_use == "exam-gate-1"
    assert unit.calls.read_text().splitlines()[-1] == "systemctl start exam-gate.service"


def test_where_a_device_is_at_fault_the_gate_is_started_and_says_which(tmp_path: Path) -> None:
    unit = Unit(tmp_path, works="none")
    ask(unit.state, "0.2.0~deb12")
    assert "fails in both versions" in unit.run()
    assert unit.in_use == "exam-gate-1"
    assert unit.calls.read_text().splitlines()[-1] == "systemctl start exam-gate.service"


def test_a_package_that_cannot_be_had_changes_nothing(tmp_path: Path) -> None:
    unit = Unit(tmp_path, apt=100)
    ask(unit.state, "0.2.0~deb12")
    assert unit.run().startswith("failed: 0.2.0~deb12 could not be installed")
    assert "systemctl stop" not in unit.calls.read_text()


def test_back_to_the_version_before(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    ask(unit.state, None)
    assert unit.run() == "refused: no version before is kept\n"
    (unit.opt / "exam-gate.before").symlink_to(unit.opt / "exam-gate-2")
    ask(unit.state, None)
    assert unit.run() == "done: exam-gate-2 is in use\n"


@pytest.mark.parametrize(
    "request_line",
    [
        "install 0.2.0 evil",
        "install 0.2.0;reboot",
        "install -o",
        "install ../x",
        "install ",
        "reboot",
        "",
        "install $(reboot)",
        "x" * 500,
    ],
)
def test_nothing_else_of_the_gates_user_reaches_root(tmp_path: Path, request_line: str) -> None:
    unit = Unit(tmp_path)
    (unit.state / "update-request").write_text(request_line + "\n")
    assert unit.run().startswith("refused: ")
    assert not unit.calls.exists()


def test_a_link_in_place_of_the_request_is_not_followed(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    other = tmp_path / "other"
    other.write_text("install 0.2.0\n")
    (unit.state / "update-request").symlink_to(other)
    assert unit.run() == "refused: the request is no file\n"
    assert other.exists()


def test_a_gate_that_is_no_package_asks_nobody(tmp_path: Path) -> None:
    assert requests_in(tmp_path) is None
    (tmp_path / "file").touch()
    with pytest.raises(StorageRefused, match="cannot be stored"):
        ask(tmp_path / "file", "0.2.0")
