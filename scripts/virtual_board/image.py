"""The disks of the virtual board: the set-up of docs/operations.md in a root file system.

Where a Raspberry Pi has hardware of its own, one service stands for it at boot. gpio-sim makes 54
lines under the header's label. /proc/cpuinfo gets a revision that gpiozero knows. vimc is the
camera.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from demo import cast, pictures
from demo.processes import program, run
from demo.stage import models_folder
from scripts.virtual_board.qemu import Disks

UNIT = "wh-hs-01-g1"
SITE = "wh-hs-01"
SYSTEM_SIZE, DATA_SIZE = "5G", "2G"
_REVISION = "c04170"
"""A Raspberry Pi 5 of 4 GB, as the kernel of Raspberry Pi OS writes it."""

_HARDWARE = """\
[Unit]
Description=Stands for the board: header lines, revision, memory heap
DefaultDependencies=no
After=systemd-udevd.service systemd-modules-load.service local-fs.target sys-kernel-config.mount
Wants=sys-kernel-config.mount
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/libexec/virtual-board
[Install]
WantedBy=sysinit.target
"""
_HARDWARE_SCRIPT = f"""\
set -eu
{{ cat /proc/cpuinfo; printf 'Hardware\\t: BCM2835\\nRevision\\t: {_REVISION}\\n'; }} >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
modprobe gpio-sim
cd /sys/kernel/config/gpio-sim
mkdir -p pi/bank0
echo 54 >pi/bank0/num_lines
echo pinctrl-rp1 >pi/bank0/label
echo 1 >pi/live
ln -sf system /dev/dma_heap/linux,cma
"""
_DEVICE_RULES = """\
SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"
SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"
"""
_GATE = f"""\
[unit]
id = "{UNIT}"
site = "{SITE}"
[mqtt]
host = "127.0.0.1"
port = 8883
[signals]
open_s = 1.0
"""


@dataclass(frozen=True, slots=True)
class Built:
    """`base` and `data`: images that no run changes; `kernel` and `initrd` of the first."""

    base: Path
    data: Path
    kernel: Path
    initrd: Path

    @classmethod
    def found(cls, cache: Path) -> "Built":
        """What an earlier `build` left in `cache`. ValueError where the root has not one kernel."""
        boot = cache / "root" / "boot"
        (kernel,), (initrd,) = boot.glob("vmlinuz-*"), boot.glob("initrd.img-*")
        return cls(cache / "base.img", cache / "data.img", kernel, initrd)


def build(cache: Path, checkout: Path, work: Path) -> Built:
    """Both images, from the root that root.sh left in `cache`. CommandFailed."""
    root = cache / "root"
    office = _office(work)
    _configure(root, checkout, office)
    state = _state(root, work)
    base, data = cache / "base.img", cache / "data.img"
    _filesystem(base, root, SYSTEM_SIZE, "root")
    _filesystem(data, state, DATA_SIZE, "exam-gate")
    return Built.found(cache)


def fresh_disks(built: Built, folder: Path) -> None:
    """As after the set-up: what a run changes lies in `folder`."""
    disks = Disks.of(folder)
    disks.system.unlink(missing_ok=True)
    backing = ("-b", str(built.base), "-F", "raw")
    run("qemu-img", "create", "-q", "-f", "qcow2", *backing, str(disks.system))
    run("cp", "--sparse=always", str(built.data), str(disks.data))


def _office(work: Path) -> Path:
    """Keys, a roster and the broker's configuration, with the commands of an office."""
    office, home = program("exam-office"), work / "office"
    broker = ("--broker", "127.0.0.1")
    run(office, "keys", "--home", str(home), "--gate", UNIT, *broker)
    people = cast.people()
    photos = pictures.fetch(pictures.cache_folder())
    tickets = work / "photos"
    tickets.mkdir()
    rows = ["ticket,id_number,name,site,paper,room,seat"]
    for person in people.values():
        if person.ticket:
            rows.append(
                f"{person.ticket},{person.number},{person.name},{person.site},{person.paper},"
                f"{person.room},{person.seat}"
            )
            shutil.copy(photos[str(person.ticket_photo)], tickets / f"{person.ticket}.jpg")
    (work / "candidates.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lists = (str(cast.HERE / "exam.toml"), str(work / "candidates.csv"), str(tickets))
    run(office, "roster", "build", *lists, "--out", str(work / "rosters"), "--home", str(home))
    listen = ("--listen", "127.0.0.1:8883", "--out", str(work / "broker"))
    run(office, "broker-config", "--home", str(home), *listen, "--without-guard")
    return home


def _configure(root: Path, checkout: Path, office: Path) -> None:
    """What docs/operations.md and firmware_config/README.md have a technician copy."""
    firmware, units = checkout / "firmware_config", checkout / "systemd"
    for source, target in (
        (firmware / "70-exam-gate.rules", "etc/udev/rules.d/70-exam-gate.rules"),
        (firmware / "chrony.conf", "etc/chrony/conf.d/exam-gate.conf"),
        (firmware / "modules-load.conf", "etc/modules-load.d/exam-gate.conf"),
        (firmware / "watchdog.conf", "etc/systemd/system.conf.d/10-exam-gate-watchdog.conf"),
        (units / "exam-gate.service", "etc/systemd/system/exam-gate.service"),
        (
            units / "exam-gate-out-of-service.service",
            "etc/systemd/system/exam-gate-out-of-service.service",
        ),
        (units / "exam-gate-reboot.service", "etc/systemd/system/exam-gate-reboot.service"),
        (units / "exam-gate-reboot", "usr/local/libexec/exam-gate-reboot"),
        (units / "exam-gate.sysusers", "etc/sysusers.d/exam-gate.conf"),
        (checkout / "docs" / "operations.md", "usr/share/doc/exam-gate/operations.md"),
    ):
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / target)
    (root / "usr/local/libexec/exam-gate-reboot").chmod(0o755)
    (root / "usr/local/libexec/virtual-board").write_text(_HARDWARE_SCRIPT, encoding="utf-8")
    _write(root / "etc/systemd/system/virtual-board.service", _HARDWARE)
    _write(root / "etc/udev/rules.d/99-virtual-board.rules", _DEVICE_RULES)
    _write(root / "etc/modules-load.d/virtual-board.conf", "vimc\n")
    _write(root / "etc/hostname", "board\n")
    data = (firmware / "fstab").read_text(encoding="utf-8")
    _write(root / "etc/fstab", f"/dev/vda / ext4 noatime 0 1\n{data}")
    program_link = root / "usr/local/bin/exam-gate"
    program_link.unlink(missing_ok=True)
    program_link.symlink_to("/opt/exam-gate/bin/exam-gate")
    keys = root / "etc/exam-gate"
    shutil.rmtree(keys, ignore_errors=True)
    shutil.copytree(office / "gates" / UNIT, keys)
    _write(keys / "gate.toml", _GATE)
    (root / "var/lib/exam-gate").mkdir(exist_ok=True)
    inside = ("chroot", str(root))
    run(*inside, "systemd-sysusers")
    run(*inside, "chown", "-R", "exam-gate:", "/etc/exam-gate")
    run(*inside, "systemctl", "enable", "virtual-board.service", "exam-gate.service")
    run(*inside, "systemctl", "disable", "mosquitto.service")


def _state(root: Path, work: Path) -> Path:
    """What lies on the data partition before the first start: networks and roster."""
    state = root / "var/lib/exam-gate"
    shutil.rmtree(state)
    shutil.copytree(models_folder(), state / "models")
    shutil.copytree(work / "rosters", root / "srv/rosters", dirs_exist_ok=True)
    run("chroot", str(root), "chown", "-R", "exam-gate:", "/var/lib/exam-gate")
    as_unit = ("setpriv", "--reuid=exam-gate", "--regid=exam-gate", "--clear-groups")
    run("chroot", str(root), "chmod", "-R", "a+rX", "/srv/rosters")
    install = ("/opt/exam-gate/bin/exam-gate", "roster", "install", "/srv/rosters")
    run("chroot", str(root), *as_unit, *install)
    moved = work / "state"
    run("cp", "-a", str(state), str(moved))
    shutil.rmtree(state)
    state.mkdir()
    return moved


def _filesystem(image: Path, content: Path, size: str, label: str) -> None:
    image.unlink(missing_ok=True)
    run("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", str(content), str(image), size)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
