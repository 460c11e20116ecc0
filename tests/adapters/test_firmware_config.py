"""What can be said of the Pi's configuration without a Pi."""

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.config import Reader, Signals

ROOT = Path(__file__).parent.parent.parent
FIRMWARE = ROOT / "firmware_config"
UNIT = ROOT / "systemd" / "exam-gate.service"
FILTERS = {"all", "pi4", "pi5"}
CONFIG_KEYS = {
    "gpio", "enable_uart", "dtoverlay", "dtparam", "camera_auto_detect", "display_auto_detect",
}  # fmt: skip
OVERLAYS = {"disable-bt", "disable-wifi", "vc4-kms-v3d", "i2c-rtc"}
PARAMETERS = {
    "watchdog", "audio", "act_led_trigger", "i2c_arm", "uart0", "rtc_bbat_vchg",
}  # fmt: skip


def settings(path: Path) -> list[tuple[str, str]]:
    """(section, line) of every line that says something."""
    section, found = "", []
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
        else:
            found.append((section, line))
    return found


def test_config_txt_has_known_keys_under_known_filters() -> None:
    for section, line in settings(FIRMWARE / "config.txt"):
        assert section in FILTERS, line
        key, _, value = line.partition("=")
        assert key in CONFIG_KEYS, line
        if key == "dtoverlay":
            assert value.split(",")[0] in OVERLAYS, line
        if key == "dtparam":
            assert value.split("=")[0] in PARAMETERS, line


def test_config_txt_says_nothing_twice() -> None:
    said = [_what(line) for _, line in settings(FIRMWARE / "config.txt")]
    assert len(set(said)) == len(said), said


def _what(line: str) -> str:
    """What a line sets: each overlay, parameter and list of pins is a thing of its own."""
    key, _, value = line.partition("=")
    if key == "dtoverlay":
        return f"{key}={value.split(',')[0]}"
    return f"{key}={value.split('=')[0]}" if key in ("dtparam", "gpio") else key


def test_every_line_of_config_txt_has_its_reason() -> None:
    lines = (FIRMWARE / "config.txt").read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if line and line[0] not in "#[":
            assert before.startswith("#") or before.startswith("dtparam=i2c_arm"), line


def test_boot_levels_are_those_of_the_default_pins() -> None:
    pins = Signals()
    levels = dict(
        line.removeprefix("gpio=").rsplit("=", 1)
        for _, line in settings(FIRMWARE / "config.txt")
        if line.startswith("gpio=")
    )
    outputs = {pins.red, pins.yellow, pins.green, pins.buzzer, pins.barrier}
    assert {int(p) for p in _pins(levels, "op,dl")} == outputs
    assert {int(p) for p in _pins(levels, "ip,pu")} == {pins.acknowledge}


def _pins(levels: dict[str, str], mode: str) -> list[str]:
    return [pin for pins, level in levels.items() if level == mode for pin in pins.split(",")]


def test_no_filter_is_left_open_at_the_end_of_config_txt() -> None:
    headers = re.findall(r"^\[(\w+)\]", (FIRMWARE / "config.txt").read_text(), re.MULTILINE)
    assert headers[0] == headers[-1] == "all"


def test_every_udev_rule_names_the_readers_link_and_keeps_modem_manager_off() -> None:
    link = Path(Reader().port).name
    rules = settings(FIRMWARE / "70-exam-gate.rules")
    assert len(rules) >= 2
    for _, rule in rules:
        assert f'SYMLINK+="{link}"' in rule
        assert 'GROUP="dialout"' in rule
        if "idVendor" in rule:
            assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in rule
        for part in rule.split(", "):
            assert re.fullmatch(r'[A-Z]+(\{\w+\})?(==|\+=|=)"[^"]+"', part), part


def test_chrony_marks_the_kernel_clock_and_steps_at_the_start_only() -> None:
    lines = [line.split() for _, line in settings(FIRMWARE / "chrony.conf")]
    words = [line[0] for line in lines]
    assert len(set(words)) == len(words)
    assert "rtcsync" in words
    assert ["makestep", "1", "3"] in lines
    assert "local" not in words, "a gate must never call its own guess the time"


def test_watchdog_is_within_what_the_hardware_counts_to() -> None:
    values = dict(line.split("=") for _, line in settings(FIRMWARE / "watchdog.conf"))
    assert int(values["RuntimeWatchdogSec"].removesuffix("s")) < 15


def test_data_partition_keeps_what_a_commit_relies_on() -> None:
    ((_, line),) = settings(FIRMWARE / "fstab")
    _, folder, kind, options, _, check = line.split()
    assert (folder, kind, check) == ("/var/lib/exam-gate", "ext4", "2")
    chosen = set(options.split(","))
    assert chosen >= {"noatime", "data=ordered", "errors=remount-ro", "nosuid", "nodev"}
    assert not chosen & {"nobarrier", "barrier=0", "data=writeback"}


@pytest.mark.parametrize(
    "wanted",
    [
        "Type=notify", "NotifyAccess=main", "WatchdogSec=20", "Restart=always", "UMask=0077",
        "StateDirectoryMode=0700", "WorkingDirectory=/run/exam-gate",
        "Environment=LG_WD=/run/exam-gate", "NoNewPrivileges=yes", "ProtectSystem=strict",
        "CapabilityBoundingSet=", "DevicePolicy=closed", "DeviceAllow=char-gpiochip rw",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    ],
)  # fmt: skip
def test_unit_has(wanted: str) -> None:
    assert ("Service", wanted) in settings(UNIT)


@pytest.mark.parametrize(
    "breaks", ["PrivateDevices", "ProcSubset", "PrivateUsers", "RootDirectory", "DynamicUser"]
)
def test_unit_has_nothing_that_hides_camera_or_pins(breaks: str) -> None:
    assert not [line for _, line in settings(UNIT) if line.startswith(f"{breaks}=")]


def test_the_unit_may_ask_whether_the_clock_is_disciplined() -> None:
    """With chrony there is no other sign: without adjtimex no clock is trusted, nobody admitted."""
    lines = [line for _, line in settings(UNIT)]
    assert "ProtectClock=yes" not in lines
    refused, allowed = "SystemCallFilter=~@privileged", "SystemCallFilter=adjtimex clock_adjtime"
    assert lines.index(refused) < lines.index(allowed)


def test_start_limit_stands_in_the_unit_section() -> None:
    assert {s for s, line in settings(UNIT) if line.startswith("StartLimit")} == {"Unit"}


def test_unit_says_nothing_twice() -> None:
    lists = ("DeviceAllow", "IPAddressAllow", "Environment", "SystemCallFilter")
    keys = [line.partition("=")[0] for _, line in settings(UNIT)]
    single = [key for key in keys if key not in lists]
    assert len(set(single)) == len(single)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_unit_and_scores_it() -> None:
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(UNIT)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    level = re.search(r"exposure level for exam-gate.service: ([\d.]+)", scored)
    assert level
    assert float(level[1]) <= 2.0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    """The program's own path is the only thing that a development machine cannot have."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr
    assert UNIT.name not in verified.stderr
