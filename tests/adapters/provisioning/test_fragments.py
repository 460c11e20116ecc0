"""Every file that provisioning writes, read by the program that it is for, or by its grammar."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gate.provisioning import boot_files, system_files
from gate.provisioning.card import read_shipped
from gate.provisioning.plan import Planned, plan
from gate.provisioning.site_file import Site, read_site
from tests.adapters.provisioning.cards import CMDLINE, CONFIG_TXT, EXAMPLE

EXISTING = {
    "boot/firmware/config.txt": CONFIG_TXT,
    "boot/firmware/cmdline.txt": CMDLINE,
    "etc/fstab": "PARTUUID=4e639091-02 / ext4 defaults,noatime 0 1\n",
    "etc/chrony/chrony.conf": "pool 2.debian.pool.ntp.org iburst\nconfdir /etc/chrony/conf.d\n",
}
PI4_PINS = {
    'model = "pi5"': 'model = "pi4"',
    'rtc = "built-in"': 'rtc = "ds3231"',
    'port = "usb"': 'port = "pins"',
    'address = "10.20.1.21/24"': 'address = "dhcp"',
    'gateway = "10.20.1.1"': "",
    "screen = true": 'screen = false\n[console]\nlisten = "0.0.0.0:8443"',
}
CHIP_ON_PI5 = {'rtc = "built-in"': 'rtc = "rv3028"', 'sensor = "imx708"': 'sensor = "auto"'}
SITES = [{}, PI4_PINS, CHIP_ON_PI5]


def a_site(changes: dict[str, str]) -> Site:
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return read_site(text.encode())


def planned(site: Site, *, trixie: bool = True) -> dict[str, Planned]:
    found = plan(site, EXISTING, read_shipped(), {}, trixie=trixie, packaged=False)
    return {it.path: it for it in found}


def text_of(files: dict[str, Planned], path: str) -> str:
    return files[path].content.decode()


@pytest.mark.parametrize("changes", SITES, ids=["pi5", "pi4-pins", "pi5-chip"])
@pytest.mark.parametrize("trixie", [True, False])
def test_every_file_is_read_by_something(changes: dict[str, str], trixie: bool) -> None:
    for path, it in planned(a_site(changes), trixie=trixie).items():
        text = it.content.decode()
        if it.link:
            continue
        assert text.endswith("\n")
        if re.search(r"\.conf\.d/|system-connections|zram", path):
            # Values are told by their case; a key may stand twice in a unit's drop-in only.
            parser = configparser.ConfigParser(interpolation=None)
            parser.read_string(text)
            assert parser.sections(), path
        elif path.endswith("user-data"):
            assert yaml.safe_load(text)["hostname"] == "wh-hs-01-g1"
        elif path.endswith("fstab"):
            rows = [r.split() for r in text.splitlines() if r and r[0] != "#"]
            assert all(len(row) == 6 for row in rows)
            assert "nofail" in rows[-1][3].split(",")
            assert [row[1] for row in rows] == ["/", "/var/lib/exam-gate"]


@pytest.mark.skipif(not shutil.which("nft", path="/usr/sbin:/usr/bin"), reason="no nft here")
@pytest.mark.parametrize("changes", SITES, ids=["pi5", "pi4-pins", "pi5-chip"])
def test_nft_reads_the_rules(changes: dict[str, str], tmp_path: Path) -> None:
    rules = tmp_path / "nftables.conf"
    rules.write_text(system_files.nftables(a_site(changes)))
    done = subprocess.run(
        ["/usr/sbin/nft", "-c", "-f", rules], capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in done.stderr or "cache" in done.stderr:
        pytest.skip("nft may not look at this machine's tables")
    assert done.returncode == 0, done.stderr


def test_ssh_and_console_are_open_to_the_sites_networks_alone() -> None:
    rules = system_files.nftables(a_site(PI4_PINS))
    assert "policy drop" in rules
    accepted = [row.strip() for row in rules.splitlines() if "dport" in row and "tcp" in row]
    assert accepted == [
        "ip saddr { 10.20.1.0/28 } tcp dport 22 accept",
        "ip saddr { 10.20.0.0/16 } tcp dport 8443 accept",
    ]
    assert "8443" not in system_files.nftables(a_site({}))


@pytest.mark.parametrize("changes", SITES, ids=["pi5", "pi4-pins", "pi5-chip"])
def test_the_firmware_is_told_each_thing_once_in_a_section(changes: dict[str, str]) -> None:
    site = a_site(changes)
    files = planned(site)
    whole = text_of(files, "boot/firmware/config.txt").replace(
        boot_files.INCLUDE, text_of(files, "boot/firmware/exam-gate.txt")
    )
    section, seen = "all", []
    for row in whole.splitlines():
        line = row.strip()
        if re.fullmatch(r"\[\w+\]", line):
            section = line.strip("[]")
        elif line and line[0] != "#" and section in ("all", site.board.model):
            key, _, value = line.partition("=")
            word = value.split(",")[0] if key == "dtoverlay" else value.split("=")[0]
            seen.append(f"{key}={word}" if key in ("dtoverlay", "dtparam", "gpio") else key)
    assert len(seen) == len(set(seen)), seen
    names = {row.removeprefix("dtoverlay=") for row in seen if row.startswith("dtoverlay")}
    asked = {name.removesuffix("-pi5") for name in boot_files.overlays(site)}
    assert names == asked


def test_the_command_line_stays_one_line_and_frees_the_port() -> None:
    once = boot_files.cmdline(CMDLINE, read_only=True)
    assert once.count("\n") == 1
    assert once.startswith("overlayroot=tmpfs:recurse=0 ")
    assert "serial0" not in once
    assert "console=tty1" in once
    assert boot_files.cmdline(once, read_only=True) == once
    assert "overlayroot" not in boot_files.cmdline(once, read_only=False)


def test_editing_twice_changes_nothing() -> None:
    site, shipped = a_site({}), read_shipped()
    for edit in (
        boot_files.config_txt,
        system_files.chrony_main,
        lambda text: system_files.fstab(text, site, shipped["fstab"]),
        lambda text: system_files.hosts(text, site),
    ):
        once = edit(CONFIG_TXT if edit is boot_files.config_txt else "pool x iburst\n")
        assert edit(once) == once


def test_readers_of_the_site_alone_get_the_link() -> None:
    rules = read_shipped()["70-exam-gate.rules"]
    other = system_files.udev_rules(
        a_site({'port = "usb"': 'port = "usb"\nusb = ["1234:abcd"]'}), rules
    )
    active = [row for row in other.splitlines() if row and row[0] != "#"]
    assert len(active) == 1
    assert 'ATTRS{idVendor}=="1234", ATTRS{idProduct}=="abcd"' in active[0]
    pins = system_files.udev_rules(a_site(PI4_PINS), rules)
    assert next(r for r in pins.splitlines() if r and r[0] != "#").startswith(
        'SUBSYSTEM=="tty", KERNEL=="ttyAMA0"'
    )


def test_chrony_asks_the_site_alone() -> None:
    files = planned(a_site({'time = ["10.20.1.1"]': 'time = ["10.20.1.1", "10.20.1.2"]'}))
    own = text_of(files, "etc/chrony/conf.d/exam-gate.conf")
    assert re.findall(r"^server (\S+) iburst minpoll 4 maxpoll 6$", own, re.MULTILINE) == [
        "10.20.1.1",
        "10.20.1.2",
    ]
    assert not re.search(r"^(pool|server)", text_of(files, "etc/chrony/chrony.conf"), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_units_with_the_sites_drop_ins(tmp_path: Path) -> None:
    for path, it in planned(a_site({})).items():
        if it.link or not path.startswith("etc/systemd/system/"):
            continue
        target = tmp_path / path.removeprefix("etc/systemd/system/")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", it.content.decode(), flags=re.M)
        target.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("*.service")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "10-site.conf" not in done.stderr
