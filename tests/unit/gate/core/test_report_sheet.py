"""What the printed report says: the numbers of now, and whose signature is under which."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.core.report_sheet import ReportSheet, report_sheet
from gate.core.site_report import Outage, SiteReport, digest_of, is_of
from tests.scenarios.fakes import EXAM, NINE, PAPER

NUMBERS: dict[str, Any] = {
    "paper": PAPER.id,
    "site": "wh-hs-01",
    "roster": "v1",
    "expected": 30,
    "admitted": 28,
    "inside": 26,
    "left": 2,
    "absent": 2,
    "doubtful": 1,
    "doubles": 0,
    "outages": [],
}
SIGNED: Any = {
    **NUMBERS,
    "kind": "report",
    "by": "chief",
    "at": (NINE + timedelta(hours=3)).isoformat(),
    "id": "e-77",
}


def sheet(report: SiteReport, signer: str = "") -> ReportSheet:
    return report_sheet(EXAM, report, signer=signer, gate="g1", now=NINE)


def signature(signed: Any, numbers: dict[str, Any] = NUMBERS) -> str:
    return " ".join(sheet(SiteReport(PAPER, numbers, [], signed), "李主考").signature)


def test_the_numbers_in_their_order_and_only_those_that_are_counted() -> None:
    shown = sheet(SiteReport(PAPER, NUMBERS, [], None))
    assert [(en, value) for _, en, value in shown.rows][:3] == [
        ("Expected", "30"),
        ("Admitted", "28"),
        ("Inside now", "26"),
    ]
    assert "Reactions of staff" not in [en for _, en, _ in shown.rows]
    assert shown.title[1] == "一考点（wh-hs-01）"


@pytest.mark.parametrize(
    ("signed", "numbers", "is_signed", "said"),
    [
        (None, NUMBERS, False, "Not signed"),
        (SIGNED, NUMBERS, True, "chief 李主考    2027-04-10 12:00:00"),
        (SIGNED, {**NUMBERS, "absent": 1}, False, "changed since they were signed"),
    ],
)
def test_a_signature_counts_for_the_numbers_that_it_was_given_for(
    signed: Any, numbers: dict[str, Any], is_signed: bool, said: str
) -> None:
    shown = sheet(SiteReport(PAPER, numbers, [], signed), "李主考")
    assert shown.is_signed is is_signed
    assert said in " ".join(shown.signature)
    assert ("Record: e-77" in " ".join(shown.signature)) is is_signed


def test_an_outage_that_is_not_over_says_so() -> None:
    began = (NINE - timedelta(minutes=5)).isoformat()
    outages = [Outage(what="camera", since=began, until=None)]
    outages.append(Outage(what="printer", since=began, until=NINE.isoformat()))
    shown = sheet(replace(SiteReport(PAPER, NUMBERS, [], None), outages=outages))
    assert shown.outages == (
        ("摄像头 camera", "04-10 08:55:00", "未恢复 not over"),
        ("printer", "04-10 08:55:00", "04-10 09:00:00"),
    )


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_every_number_is_signed(name: str) -> None:
    other = {**NUMBERS, name: "other"}
    assert digest_of(other) != digest_of(NUMBERS)
    assert is_of(SIGNED, NUMBERS)
    assert not is_of(SIGNED, other)
