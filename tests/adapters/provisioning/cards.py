"""Cards as Raspberry Pi OS writes them, as far as provisioning looks at them."""

import struct
import tomllib
from pathlib import Path

from gate.provisioning.plan import KEY_FILES
from tests.checkout import ROOT

EXAMPLE = ROOT / "docs/examples/site.toml"
CONFIG_TXT = """dtparam=audio=on
camera_auto_detect=1
display_auto_detect=1
auto_initramfs=1
dtoverlay=vc4-kms-v3d
max_framebuffers=2
disable_fw_kms_setup=1
arm_boost=1

[cm5]
dtoverlay=dwc2,dr_mode=host

[all]
"""
CMDLINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 "
    "fsck.repair=yes rootwait resize\n"
)
OVERLAYS = (
    *("vc4-kms-v3d", "vc4-kms-v3d-pi5", "disable-bt", "disable-bt-pi5", "disable-wifi"),
    *("disable-wifi-pi5", "i2c-rtc", "imx708", "imx219"),
)


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, machine) + bytes(44)


def make_card(folder: Path, version: int = 13) -> Path:
    root = folder / "card"
    files = {
        "etc/os-release": f'ID=debian\nVERSION_ID="{version}"\n',
        "etc/fstab": "PARTUUID=4e639091-02 / ext4 defaults,noatime 0 1\n",
        "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 raspberrypi\n",
        "etc/overlayroot.conf": 'overlayroot=""\n',
        "etc/chrony/chrony.conf": "pool 2.debian.pool.ntp.org iburst\nmakestep 1 3\nlogdir /x\n",
        "boot/firmware/config.txt": CONFIG_TXT,
        "boot/firmware/cmdline.txt": CMDLINE,
        **{f"boot/firmware/overlays/{name}.dtbo": "" for name in OVERLAYS},
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/env").write_bytes(elf(183))
    return root


def make_site(folder: Path, **changes: str) -> Path:
    """The example with keys, and `changes`: old line by new line."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    site = folder / "site.toml"
    site.write_text(text, encoding="utf-8")
    tomllib.loads(text)
    keys = folder / "wh-hs-01-g1"
    keys.mkdir(exist_ok=True)
    for name in KEY_FILES:
        (keys / name).write_text(f"{name}\n")
    return site


def tree(root: Path) -> dict[str, bytes | str]:
    return {
        str(p.relative_to(root)): str(p.readlink()) if p.is_symlink() else p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_symlink() or p.is_file()
    }
