"""What a card is to hold for a site, in the order in which it is written: boot files come last."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gate.provisioning import boot_files, system_files
from gate.provisioning.site_file import Site

BOOT = "boot/firmware"
STAMP = "etc/exam-gate/provisioned"
UNIT_FOLDER = "etc/systemd/system"
GATE_UNITS = (
    "exam-gate.service",
    "exam-gate-console.service",
    "exam-gate-out-of-service.service",
    "exam-gate-reboot.service",
    "exam-gate-screen.service",
)
KEY_FILES = (
    *("gate-signing.key", "gate-sealing.key", "office.pub", "examiner.pub"),
    *("ca.crt", "gate.crt", "gate.key"),
)
EDITED = (
    *(f"{BOOT}/config.txt", f"{BOOT}/cmdline.txt", f"{BOOT}/user-data"),
    *("etc/fstab", "etc/hosts", "etc/chrony/chrony.conf"),
)
"""Files that are there already and are changed in part."""


@dataclass(frozen=True)
class Planned:
    """A file (`content`, `mode`) or a symbolic link (`link`); `path` is from the card's root."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    link: str | None = None


def plan(
    site: Site,
    existing: Mapping[str, str],
    shipped: Mapping[str, str],
    keys: Mapping[str, bytes],
    *,
    trixie: bool,
    packaged: bool,
) -> tuple[Planned, ...]:
    """Every file, in order. `existing`: texts of EDITED, where they are. `shipped`: the fragments
    by name. `keys`: by file name. `packaged`: units came with the Debian package. InputDamaged."""
    found = [
        *_configuration(site, keys, packaged),
        *_units(site, shipped, packaged),
        *_system(site, existing, shipped, trixie),
        *_boot(site, existing, shipped, trixie),
    ]
    return (*found, Planned(STAMP, f"{fingerprint(found)}\n".encode()))


def fingerprint(planned: list[Planned]) -> str:
    """Of everything that is written before the stamp: what was interrupted has none."""
    digest = sha256()
    for it in planned:
        digest.update(repr((it.path, it.content, it.mode, it.link)).encode())
    return digest.hexdigest()


def _text(path: str, content: str, mode: int = 0o644) -> Planned:
    return Planned(path, content.encode(), mode)


def _configuration(site: Site, keys: Mapping[str, bytes], packaged: bool) -> list[Planned]:
    found = [_text("etc/exam-gate/gate.toml", system_files.gate_toml(site, packaged), 0o640)]
    found += [
        Planned(f"etc/exam-gate/{name}", content, 0o600 if name.endswith(".key") else 0o644)
        for name, content in sorted(keys.items())
    ]
    return found


def _units(site: Site, shipped: Mapping[str, str], packaged: bool) -> list[Planned]:
    found = []
    if not packaged:
        found += [_text(f"{UNIT_FOLDER}/{name}", shipped[name]) for name in GATE_UNITS]
        found.append(_text("etc/sysusers.d/exam-gate.conf", shipped["exam-gate.sysusers"]))
        found.append(
            _text("usr/local/libexec/exam-gate-reboot", shipped["exam-gate-reboot"], 0o755)
        )
    folder = "/usr/lib/systemd/system" if packaged else f"/{UNIT_FOLDER}"
    wanted = ["exam-gate.service", "exam-gate-console.service"]
    wanted += ["exam-gate-screen.service"] if site.kiosk.screen else []
    found += [
        Planned(f"{UNIT_FOLDER}/multi-user.target.wants/{name}", link=f"{folder}/{name}")
        for name in wanted
    ]
    for name in ("exam-gate.service", "exam-gate-console.service"):
        drop_in = f"{UNIT_FOLDER}/{name}.d/10-site.conf"
        found.append(_text(drop_in, system_files.allowed_addresses(site)))
    return found


def _system(
    site: Site, existing: Mapping[str, str], shipped: Mapping[str, str], trixie: bool
) -> list[Planned]:
    zram = (
        _text("etc/rpi/swap.conf.d/exam-gate.conf", system_files.ZRAM_TRIXIE)
        if trixie
        else _text("etc/systemd/zram-generator.conf", system_files.ZRAM_BOOKWORM)
    )
    main = existing.get("etc/chrony/chrony.conf")
    masked = ["systemd-timesyncd.service", "serial-getty@ttyAMA0.service"]
    masked += [] if trixie else ["dphys-swapfile.service"]
    return [
        _text("etc/hostname", f"{site.unit.id}\n"),
        _text("etc/hosts", system_files.hosts(existing.get("etc/hosts", ""), site)),
        _text("etc/modules-load.d/exam-gate.conf", shipped["modules-load.conf"]),
        _text(
            "etc/udev/rules.d/70-exam-gate.rules",
            system_files.udev_rules(site, shipped["70-exam-gate.rules"]),
        ),
        _text("etc/tmpfiles.d/exam-gate.conf", system_files.tmpfiles()),
        _text(
            "etc/chrony/conf.d/exam-gate.conf", system_files.chrony(site, shipped["chrony.conf"])
        ),
        *(
            []
            if main is None
            else [_text("etc/chrony/chrony.conf", system_files.chrony_main(main))]
        ),
        _text("etc/nftables.conf", system_files.nftables(site), 0o755),
        Planned(
            f"{UNIT_FOLDER}/sysinit.target.wants/nftables.service",
            link="/usr/lib/systemd/system/nftables.service",
        ),
        _text("etc/systemd/journald.conf.d/exam-gate.conf", system_files.JOURNALD),
        _text(
            "etc/systemd/system.conf.d/10-exam-gate-watchdog.conf",
            system_files.watchdog(site, shipped["watchdog.conf"]),
        ),
        zram,
        *(Planned(f"{UNIT_FOLDER}/{name}", link="/dev/null") for name in masked),
        _text(
            "etc/NetworkManager/system-connections/exam-gate.nmconnection",
            system_files.network_connection(site),
            0o600,
        ),
    ]


def _boot(
    site: Site, existing: Mapping[str, str], shipped: Mapping[str, str], trixie: bool
) -> list[Planned]:
    config, line = f"{BOOT}/config.txt", f"{BOOT}/cmdline.txt"
    said = existing.get(f"{BOOT}/user-data", "")
    written = [row for row in said.splitlines() if row.strip() and not row.startswith("#")]
    own = system_files.MARK in said or not written
    return [
        # A user-data of the imager holds the technician's login: it is left as it is.
        *([_text(f"{BOOT}/user-data", system_files.user_data(site))] if trixie and own else []),
        _text(
            "etc/fstab", system_files.fstab(existing.get("etc/fstab", ""), site, shipped["fstab"])
        ),
        _text(f"{BOOT}/exam-gate.txt", boot_files.fragment(site, shipped["config.txt"])),
        _text(config, boot_files.config_txt(existing[config])),
        _text(line, boot_files.cmdline(existing[line], site.storage.read_only)),
    ]


def shipped_folders() -> tuple[Path, Path]:
    """Where units and fragments lie: in a checkout, or in the installed package (setup.py)."""
    checkout = Path(__file__).parents[2]
    installed = Path(__file__).parents[1] / "system"
    if (checkout / "systemd").is_dir():
        return checkout / "systemd", checkout / "firmware_config"
    return installed / "systemd", installed / "firmware_config"
