"""exam-gate provision on cards: again, half-way, damaged, and of the wrong kind."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.__main__ import app
from gate.config.settings import load
from gate.errors import ConfigInvalid, GateError, HardwareFault, InputDamaged, Refused
from gate.provisioning import card, writing
from gate.provisioning.plan import STAMP
from gate.provisioning.site_file import read_site
from gate.provisioning.writing import Difference
from tests.adapters.provisioning.cards import EXAMPLE, elf, make_card, make_site, tree


def provision(site: Path, root: Path, *more: str) -> str:
    """What it prints. The error that ends it is raised."""
    done = CliRunner().invoke(app, ["provision", str(site), "--root", str(root), *more])
    if isinstance(done.exception, GateError):
        raise done.exception
    assert done.exit_code in (0, 1), done.output
    return f"{done.exit_code}\n{done.output}"


@pytest.mark.parametrize("version", [12, 13])
def test_a_card_is_made_once_and_then_nothing_differs(tmp_path: Path, version: int) -> None:
    root, site = make_card(tmp_path, version), make_site(tmp_path)
    assert provision(site, root, "--check").startswith("1\n")
    assert not (root / STAMP).exists()
    assert provision(site, root).startswith("0\n")
    made = tree(root)
    assert provision(site, root, "--check").startswith("0\n")
    assert "nothing to do" in provision(site, root)
    assert tree(root) == made
    settings = load(root / "etc/exam-gate/gate.toml")
    assert (settings.unit.id, settings.screen.speech) == ("wh-hs-01-g1", False)
    assert (root / "etc/exam-gate/gate.key").stat().st_mode & 0o777 == 0o600


def test_a_change_of_the_site_is_shown_and_written(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    provision(site, root)
    changed = make_site(tmp_path, **{'host = "broker.local"': 'host = "10.20.1.9"'})
    said = provision(changed, root, "--check")
    assert '+host = "10.20.1.9"' in said
    assert said.startswith("1\n")
    provision(changed, root)
    assert load(root / "etc/exam-gate/gate.toml").mqtt.host == "10.20.1.9"


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    (tmp_path / "wh-hs-01-g1/gate.key").write_text("very-secret\n")
    assert "very-secret" not in provision(site, root, "--check")


def test_interrupted_anywhere_and_run_again_it_is_the_same_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path)
    whole = make_card(tmp_path / "whole")
    provision(site, whole)
    really = writing.write_file
    count = sum(1 for name in tree(whole)) + 1
    stopped = 0
    for after in range(0, count, 3):
        root = make_card(tmp_path / f"after-{after}")
        left = [after]

        def cut(path: Path, content: bytes, mode: int, left: list[int] = left) -> None:
            if left[0] == 0:
                raise OSError(5, "stick pulled out")
            left[0] -= 1
            really(path, content, mode)

        monkeypatch.setattr(writing, "write_file", cut)
        ended = CliRunner().invoke(app, ["provision", str(site), "--root", str(root)]).exception
        if isinstance(ended, GateError):
            stopped += 1
            assert "run this again" in str(ended)
            assert not (root / STAMP).exists()
        monkeypatch.setattr(writing, "write_file", really)
        provision(site, root)
        assert tree(root) == tree(whole)
    assert stopped >= 8


def test_five_mistakes_are_all_named(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in {
        'id = "wh-hs-01-g1"': 'id = "other-g1"',
        'model = "pi5"': 'model = "pi3"',
        'gateway = "10.20.1.1"': 'gateway = "10.30.1.1"',
        'exam = ["10.20.0.0/16"]': 'exam = ["0.0.0.0/0"]',
        "screen = true": "sreen = true",
    }.items():
        assert old in text
        text = text.replace(old, new)
    text += "\n[signals]\nred = 6\n[watchdog]\nseconds = 20\n"
    with pytest.raises(ConfigInvalid) as refused:
        read_site(text.encode())
    said = "\n".join(refused.value.facts["faults"])  # type: ignore[call-overload]
    for word in ("wh-hs-01-", "pi4", "10.30.1.1", "internet", "sreen", "used twice", "seconds"):
        assert word in said, said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('rtc = "built-in"', 'rtc = "ds3231"\n[signals]\nred = 2', "the clock's"),
        ('port = "usb"', 'port = "pins"\n[signals]\nred = 15', "card reader's"),
        ('address = "10.20.1.21/24"', 'address = "10.99.1.21/24"', "reaches"),
        ('model = "pi5"', 'model = "pi4"', "no built-in clock"),
        ("screen = true", 'screen = true\n[storage]\ndata = "a b"', "storage.data"),
        ('time = ["10.20.1.1"]', "time = []", "network.time"),
    ],
)
def test_what_bricks_a_unit_is_refused(old: str, new: str, says: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ConfigInvalid, match=says):
        read_site(text.replace(old, new).encode())


def _no_overlay(root: Path) -> None:
    (root / "boot/firmware/overlays/imx708.dtbo").unlink()


def _no_boot(root: Path) -> None:
    (root / "boot/firmware/config.txt").unlink()


def _two_lines(root: Path) -> None:
    (root / "boot/firmware/cmdline.txt").write_text("root=/dev/sda\nquiet\n")


def _pi3(root: Path) -> None:
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/model").write_text("Raspberry Pi 3 Model B\x00")


def _pi4(root: Path) -> None:
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/model").write_text("Raspberry Pi 4 Model B Rev 1.4\x00")


def _32_bit(root: Path) -> None:
    (root / "usr/bin/env").write_bytes(elf(40))


def _other_wheel(root: Path) -> None:
    folder = root / "opt/exam-gate/lib/python3.13/site-packages/numpy"
    folder.mkdir(parents=True)
    (folder / "core.so").write_bytes(elf(62))


def _no_system(root: Path) -> None:
    (root / "etc/os-release").unlink()


def _debian_11(root: Path) -> None:
    (root / "etc/os-release").write_text('VERSION_ID="11"\n')


def _no_overlayroot(root: Path) -> None:
    (root / "etc/overlayroot.conf").unlink()


def _other_reader(root: Path) -> None:
    device = root / "sys/devices/usb1/1-1"
    (device / "1-1:1.0/ttyUSB0/tty/ttyUSB0").mkdir(parents=True)
    (device / "idVendor").write_text("1234\n")
    (device / "idProduct").write_text("abcd\n")
    (root / "sys/class/tty/ttyUSB0").mkdir(parents=True)
    (root / "sys/class/tty/ttyUSB0/device").symlink_to(device / "1-1:1.0/ttyUSB0")


def _etc_elsewhere(root: Path) -> None:
    (root.parent / "host").mkdir()
    (root / "etc/modules-load.d").symlink_to(root.parent / "host")


@pytest.mark.parametrize(
    ("harm", "error", "says"),
    [
        (_no_overlay, InputDamaged, "imx708"),
        (_no_boot, InputDamaged, "first partition"),
        (_two_lines, InputDamaged, "not one line"),
        (_pi3, HardwareFault, "Raspberry Pi 4 or 5"),
        (_pi4, HardwareFault, "correct"),
        (_32_bit, Refused, "64-bit"),
        (_other_wheel, Refused, "x86_64"),
        (_no_system, InputDamaged, "second partition"),
        (_debian_11, Refused, "Debian 12"),
        (_no_overlayroot, InputDamaged, "overlayroot"),
        (_other_reader, HardwareFault, "1234:abcd"),
        (_etc_elsewhere, Refused, "out of the card"),
    ],
)
def test_a_wrong_card_is_refused_before_anything_is_written(
    tmp_path: Path, harm: object, error: type[GateError], says: str
) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    harm(root)  # type: ignore[operator]
    before = tree(root)
    with pytest.raises(error, match=says) as refused:
        provision(site, root)
    assert tree(root) == before
    assert refused.value.zh != refused.value.en


def test_two_cameras_are_told_apart_by_the_technician(tmp_path: Path) -> None:
    root = make_card(tmp_path)
    (root / "dev/v4l/by-id").mkdir(parents=True)
    for name in ("usb-a-video-index0", "usb-b-video-index0"):
        (root / "dev/v4l/by-id" / name).touch()
    cable = 'sensor = "imx708"'
    with pytest.raises(HardwareFault, match="2 cameras"):
        provision(make_site(tmp_path, **{cable: 'kind = "v4l2"'}), root)
    provision(make_site(tmp_path, **{cable: 'kind = "v4l2"\ndevice = 1'}), root)
    assert load(root / "etc/exam-gate/gate.toml").camera.device == 1


def test_missing_keys_are_all_named(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    (tmp_path / "wh-hs-01-g1/gate.crt").unlink()
    (tmp_path / "wh-hs-01-g1/office.pub").unlink()
    with pytest.raises(InputDamaged, match=r"office\.pub, gate\.crt"):
        provision(site, root)
    assert not (root / "etc/exam-gate").exists()


@pytest.fixture
def small_card(tmp_path: Path) -> Iterator[Path]:
    """A card's folder on a file system of its own that is read-only."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting needs root")
    root = make_card(tmp_path)
    if os.system(f"mount --bind {root} {root} && mount -o remount,bind,ro {root}"):
        pytest.skip("this machine mounts nothing")
    yield root
    os.system(f"umount {root}")


def test_a_read_only_card_is_one_sentence(small_card: Path, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="lock switch") as refused:
        provision(make_site(tmp_path), small_card)
    assert refused.value.exit_code == 7


def test_an_imagers_login_is_left_alone(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    (root / "boot/firmware/user-data").write_text("#cloud-config\nusers: [me]\n")
    provision(site, root)
    assert "users: [me]" in (root / "boot/firmware/user-data").read_text()


def test_units_of_the_debian_package_are_not_written_twice(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    unit = root / "usr/lib/systemd/system/exam-gate.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    provision(site, root)
    assert not (root / "etc/systemd/system/exam-gate.service").exists()
    wanted = root / "etc/systemd/system/multi-user.target.wants/exam-gate.service"
    models = load(root / "etc/exam-gate/gate.toml").paths.models
    assert str(models) == "/usr/share/exam-gate/models"
    assert str(wanted.readlink()) == "/usr/lib/systemd/system/exam-gate.service"


def test_a_difference_of_mode_alone_is_one(tmp_path: Path) -> None:
    root, site = make_card(tmp_path), make_site(tmp_path)
    provision(site, root)
    (root / "etc/exam-gate/gate.key").chmod(0o644)
    assert "gate.key" in provision(site, root, "--check")


def test_machines_are_read_off_elf_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(elf(183))
    (tmp_path / "b").write_bytes(b"#!/bin/sh\n")
    assert card.machine_of(tmp_path / "a") == "aarch64"
    assert card.machine_of(tmp_path / "b") is None
    assert isinstance(writing.differences(tmp_path, []), tuple)
    assert Difference.__doc__
