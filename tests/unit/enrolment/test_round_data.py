"""ROUND.toml: what it says, and every fault of it at once."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.rounds.round_data import offices_file, round_from_toml
from gate.errors import ConfigInvalid
from tests.adapters.enrolment.making import OFFICES_CSV, ROUND_TOML
from tests.examples import examples


def faults(text: str, offices: str | None = OFFICES_CSV) -> tuple[str, ...]:
    with pytest.raises(ConfigInvalid) as refused:
        round_from_toml(text, "ROUND.toml", offices)
    return refused.value.faults  # type: ignore[return-value]


def test_a_round_says_its_rules() -> None:
    found = round_from_toml(ROUND_TOML, "ROUND.toml", OFFICES_CSV)
    assert [(x.id, x.fee_fen) for x in found.levels] == [
        ("gqz", 10500), ("gqb", 16500), ("zsb", 10500),
    ]  # fmt: skip
    assert (found.attempts, found.attempts_within) == (3, timedelta(hours=2))
    assert found.proofs_of("zsb") == {"residence", "diploma"}
    assert found.proofs_of("gqz") == {"residence"}
    assert [o.telephone for o in found.offices] == ["027-00000000", "027-00000001"]
    assert offices_file(ROUND_TOML) == "offices.csv"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('round = "hb-zk-2027"', 'round = "HB"', r"^round: allowed: 1 to 32 of a-z"),
        ('consent = "2027-1"\n', "", r"^consent: missing"),
        ("Asia/Shanghai", "Asia/Nowhere", r"^timezone: no such time zone"),
        ("Asia/Shanghai", "localtime", r"^timezone: no such time zone"),
        ("2027-01-15T14:00:00+08:00", "2027-01-05T14:00:00+08:00", r"^registration.ends: not"),
        ("2027-01-20T14:00:00+08:00", "2027-01-14T14:00:00+08:00", r"^correction.ends: before"),
        ("2027-01-25T14:00:00+08:00", "2027-01-19T14:00:00+08:00", r"^fee.ends: before"),
        ("2027-01-25T14:00:00+08:00", "2027-01-25T14:00:00", r"^fee.ends: no offset"),
        ('id = "420106"', 'id = "420111"', r"district\]\] 420111.id: used twice"),
        ("fee_yuan = 165", "fee_yuan = -1", r"level\]\] 2.fee_yuan: .*greater than or equal"),
        ("fee_yuan = 165", 'fee_yuan = "165"', r"level\]\] 2.fee_yuan: .*integer"),
        ('levels = ["zsb"]', 'levels = ["x"]', r"document\]\] diploma.levels: no level 'x'"),
        ('[[subject]]\nid = "00015"', '[[subject]]\nidd = "00015"', r"subject\]\] 1.idd: unknown"),
        ('consent = "2027-1"', 'consent = "2027-1"\nattempts = 0', r"^attempts: .*greater than"),
        ('consent = "2027-1"', 'consent = "2027-1"\nfees = 1', r"^fees: unknown key"),
        ("offices.csv", "../offices.csv", r"^offices: allowed: the name of a file"),
        ('name = "洪山区"', 'name = "洪\\u202e山区"', r"characters that can be seen"),
    ],
)  # fmt: skip
def test_a_fault_is_named(old: str, new: str, fault: str) -> None:
    assert old in ROUND_TOML
    found = faults(ROUND_TOML.replace(old, new, 1))
    assert any(re.search(fault, one) for one in found), found


def test_all_faults_are_told_at_once() -> None:
    text = ROUND_TOML.replace("fee_yuan = 165", "fee_yuan = -1").replace("Asia/Shanghai", "x")
    offices = OFFICES_CSV.replace("420106", "999999").replace("某路1号", "")
    assert len(faults(text, offices)) == 4


@pytest.mark.parametrize(
    ("offices", "fault"),
    [(None, "is missing"), ("a,b\n", "the header must be"), ("", "the header must be")],
)
def test_the_offices_list_is_needed_as_named(offices: str | None, fault: str) -> None:
    assert fault in faults(ROUND_TOML, offices)[0]


@examples(60)
@given(
    st.text(max_size=60), st.integers(0, len(ROUND_TOML)), st.integers(0, 30), st.text(max_size=40)
)
def test_whatever_the_text_is_it_is_a_round_or_a_list_of_faults(
    put: str, at: int, cut: int, offices: str
) -> None:
    text = ROUND_TOML[:at] + put + ROUND_TOML[at + cut :]
    offices_file(text)
    with suppress(ConfigInvalid):
        assert round_from_toml(text, "ROUND.toml", OFFICES_CSV + offices).districts
