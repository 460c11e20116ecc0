"""What can be said of the Pi's configuration without a Pi."""

import asyncio
import errno
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from demo.processes import allocator_settings
from gate.config.settings import Reader, SignalsTable
from gate.drivers.serial_port import port_fault
from gate.errors import ConfigInvalid, InputDamaged, Refused, SignalsMissing, UsageError
from gate.platform.priority import NICE
from gate.wiring import real_signals
from tests.checkout import ROOT

FIRMWARE = ROOT / "firmware_config"
UNIT = ROOT / "systemd" / "exam-gate.service"
OUT_OF_SERVICE = UNIT.with_name("exam-gate-out-of-service.service")
CONSOLE = UNIT.with_name("exam-gate-console.service")
BOARD = UNIT.with_name("exam-office-board.service")
PORTAL = UNIT.with_name("exam-enrol-web.service")
WORKER = UNIT.with_name("exam-enrol-worker@.service")
SCREEN = UNIT.with_name("exam-gate-screen.service")
FILTERS = {"all", "pi4", "pi5"}
CONFIG_KEYS = {
    "gpio",
    "enable_uart",
    "dtoverlay",
    "dtparam",
    "camera_auto_detect",
    "display_auto_detect",
}
OVERLAYS = {"disable-bt", "disable-wifi", "vc4-kms-v3d", "i2c-rtc"}
PARAMETERS = {
    "watchdog",
    "audio",
    "act_led_trigger",
    "i2c_arm",
    "uart0",
    "rtc_bbat_vchg",
}


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
    pins = SignalsTable()
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
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=20",
        "Restart=always",
        "UMask=0077",
        "StateDirectoryMode=0700",
        "WorkingDirectory=/run/exam-gate",
        "Environment=LG_WD=/run/exam-gate",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "DevicePolicy=closed",
        "DeviceAllow=char-gpiochip rw",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    ],
)
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


def test_the_thread_of_the_lamps_may_raise_itself() -> None:
    """By nice: RestrictRealtime=yes refuses SCHED_RR whatever LimitRTPRIO= says. `@privileged` is
    refused; setpriority(2) is in `@resources`, which must stay allowed."""
    lines = [line for _, line in settings(UNIT)]
    assert f"LimitNICE={NICE}" in lines
    assert "RestrictRealtime=yes" in lines
    assert not [line for line in lines if line.startswith("SystemCallFilter=~") and "res" in line]


def test_the_allocator_gives_back_what_a_day_long_process_frees() -> None:
    """By the environment, which glibc reads before the first allocation; the names end in an
    underscore where mallopt(3) says so. The demo measures a gate that is started with the same."""
    lines = [line for _, line in settings(UNIT) if line.startswith("Environment=MALLOC_")]
    assert [line.removeprefix("Environment=").split() for line in lines] == [
        [
            "MALLOC_MMAP_THRESHOLD_=131072",
            "MALLOC_TRIM_THRESHOLD_=131072",
            "MALLOC_ARENA_MAX=1",
        ]
    ]
    assert [f"{name}={value}" for name, value in allocator_settings().items()] == lines[0].split(
        "=", 1
    )[1].split()


def test_start_limit_stands_in_the_unit_section() -> None:
    assert {s for s, line in settings(UNIT) if line.startswith("StartLimit")} == {"Unit"}


def test_unit_says_nothing_twice() -> None:
    lists = ("DeviceAllow", "IPAddressAllow", "Environment", "SystemCallFilter")
    keys = [line.partition("=")[0] for _, line in settings(UNIT)]
    single = [key for key in keys if key not in lists]
    assert len(set(single)) == len(single)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize(
    ("unit", "most"),
    [
        (UNIT, 2.0),
        (OUT_OF_SERVICE, 1.8),
        (CONSOLE, 1.3),
        (SCREEN, 4.5),
        (BOARD, 1.3),
        (PORTAL, 1.3),
        (WORKER, 1.3),
    ],
    ids=["gate", "out-of-service", "console", "screen", "board", "portal", "worker"],
)
def test_systemd_takes_the_unit_and_scores_it(unit: Path, most: float) -> None:
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    name = unit.name.replace("@.", "@i.")
    level = re.search(rf"exposure level for {name}: ([\d.]+)", scored)
    assert level
    assert float(level[1]) <= most


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("shipped", [PORTAL, WORKER], ids=["portal", "worker"])
def test_systemd_finds_no_fault_in_the_portals_units(shipped: Path, tmp_path: Path) -> None:
    text = shipped.read_text(encoding="utf-8")
    unit = tmp_path / shipped.name.replace("@.", "@round.")
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, unit.name in verified.stderr) == (0, False), verified.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    """The programs' own paths are the only thing that a development machine cannot have.

    RestartMode= is the only key that systemd 252 of Debian 12 does not know yet.
    """
    for unit in UNIT.parent.glob("exam-gate*.service"):
        text = unit.read_text(encoding="utf-8")
        bare = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(bare, encoding="utf-8")
    units = sorted(tmp_path.glob("*.service"))
    assert len(units) == 6
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    known = re.compile(r".*exam-gate\.service:\d+: Unknown key( name)? 'RestartMode' in section.*")
    said = [line for line in verified.stderr.splitlines() if not known.fullmatch(line)]
    assert "exam-gate" not in "\n".join(said)


def test_no_reboot_follows_a_failure_that_a_restart_may_cure() -> None:
    """systemd 257 started OnFailure=, so a reboot, at the first exit 70 on the virtual board."""
    given = {line for section, line in settings(UNIT) if section == "Service"}
    assert {"Restart=always", "RestartMode=direct"} <= given


# -- faults that no restart cures ------------------------------------------------------------------


def test_what_only_a_person_mends_is_not_started_again() -> None:
    lines = settings(UNIT)
    assert ("Service", "RestartPreventExitStatus=2 3 4 5") in lines
    failed = "OnFailure=exam-gate-out-of-service.service exam-gate-reboot.service"
    assert ("Unit", failed) in lines
    assert not [line for _, line in lines if line.startswith("StartLimitAction")]
    permanent = {e.exit_code for e in (UsageError, ConfigInvalid, InputDamaged, Refused)}
    assert permanent == {2, 3, 4, 5}


DAY = 86_400


@pytest.mark.parametrize(
    ("code", "status", "before", "reboots"),
    [
        *[("exited", str(n), [], False) for n in (2, 3, 4, 5)],
        ("exited", "6", [], True),
        ("exited", "7", [], True),
        ("exited", "70", [], True),
        ("killed", "ABRT", [], True),  # the watchdog
        ("killed", "3", [], True),
        ("", "", [], True),  # the start limit was hit
        ("exited", "6", [1], True),
        ("exited", "6", [1, 2], False),
        ("exited", "6", [1, DAY + 1], True),
        ("exited", "6", [DAY + 1, DAY + 2, DAY + 3], True),
        ("exited", "6", [-DAY * 400, -5], False),  # by a clock that was ahead
    ],
)
def test_a_reboot_comes_for_what_it_cures_and_twice_a_day_at_most(
    tmp_path: Path, code: str, status: str, before: list[int], reboots: bool
) -> None:
    now = 1_800_000_000
    book = tmp_path / "data" / "reboots"
    book.parent.mkdir()
    book.write_text("damaged line\n" + "".join(f"{now - ago}\n" for ago in before))
    done = subprocess.run(
        [str(UNIT.parent / "exam-gate-reboot")],
        env={
            "PATH": os.environ["PATH"],
            "REBOOTS": str(book),
            "NOW": str(now),
            "REBOOT": f"touch {tmp_path / 'rebooted'}",
            "MONITOR_EXIT_CODE": code,
            "MONITOR_EXIT_STATUS": status,
            "MONITOR_SERVICE_RESULT": "exit-code",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "rebooted").exists() is reboots, done.stdout
    assert (str(now) in book.read_text().split()) is reboots  # counted before it happens
    assert done.stdout


def test_every_class_that_the_unit_allows_and_that_comes_late_is_loaded_at_boot() -> None:
    loaded = {line for _, line in settings(FIRMWARE / "modules-load.conf")}
    assert loaded == {"usbserial", "cdc_acm", "videodev", "mc"}
    allowed = {line.split("-")[1].split()[0] for _, line in settings(UNIT) if "=char-" in line}
    assert {"ttyUSB", "ttyACM", "video4linux", "media"} <= allowed


def test_the_search_for_the_header_chip_is_not_switched_off() -> None:
    for unit in UNIT.parent.glob("*.service"):
        assert not [line for _, line in settings(unit) if "PIN_FACTORY" in line]


@pytest.mark.system
@pytest.mark.parametrize("toml", ["[unit\n", '[unit]\nid = "x"\nsite = "y"\n', None])
def test_lamps_say_out_of_service_whatever_is_wrong_with_gate_toml(
    tmp_path: Path, toml: str | None
) -> None:
    if toml is not None:
        (tmp_path / "gate.toml").write_text(toml)
    with subprocess.Popen(
        [sys.executable, "-m", "gate", "out-of-service", "--config", str(tmp_path / "gate.toml")],
        env={**os.environ, "GPIOZERO_PIN_FACTORY": "mock"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as lamps:
        assert lamps.stderr is not None
        said = next(line for line in lamps.stderr if "Out of service" in line)
        assert "设备停用" in said
        lamps.terminate()
        assert lamps.wait(30) == 0


def test_a_folder_that_takes_no_pipe_of_lgpio_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As lgpio does where it is imported in a folder that it may not write."""
    (tmp_path / "lgpio.py").write_text("raise FileNotFoundError(2, 'No such file', '.lgd-nfy0')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.setitem(os.environ, "LG_WD", str(tmp_path))
    with pytest.raises(SignalsMissing, match="GPIO lines cannot be used"):
        asyncio.run(_claimed())


async def _claimed() -> None:
    async with real_signals(SignalsTable()):
        pass


def test_a_port_that_systemd_keeps_away_is_told_in_words() -> None:
    en, zh = port_fault(PermissionError(errno.EPERM, "Operation not permitted"))
    assert "modules-load.d" in en
    assert "modules-load.d" in zh


def test_the_page_of_the_hardware_names_every_pin_as_the_settings_have_it() -> None:
    """The place on the header is gpiozero's own knowledge of a Pi 5."""
    page = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    table = page.partition("<!-- pins: begin -->")[2].partition("<!-- pins: end -->")[0]
    shown = {cells[0]: cells[1:3] for row in table.splitlines()[3:] if (cells := _cells(row))}
    board = MockFactory(revision="c04170").board_info
    signals = SignalsTable()
    for name in ("red", "yellow", "green", "buzzer", "barrier", "acknowledge"):
        number = getattr(signals, name)
        ((_, pin),) = board.find_pin(f"GPIO{number}")
        assert shown.pop(name) == [str(number), str(pin.number)]
    assert not shown


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")] if row.startswith("|") else []
