"""docs/enrolment.md against the code.

`python -m tests.unit.enrolment.test_docs_tables` writes the tables.
"""

import pytest

from enrolment.core.reasons import SENTENCES
from enrolment.core.transitions import ROWS
from tests.checkout import ROOT

PAGE = ROOT / "docs/enrolment.md"


def transitions_table() -> str:
    lines = ["| from | event | who | leads to |", "|---|---|---|---|"]
    lines.append("| (nothing) | Started | candidate | draft |")
    for row in ROWS:
        many = len(row.statuses) > 8
        missing = [] if many else row.statuses
        start = _all_but(row.statuses) if many else ", ".join(missing)
        leads = ", ".join(row.leads_to) or "(stays)"
        lines.append(f"| {start} | {row.event.__name__} | {row.role} | {leads} |")
    return "\n".join(lines)


def _all_but(statuses: tuple[str, ...]) -> str:
    from enrolment.core.status import Status

    return "any but " + ", ".join(s for s in Status if s not in statuses)


def reasons_table() -> str:
    lines = ["| reason | 中文 | English |", "|---|---|---|"]
    lines += [f"| {reason} | {said.zh} | {said.en} |" for reason, said in SENTENCES.items()]
    return "\n".join(lines)


TABLES = {"transitions": transitions_table, "reasons": reasons_table}


def marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_the_programs_own(name: str) -> None:
    begin, end = marks(name)
    text = PAGE.read_text(encoding="utf-8")
    assert text.split(begin)[1].split(end)[0] == TABLES[name]()


def write_tables() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        begin, end = marks(name)
        assert begin in text, f"{name}: no place for it"
        assert end in text, f"{name}: no end of it"
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}{table()}{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_tables()
