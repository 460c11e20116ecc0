"""What a card, or the running system, is and holds. Reads only, before anything is written."""

import os
import re
import struct
from pathlib import Path

from gate.errors import HardwareFault, InputDamaged, Refused, StorageRefused
from gate.provisioning.boot_files import overlays
from gate.provisioning.plan import BOOT, EDITED, KEY_FILES, UNIT_FOLDER, shipped_folders
from gate.provisioning.site_file import Site

MACHINES = {183: "aarch64", 62: "x86_64", 40: "arm (32 bit)", 3: "i386 (32 bit)"}
"""ELF e_machine; elf(5)."""
_64_BIT = ("aarch64", "x86_64")
_BYTES_MAX = 1 << 20
_MODELS = {"Raspberry Pi 4": "pi4", "Raspberry Pi Compute Module 4": "pi4", "Raspberry Pi 5": "pi5"}


def machine_of(path: Path) -> str | None:
    """The processor that an ELF file is for; None where it is none."""
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError:
        return None
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[5] != 1:
        return None
    number = struct.unpack_from("<H", head, 18)[0]
    return MACHINES.get(number, f"machine {number}")


def is_trixie(root: Path) -> bool:
    """Debian 13, or 12. Refused for any other system, InputDamaged where no system is there."""
    try:
        said = (root / "etc/os-release").read_text(encoding="utf-8")
    except (OSError, ValueError) as e:
        raise InputDamaged(
            f"{root} holds no system (etc/os-release): mount the card's second partition there.",
            f"{root} 不是系统根目录：请把存储卡的第二个分区挂载到此处。",
        ) from e
    found = re.search(r'^VERSION_ID="?(\d+)', said, re.MULTILINE)
    if not found or found[1] not in ("12", "13"):
        raise Refused(
            f"{root} is neither Debian 12 nor 13: write the 64-bit Raspberry Pi OS of either.",
            "系统不是 Debian 12 或 13：请写入 64 位 Raspberry Pi OS Bookworm 或 Trixie。",
        )
    return found[1] == "13"


def look(root: Path, site: Site) -> dict[str, str]:
    """The texts of EDITED. Every reason against the card is raised before anything is written:
    InputDamaged, Refused, HardwareFault, StorageRefused."""
    _is_writable(root)
    _right_machine(root)
    _board_is(root, site)
    texts = {}
    for name in EDITED:
        path = root / name
        try:
            if path.is_symlink() or path.stat().st_size > _BYTES_MAX:
                raise InputDamaged(f"{path} is no plain file: write the card anew.", "文件异常。")
            texts[name] = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as e:
            raise InputDamaged(
                f"{path} cannot be read ({e}): write the card anew.", f"{path} 无法读取：请重写。"
            ) from e
    for name in (f"{BOOT}/config.txt", f"{BOOT}/cmdline.txt"):
        if name not in texts:
            raise InputDamaged(
                f"{root / name} is missing: mount the card's first partition at {root / BOOT}.",
                f"缺少 {root / name}：请把存储卡的第一个分区挂载到 {root / BOOT}。",
            )
    lacking = [n for n in overlays(site) if not (root / BOOT / f"overlays/{n}.dtbo").is_file()]
    if lacking:
        raise InputDamaged(
            f"{root / BOOT}/overlays lacks {', '.join(lacking)}: update the firmware, or correct "
            "[board] and [camera] of site.toml.",
            f"缺少设备树覆盖 {'、'.join(lacking)}：请更新固件，或改正 site.toml。",
            overlays=tuple(lacking),
        )
    if site.storage.read_only and not (root / "etc/overlayroot.conf").is_file():
        raise InputDamaged(
            "The package overlayroot is not on the card: apt install overlayroot, or set [storage] "
            "read_only = false.",
            "未安装 overlayroot：请用 apt 安装，或设 [storage] read_only = false。",
        )
    _devices(root, site)
    return texts


def _is_writable(root: Path) -> None:
    for folder in (root / "etc", root / BOOT):
        if not folder.is_dir():
            continue  # told in its own words later
        if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_RDONLY:
            raise StorageRefused(
                f"{folder} takes no files: push the card's lock switch, mount it "
                "read-write, and run this as root.",
                f"{folder} 不可写：请打开存储卡写保护开关、以读写方式挂载，并用 root 运行。",
            )


def _right_machine(root: Path) -> None:
    """A 32-bit system, and packages that were built for another processor."""
    system = next((m for n in ("usr/bin/env", "bin/true") if (m := machine_of(root / n))), None)
    if system is not None and system not in _64_BIT:
        raise Refused(
            f"The card's system is {system}: write the 64-bit Raspberry Pi OS.",
            f"存储卡上的系统是 {system}：请写入 64 位系统。",
        )
    for built in sorted((root / "opt/exam-gate").glob("lib/python3*/site-packages/**/*.so")):
        machine = machine_of(built)
        if system is not None and machine is not None and machine != system:
            raise Refused(
                f"{built.name} in /opt/exam-gate is for {machine} and the card's system is "
                f"{system}: install the package for {system}.",
                f"/opt/exam-gate 的软件属于 {machine}，而系统是 {system}：请安装对应的包。",
            )


def _board_is(root: Path, site: Site) -> None:
    """On a running board; a mounted card does not say which board it will be put in."""
    try:
        said = (root / "proc/device-tree/model").read_text(encoding="utf-8").strip("\x00\n ")
    except (OSError, ValueError):
        return
    found = next((name for start, name in _MODELS.items() if said.startswith(start)), None)
    if found is None:
        raise HardwareFault(
            f"This board is {said!r}; a gate runs on a Raspberry Pi 4 or 5.",
            f"此板为 {said!r}；闸机需要 Raspberry Pi 4 或 5。",
        )
    if found != site.board.model:
        raise HardwareFault(
            f"This board is {said!r} and site.toml says {site.board.model}: correct [board] model.",
            f"此板为 {said!r}，而 site.toml 写的是 {site.board.model}：请改正 [board] model。",
        )


def _devices(root: Path, site: Site) -> None:
    """What is plugged in and site.toml does not tell apart."""
    cameras = sorted(p.name for p in (root / "dev/v4l/by-id").glob("*-video-index0"))
    if site.camera.kind == "v4l2" and len(cameras) > 1 and site.camera.device is None:
        raise HardwareFault(
            f"{len(cameras)} cameras are connected ({', '.join(cameras)}): unplug one, or name it "
            "with [camera] device.",
            f"连接了 {len(cameras)} 个摄像头：请拔下一个，或用 [camera] device 指定。",
        )
    adapters = serial_adapters(root)
    if site.reader.port == "usb" and adapters and not set(adapters) & set(site.reader.usb):
        raise HardwareFault(
            f"The serial adapter {', '.join(adapters)} is none of [reader] usb "
            f"({', '.join(site.reader.usb)}): add it there if it is the reader's.",
            f"串口适配器 {'、'.join(adapters)} 不在 [reader] usb 中：如为读卡器，请加入。",
        )


def serial_adapters(root: Path) -> tuple[str, ...]:
    """vendor:product of each USB serial port of a running system, without doubles."""
    found = set()
    for port in (root / "sys/class/tty").glob("tty[UA][SC][BM]*"):
        place = (port / "device").resolve()
        for folder in (place, *place.parents):
            try:
                vendor = (folder / "idVendor").read_text(encoding="ascii").strip()
                product = (folder / "idProduct").read_text(encoding="ascii").strip()
            except (OSError, ValueError):
                continue
            found.add(f"{vendor}:{product}")
            break
    return tuple(sorted(found))


def is_packaged(root: Path) -> bool:
    """Whether the units came with the Debian package."""
    return (root / "usr/lib/systemd/system/exam-gate.service").is_file() and not (
        root / UNIT_FOLDER / "exam-gate.service"
    ).is_file()


def read_shipped() -> dict[str, str]:
    """Units and fragments by file name. OSError."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for folder in shipped_folders()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def read_keys(folder: Path) -> dict[str, bytes]:
    """The unit's keys and certificates. InputDamaged names every one that is missing."""
    missing = [name for name in KEY_FILES if not (folder / name).is_file()]
    if missing:
        raise InputDamaged(
            f"{folder} lacks {', '.join(missing)}: take the folder of exam-office gates hand-over.",
            f"{folder} 缺少 {'、'.join(missing)}：请使用 exam-office gates hand-over 的文件夹。",
            missing=tuple(missing),
        )
    try:
        return {name: (folder / name).read_bytes() for name in KEY_FILES}
    except OSError as e:
        raise InputDamaged(f"{folder} cannot be read ({e}).", f"{folder} 无法读取。") from e
