"""An extension granted on the day: the same sealed file under a new signed description."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gate.errors import ConfigInvalid, InputDamaged, SignatureRefused, VersionRefused
from gate.roster.exam_data import exam_from_toml
from gate.roster.install import install
from gate.roster.keys import write_key
from office.home import Home
from office.keys.enrolment import revoke
from office.rosters.reissue import newest, reissue
from tests.journal_making import OTHER
from tests.mqtt_making import made_home
from tests.roster_making import EXAM_TOML, GATE, NOW, SITE, Office

EXTENDED = exam_from_toml(
    EXAM_TOML
    + '[[extension]]\npaper = "00015-am"\nroom = "03"\ncloses_after_min = 25\nby = "主考"\n'
    'reason = "交通管制"\n',
    "exam.toml",
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office()


@pytest.fixture
def home(office: Office, tmp_path: Path) -> Home:
    """An office whose keys are those that the rosters of `office` were made with."""
    home = made_home(tmp_path / "home")
    write_key(home.office / "office-signing.key", bytes(office.signing), private=True)
    write_key(home.office / "office.pub", bytes(office.signing.verify_key), private=False)
    return home


def installed(office: Office, source: Path, state: Path) -> str:
    return install(
        source,
        state,
        gate=GATE,
        site=SITE,
        now=NOW,
        office_public_key=bytes(office.signing.verify_key),
        sealing_private_key=bytes(office.gate),
    ).manifest.name


async def test_the_gate_takes_it_as_a_newer_version_and_finds_everybody(
    office: Office, home: Home, tmp_path: Path
) -> None:
    before = office.written(tmp_path / "built", gates=(GATE, OTHER))
    installed(office, before, tmp_path / "state")
    (source,) = newest(tmp_path / "built", EXTENDED, home)
    built = reissue(source, EXTENDED, home, tmp_path / "out", NOW)
    assert installed(office, tmp_path / "out", tmp_path / "state").endswith("/v2")
    with office.open(tmp_path / "state") as roster:
        assert roster.exam == EXTENDED
        assert (await roster.find_typed("ticket", "420100000001", ())).candidate.name == "考生1号"
    assert (built.manifest.previous, sorted(built.manifest.keys)) == (1, [GATE, OTHER])
    with pytest.raises(VersionRefused):
        installed(office, before, tmp_path / "state")
    again = reissue(built.path, EXTENDED, home, tmp_path / "elsewhere", NOW)
    assert again.manifest.version == 3


def test_a_struck_off_gate_is_left_out(office: Office, home: Home, tmp_path: Path) -> None:
    path = office.written(tmp_path / "built", gates=(GATE, OTHER))
    revoke(home, OTHER, "stolen")
    assert list(reissue(path, EXTENDED, home, tmp_path / "out", NOW).manifest.keys) == [GATE]


def test_what_does_not_fit_is_refused(office: Office, home: Home, tmp_path: Path) -> None:
    path = office.written(tmp_path / "built")
    fewer = replace(EXTENDED, papers=EXTENDED.papers[:1], extensions=())
    with pytest.raises(ConfigInvalid, match="paper 00023-pm is gone"):
        reissue(path, fewer, home, tmp_path / "out", NOW)
    with pytest.raises(InputDamaged, match="holds no roster"):
        newest(tmp_path, EXTENDED, home)
    file = next((tmp_path / "built").glob("*.roster"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputDamaged, match="build the roster anew"):
        reissue(path, EXTENDED, home, tmp_path / "out", NOW)


def test_another_offices_roster_is_not_signed_again(
    office: Office, home: Home, tmp_path: Path
) -> None:
    path = Office(index=office.index).written(tmp_path / "built")
    with pytest.raises(SignatureRefused):
        reissue(path, EXTENDED, home, tmp_path / "out", NOW + timedelta(days=1))
    assert not (tmp_path / "out").exists()
