"""exam-office status in a terminal of 80 columns."""

from io import StringIO

from rich.console import Console

from office.commands.status import papers_table, sites_table

WIDTH = 80
SITE = {"gates": 20, "ready": 20, "late": 0, "silent": 0, "never": 0, "unsent": 0}
FINE = {**SITE, "site": "hubei-wuhan-hongshan-no-01", "clock_wrong": 0, "disk_low": 0}
SILENT = {**FINE, "site": "hubei-wuhan-wuchang-no-02", "ready": 19, "silent": 1, "unsent": 123456}


def drawn(table: object) -> list[str]:
    out = StringIO()
    Console(file=out, width=WIDTH).print(table)
    return out.getvalue().splitlines()


def test_no_site_and_no_figure_is_cut() -> None:
    lines = drawn(sites_table({"sites": [FINE, SILENT]}))
    text = "\n".join(lines)
    for word in (FINE["site"], SILENT["site"], "123456", "闸机", "Gates", "未上线", "Never"):
        assert str(word) in text
    assert "…" not in text


def test_trouble_stands_first_and_a_sum_last() -> None:
    lines = drawn(sites_table({"sites": [FINE, SILENT]}))
    at = {word: next(n for n, line in enumerate(lines) if word in line)
          for word in ("wuchang", "hongshan", "合计")}  # fmt: skip
    assert at["wuchang"] < at["hongshan"] < at["合计"]
    assert [figure for figure in lines[at["合计"]].split() if figure.isdigit()] == [
        *("40", "39", "0", "1", "0", "123456"),
    ]


def test_what_is_not_expected_is_a_dash() -> None:
    paper = {"exam": "hb-zk-2027-04", "paper": "00015-am", "admitted": 7, "expected": None}
    assert any(
        "00015-am" in line and "—" in line for line in drawn(papers_table({"papers": [paper]}))
    )
