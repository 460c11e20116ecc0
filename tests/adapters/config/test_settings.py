"""gate.toml: whole, with defaults, and with every mistake named at once."""

import json
import os
import pwd
import re
from pathlib import Path

import pytest

from gate.config.settings import load
from gate.errors import ConfigInvalid

WHOLE = """
[unit]
id = "wh-hs-01-g1"
site = "wh-hs-01"
[paths]
state = "state"
[mqtt]
ca = "/etc/ca.crt"
"""

FIVE_MISTAKES = """
[unit]
id = "g1"
site = "wh-hs-01"
[reader]
baud = 12345
[camera]
kind = "webcam"
[signals]
red = 99
[mqtt]
prt = 8883
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_relative_paths_belong_to_the_folder_of_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WHOLE))
    assert settings.paths.state == tmp_path / "state"
    assert settings.mqtt.ca == Path("/etc/ca.crt")
    assert settings.mqtt.key == tmp_path / "gate.key"
    assert settings.paths.runtime == Path("/run/exam-gate")
    assert settings.signals.green == 13


def test_five_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(written(tmp_path, FIVE_MISTAKES))
    faults = caught.value.facts["faults"]
    assert isinstance(faults, tuple)
    assert len(faults) == 5
    for part in ("unit", "reader.baud", "camera.kind", "signals.red", "mqtt.prt"):
        assert any(f.startswith(part) for f in faults), part
        assert part in caught.value.en
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[unit", "TOML"),
        ("", "unit: missing"),
        (WHOLE + "[signals]\nred = 5\nyellow = 5\n", "used twice: [5]"),
        (WHOLE.replace("wh-hs-01-g1", "office"), "unit.id"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigInvalid, match=r".") as caught:
        load(written(tmp_path, text))
    assert said in caught.value.en


def test_a_missing_file_says_where_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="--config"):
        load(tmp_path / "none.toml")


def test_a_fault_between_fields_is_named_beside_those_of_single_fields(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(
            written(tmp_path, WHOLE + "[signals]\nred = 6\nopen_s = -1\n[mqqt]\n[reader]\nbaud=1\n")
        )
    faults = caught.value.facts["faults"]
    assert isinstance(faults, tuple)
    for part in ("signals.open_s", "mqqt", "reader.baud", "signals: "):
        assert any(f.startswith(part) for f in faults), part
    assert len(faults) == 4


SOURCES = (
    WHOLE
    + """
[[source]]
name = "notices"
kind = "qr"
port = "/dev/exam-gate-notices"
prefix = "https://ks.example/t/"
[[source]]
name = "passports"
kind = "mrz"
port = "/dev/exam-gate-passports"
framing = "3m"
baud = 19200
"""
)


def test_scanners_are_a_table_each(tmp_path: Path) -> None:
    notices, passports = load(written(tmp_path, SOURCES)).source
    assert (notices.kind, notices.baud, notices.end, notices.again_s) == ("qr", 9600, "line", 2.0)
    assert (passports.framing, passports.baud) == ("3m", 19200)


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        (
            {'name = "notices"': 'name = "Notices"', "19200": "19201"},
            ["source.0.name", "source.1.baud"],
        ),
        ({'prefix = "': 'pattern = "[a-z'}, ["source.0.pattern"]),
        ({'prefix = "': 'pattern = "(a)(b)'}, ["source.0.pattern"]),
        ({'prefix = "': 'framing = "3m"\nprfix = "'}, ["source.0.prfix", "source.0"]),
        ({'framing = "3m"': 'pattern = "(x)"'}, ["source.1"]),
        ({'"passports"': '"notices"'}, ["file"]),
        ({"exam-gate-passports": "exam-gate-notices"}, ["file"]),
        ({"exam-gate-passports": "exam-gate-reader"}, ["file"]),
        ({'kind = "mrz"': 'kind = "nfc"'}, ["source.1.kind"]),
        ({'prefix = "': 'end = "five!"\nprefix = "'}, ["source.0.end"]),
    ],
)
def test_every_fault_of_a_scanner_is_named(
    tmp_path: Path, changed: dict[str, str], places: list[str]
) -> None:
    text = SOURCES
    for old, new in changed.items():
        text = text.replace(old, new)
    with pytest.raises(ConfigInvalid) as caught:
        load(written(tmp_path, text))
    faults = caught.value.facts["faults"]
    assert isinstance(faults, tuple)
    assert sorted(f.split(":")[0] for f in faults) == sorted(places)


def test_a_file_in_another_encoding_is_told_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_bytes(WHOLE.encode("utf-16"))
    with pytest.raises(ConfigInvalid, match="UTF-8"):
        load(path)


PLACES = [
    *(("paths", name) for name in ("state", "runtime", "models")),
    *(("mqtt", name) for name in ("ca", "certificate", "key")),
    *(("keys", name) for name in ("signing", "sealing", "office", "examiner")),
]


@pytest.mark.parametrize(("table", "name"), PLACES)
@pytest.mark.parametrize("named", ["~no-such-user/x", "~no-such-user", "a\\u0000b", "~"])
def test_a_path_that_is_no_place_is_a_mistake_of_that_key(
    table: str, name: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`~` of a user without a home folder and without HOME, as of a service's."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nobody_there)
    unit = '[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n'
    with pytest.raises(ConfigInvalid) as caught:
        load(written(tmp_path, f'{unit}[{table}]\n{name} = "{named}"\n'))
    (fault,) = caught.value.facts["faults"]
    assert fault.startswith(f"{table}.{name}: ")
    assert caught.value.exit_code == 3


def nobody_there(uid: int) -> None:
    raise KeyError(uid)


def test_a_home_folder_that_is_known_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    user = pwd.getpwuid(os.geteuid())
    for named, home in (("~", tmp_path), (f"~{user.pw_name}", Path(user.pw_dir))):
        path = written(tmp_path, WHOLE.replace('"state"', f'"{named}/x"'))
        assert load(path).paths.state == home / "x"


@pytest.mark.parametrize("table", ["reader", "source"])
def test_a_port_with_a_nul_is_a_mistake(table: str, tmp_path: Path) -> None:
    text = {
        "reader": '[reader]\nport = "/dev/a\\u0000"\n',
        "source": '[[source]]\nname = "a"\nkind = "qr"\nport = "/dev/a\\u0000"\n',
    }[table]
    with pytest.raises(ConfigInvalid, match="port"):
        load(written(tmp_path, WHOLE + text))


@pytest.mark.parametrize("kind", ["nir", "stereo"])
@pytest.mark.parametrize("device", [1, "/base/soc/i2c0mux/i2c@1/imx708@1a"])
def test_a_second_camera_has_a_kind_and_a_device(
    tmp_path: Path, kind: str, device: int | str
) -> None:
    table = f'[camera.second]\nkind = "{kind}"\ndevice = {json.dumps(device)}\n'
    second = load(written(tmp_path, WHOLE + table)).camera.second
    assert second is not None
    assert (second.kind, second.device) == (kind, device)
    assert second.pair == tmp_path / "camera-pair.json"


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ('kind = "thermal"\ndevice = 1', "camera.second.kind"),
        ('kind = "nir"', "camera.second.device: missing"),
        ('kind = "nir"\ndevice = -1', "camera.second.device"),
        ('kind = "nir"\ndevice = "1"', "camera.second.device"),
        ('kind = "nir"\ndevice = true', "camera.second.device"),
        ('kind = "nir"\ndevice = 0', "camera.device and camera.second.device are one camera"),
        ('kind = "nir"\ndevice = 1\nbaseline = 6', "camera.second.baseline"),
        ('kind = "nir"\ndevice = 1\npair = "~nobody-here/p.json"', "camera.second.pair"),
    ],
)
def test_a_mistake_in_the_second_camera_is_named(tmp_path: Path, table: str, part: str) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape(part)):
        load(written(tmp_path, f"{WHOLE}[camera.second]\n{table}\n"))
