"""A unit's private keys go to the unit and stay nowhere else."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import office.__main__
from gate.errors import Refused, StorageRefused, UsageError
from gate.roster.keys import read_key
from office.home import Home
from office.keys.hand_over import hand_over, private_keys
from office.keys.key_files import make_keys

GATE = "wh-hs-01-g1"
KEYS = {"gate.key", "gate-sealing.key", "gate-signing.key"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    place = Home(tmp_path / "home")
    make_keys(place, gates=[GATE], not_before=datetime.now(UTC))
    return place


def test_the_keys_are_at_the_unit_and_gone_from_the_office(home: Home, tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in home.gate(GATE).iterdir()}
    target = hand_over(home, GATE, tmp_path / "stick")
    assert {p.name: p.read_bytes() for p in target.iterdir()} == before
    assert len(read_key(target / "gate-signing.key", "a key")) == 32
    left = {p.name for p in home.gate(GATE).iterdir()}
    assert left == set(before) - KEYS
    make_keys(home, gates=[GATE], not_before=datetime.now(UTC))
    assert private_keys(home, GATE) == []  # not made again


def test_what_cannot_be_handed_over_is_told_and_nothing_is_lost(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No unit"):
        hand_over(home, "wh-hs-01-g9", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageRefused):
        hand_over(home, GATE, tmp_path / "file")
    (tmp_path / "taken" / GATE).mkdir(parents=True)
    with pytest.raises(Refused, match="already"):
        hand_over(home, GATE, tmp_path / "taken")
    assert {p.name for p in private_keys(home, GATE)} == KEYS
    hand_over(home, GATE, tmp_path / "stick")
    with pytest.raises(Refused, match="handed over"):
        hand_over(home, GATE, tmp_path / "other")


def test_a_disk_that_fills_up_leaves_the_keys_here(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageRefused, match="free space"):
        hand_over(home, GATE, tmp_path / "stick")
    assert not (tmp_path / "stick" / GATE).exists()
    assert {p.name for p in private_keys(home, GATE)} == KEYS


def test_the_list_tells_where_keys_still_lie_and_is_never_silent(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def listed(root: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["exam-office", "gates", "list", "--home", str(root)])
        with pytest.raises(SystemExit):
            office.__main__.main()
        return capsys.readouterr().out

    assert "No unit is enrolled" in listed(tmp_path / "empty")
    assert "PRIVATE KEYS STILL HERE" in listed(home.root)
    hand_over(home, GATE, tmp_path / "stick")
    assert "PRIVATE KEYS" not in listed(home.root)
