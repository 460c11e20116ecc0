"""The firmware's files: config.txt, its fragment exam-gate.txt, and cmdline.txt."""

import re

from gate.errors import InputDamaged
from gate.provisioning.site_file import Site

INCLUDE = "include exam-gate.txt"
_OWN = re.compile(
    r"(gpio|enable_uart|camera_auto_detect|display_auto_detect)="
    r"|dtoverlay=(disable-bt|disable-wifi|vc4-kms-v3d|i2c-rtc|imx\d+|ov5647|uart0)\b"
    r"|dtparam=(watchdog|audio|act_led_trigger|i2c_arm|uart0|rtc_bbat_vchg)\b"
)
"""Lines of config.txt that the fragment sets: an overlay that is named twice is loaded twice."""
_CONSOLE = re.compile(r"console=(serial0|ttyAMA\d+|ttyS0)(,\S*)?")
_OVERLAYROOT = "overlayroot="


def fragment(site: Site, shipped: str) -> str:
    """exam-gate.txt for the site, from the shipped config.txt. ValueError where a line that the
    site changes does not stand there."""
    pins = site.signals
    outputs = sorted((pins.red, pins.yellow, pins.green, pins.buzzer, pins.barrier))
    text = _replaced(shipped, "gpio=5,6,13,19,26=op,dl", f"gpio={_listed(outputs)}=op,dl")
    text = _replaced(text, "gpio=21=ip,pu", f"gpio={pins.acknowledge}=ip,pu")
    if site.camera.sensor != "auto":
        named = f"camera_auto_detect=0\ndtoverlay={site.camera.sensor}"
        text = _replaced(text, "camera_auto_detect=1", named)
    if site.kiosk.screen:
        text = _replaced(text, "display_auto_detect=0", "display_auto_detect=1")
    if site.kiosk.speech:
        text = _replaced(text, "dtparam=audio=off", "dtparam=audio=on")
    if site.board.rtc in ("built-in", "none"):
        text = _without(_without(text, "dtoverlay=i2c-rtc,ds3231"), "dtparam=i2c_arm=on")
    else:
        text = _replaced(text, "dtoverlay=i2c-rtc,ds3231", f"dtoverlay=i2c-rtc,{site.board.rtc}")
        if site.board.model == "pi5":
            text = _replaced(
                text,
                "dtparam=uart0=on",
                f"dtparam=uart0=on\ndtparam=i2c_arm=on\ndtoverlay=i2c-rtc,{site.board.rtc}",
            )
    if site.board.rtc != "built-in":
        text = _without(text, "dtparam=rtc_bbat_vchg=3000000")
    return _replaced(text, "[pi5]", "[pi5]\ndtoverlay=vc4-kms-v3d")


def overlays(site: Site) -> tuple[str, ...]:
    """Names in /boot/firmware/overlays without which the fragment does not work."""
    found = ["vc4-kms-v3d" + ("-pi5" if site.board.model == "pi5" else "")]
    found += ["disable-bt", "disable-wifi"]
    if site.board.model == "pi5":
        found[1:] = ["disable-bt-pi5", "disable-wifi-pi5"]
    if site.board.rtc not in ("built-in", "none"):
        found.append("i2c-rtc")
    if site.camera.sensor != "auto":
        found.append(site.camera.sensor)
    return tuple(found)


def config_txt(existing: str) -> str:
    """config.txt with the fragment included last. What the fragment sets is made a comment."""
    kept = []
    for line in existing.splitlines():
        if line.strip() == INCLUDE:
            continue
        ours = _OWN.match(line.strip())
        kept.append(f"# set in exam-gate.txt: {line.strip()}" if ours else line)
    while kept and kept[-1].strip() in ("", "[all]"):
        kept.pop()
    return "\n".join([*kept, "", "[all]", INCLUDE, ""])


def cmdline(existing: str, read_only: bool) -> str:
    """cmdline.txt without a console on the reader's port, and with or without the overlay on the
    root. InputDamaged where it is not one line that names the root: the board would not start."""
    lines = [line for line in existing.splitlines() if line.strip()]
    words = lines[0].split() if len(lines) == 1 else []
    if not any(word.startswith("root=") for word in words):
        raise InputDamaged(
            "cmdline.txt is not one line with root=: write the card anew.",
            "cmdline.txt 不是含 root= 的一行：请重新写入存储卡。",
        )
    kept = [
        word for word in words if not _CONSOLE.fullmatch(word) and not word.startswith(_OVERLAYROOT)
    ]
    if "fsck.repair=yes" not in kept:
        kept.append("fsck.repair=yes")
    # recurse=0: without it the data partition becomes an overlay too, and the journal is lost.
    first = ["overlayroot=tmpfs:recurse=0"] if read_only else []
    return " ".join([*first, *kept]) + "\n"


def _listed(pins: list[int]) -> str:
    return ",".join(map(str, pins))


def _replaced(text: str, line: str, by: str) -> str:
    return _lines(text, line, [by])


def _without(text: str, line: str) -> str:
    return _lines(text, line, [])


def _lines(text: str, line: str, by: list[str]) -> str:
    lines = text.splitlines()
    if line not in lines:
        raise ValueError(f"the shipped config.txt has no line {line}")
    at = lines.index(line)
    return "\n".join([*lines[:at], *by, *lines[at + 1 :]]) + "\n"
