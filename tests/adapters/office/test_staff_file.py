"""STAFF.toml through the command, and odd ones of it: every fault at once, no PIN repeated."""

import os
import pty
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.staff_list import Role, StaffMember, member
from gate.errors import ConfigInvalid, InputDamaged
from gate.roster.exam_data import exam_from_toml
from gate.roster.pin_hashes import HASH_FORM, hash_pin, pin_fits
from office.rosters.staff_file import read_staff, staff_of
from office.rosters.staff_gaps import gaps
from tests import staff_making
from tests.roster_making import EXAM_TOML, SITE

EXAM = exam_from_toml(EXAM_TOML, "exam.toml")
OFFICE = [sys.executable, "-m", "office"]
LI = ["--id", "li", "--name", "李老师", "--role", "invigilator", "--site", SITE]


def add(path: Path, options: list[str], typed: str) -> subprocess.CompletedProcess[str]:
    command = [*OFFICE, "staff", "add", str(path), *options]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)


def table(**changed: object) -> str:
    fields = {"id": "li", "name": "李老师", "role": "invigilator", "site": SITE, "pin": HASH}
    lines = [f"{k} = {v!r}".replace("'", '"') for k, v in {**fields, **changed}.items()]
    return "\n".join(["[[staff]]", *lines, ""])


HASH = staff_making.member("li").pin_hash


@pytest.mark.system
def test_staff_add_writes_what_the_build_reads(tmp_path: Path) -> None:
    path = tmp_path / "STAFF.toml"
    assert add(path, LI, "735201\n735201\n").returncode == 0
    odd = ["--id", "Wang.2", "--name", '王"\\老师', "--role", "chief", "--site", "wh-wc-02"]
    assert add(path, odd, "902846\n").returncode == 0
    li, wang = read_staff(path, EXAM)
    assert (li.id, li.name, li.role, li.site) == ("li", "李老师", Role.INVIGILATOR, SITE)
    assert (wang.id, wang.name, wang.role) == ("Wang.2", '王"\\老师', Role.CHIEF)
    assert pin_fits(li.pin_hash, "735201")
    assert pin_fits(wang.pin_hash, "902846")
    assert not pin_fits(li.pin_hash, "902846")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "735201" not in path.read_text()


@pytest.mark.system
@pytest.mark.parametrize(
    ("options", "typed", "code", "said"),
    [
        (LI, "735201\n735202\n", 2, "differ"),
        (LI, "", 2, "4 to 12 digits"),
        (LI, "73520a\n73520a\n", 2, "4 to 12 digits"),
        (LI, "７３５２０１\n", 2, "4 to 12 digits"),
        ([*LI[:1], "a b", *LI[2:7], "WH 1"], "735201\n", 2, "id: allowed"),
        ([*LI[:1], "a b", *LI[2:7], "WH 1"], "735201\n", 2, "site: allowed"),
    ],
)
def test_staff_add_refuses_in_a_sentence(
    tmp_path: Path, options: list[str], typed: str, code: int, said: str
) -> None:
    ended = add(tmp_path / "STAFF.toml", options, typed)
    assert ended.returncode == code
    assert said in ended.stderr
    assert "735201" not in ended.stderr + ended.stdout
    assert not (tmp_path / "STAFF.toml").exists()


@pytest.mark.system
def test_an_id_is_added_once_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "STAFF.toml"
    path.write_text("# by hand\n" + table())
    before = path.read_text()
    ended = add(path, [*LI[:1], "LI", *LI[2:]], "735201\n")
    assert (ended.returncode, path.read_text()) == (2, before)
    assert "already" in ended.stderr
    assert add(path, [*LI[:1], "wang", *LI[2:]], "1234\n").stdout.count("easy to guess") == 1
    assert path.read_text().startswith(before)
    assert [m.id for m in read_staff(path)] == ["li", "wang"]


@pytest.mark.system
def test_on_a_terminal_the_pin_is_not_shown(tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    command = [*OFFICE, "staff", "add", str(tmp_path / "STAFF.toml"), *LI]
    running = subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True
    )
    os.close(inner)
    shown = b""
    for prompt in (b"PIN: ", "再次输入: ".encode()):
        while prompt not in shown:
            shown += os.read(outer, 4096)
        os.write(outer, b"735201\n")
    assert running.wait(60) == 0
    shown += os.read(outer, 4096)
    os.close(outer)
    assert b"735201" not in shown
    assert pin_fits(read_staff(tmp_path / "STAFF.toml")[0].pin_hash, "735201")


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigInvalid) as refused:
        staff_of(text.encode(), "STAFF.toml", EXAM)
    found = refused.value.faults
    assert isinstance(found, tuple)
    return found


def test_every_fault_of_a_file_is_told_at_once() -> None:
    odd = "".join(
        (
            "colour = 1\n",
            table(id="a b"),
            table(id="wang", role="boss", name="", pin="735201"),
            table(id="zhao", site="wh-zz-09", extra=1),
            table(id="LI"),
            table(),
        )
    )
    said = "\n".join(faults_of(odd))
    for part in (
        "colour: unknown key",
        "[[staff]] a b.id: allowed",
        "[[staff]] wang.role",
        "[[staff]] wang.name",
        "[[staff]] wang.pin: allowed: what exam-office staff add writes",
        "[[staff]] zhao.extra: unknown key",
        "[[staff]] LI, li: 2 people have this id",
    ):
        assert part in said
    assert "735201" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("staff = 3", "write it as [[staff]]"),
        ('[staff]\nid = "li"', "write it as [[staff]]"),
        ("not toml", "not TOML"),
        ("staff = " + "[" * 9000, "not TOML"),
        ('staff = [1, "li", []]', "[[staff]] 1"),
        (table(site="wh-zz-09"), "the exam has no site"),
        (table(pin=hash_pin("735201").replace("t=2", "t=1")), "pin: allowed"),
        (table(pin=hash_pin("735201").replace("m=19456", "m=8")), "pin: allowed"),
        (table(pin=HASH.replace("argon2id", "argon2i")), "pin: allowed"),
        (table(name="李\u202e师"), "name: allowed"),
        ("\n".join(table(id=f"p{n}") for n in range(501)), "at most 500"),
    ],
)
def test_odd_files_are_told(text: str, said: str) -> None:
    assert said in "\n".join(faults_of(text))


def read_or_told(content: bytes) -> str:
    """What is said of it; empty where everything in it is staff."""
    try:
        found = staff_of(content, "STAFF.toml", EXAM)
    except ConfigInvalid as e:
        return e.en
    assert all(isinstance(m, StaffMember) for m in found)
    return ""


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_file_holds_it_is_read_or_refused(content: bytes) -> None:
    read_or_told(content)


def toml_value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


ODD = st.sampled_from(["li", "李", "chief", SITE, HASH, 3, 1.5, ["a"], {"b": 1}])
ROW = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("id", "name", "site"), ODD),
        **dict.fromkeys(("role", "pin", "x"), ODD | st.just("735201")),
    },
)


@given(st.lists(ROW | st.integers(), max_size=4))
def test_whatever_the_tables_hold_they_are_read_or_refused(rows: list[object]) -> None:
    text = "staff = " + toml_value(rows)
    assert tomllib.loads(text)
    assert "735201" not in read_or_told(text.encode())


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputDamaged, match="cannot be read"):
        read_staff(tmp_path / "STAFF.toml")
    with pytest.raises(InputDamaged, match="cannot be read"):
        read_staff(tmp_path)


def test_gaps_are_told_by_site() -> None:
    staff = (staff_making.member("li"), staff_making.member("chief", "wh-wc-02"))
    said = list(gaps(staff, [SITE, "wh-wc-02", "wh-jx-03"]))
    assert [line.split(" ")[1] for line in said] == [SITE, SITE, "wh-wc-02", "wh-jx-03"]
    assert "no chief examiner" in said[1]
    assert "no staff" in said[3]
    assert list(gaps(staff_making.everybody(), [SITE])) == []


def test_an_id_is_found_as_a_tablet_writes_it() -> None:
    staff = staff_making.everybody()
    assert member(staff, " Li ") == staff[0]
    assert member(staff, "LI") == staff[0]
    assert member(staff, "lee") is None
    assert member(staff, "") is None


def test_nobodys_hash_has_the_form_and_fits_no_pin() -> None:
    assert HASH_FORM.fullmatch(HASH)
    assert not pin_fits(None, "0000")
    assert not pin_fits(None, "")
    assert not pin_fits(HASH, "\ud800")
    assert not pin_fits(HASH, "")
