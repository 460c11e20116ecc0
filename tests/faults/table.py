"""The matrix as a Markdown table, and its place in docs/faults.md."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.row import Tally

BEGIN, END = "<!-- written by scripts/faults -->", "<!-- end of what scripts/faults wrote -->"
_HEAD = ("row", "seeds", "runs", "admitted", "lost", "double", "unnoticed", "named losses", "s")


def table(tallies: Iterable[Tally]) -> str:
    """One line a row, sums below."""
    lines = [_cells(_HEAD), _cells(["---"] * len(_HEAD))]
    tallies = list(tallies)
    for t in tallies:
        last = t.first + t.seeds - 1
        lines.append(
            _cells(
                [
                    t.row,
                    f"{t.first}-{last}",
                    t.runs,
                    t.admitted,
                    t.lost,
                    t.double,
                    t.unnoticed,
                    t.named,
                    f"{t.seconds:.0f}",
                ]
            )
        )
    sums = [sum(getattr(t, k) for t in tallies) for k in _SUMMED]
    lines.append(_cells(["all", "", *sums, f"{sum(t.seconds for t in tallies):.0f}"]))
    return "\n".join(lines)


_SUMMED = ("runs", "admitted", "lost", "double", "unnoticed", "named")


def _cells(values: Iterable[object]) -> str:
    return f"| {' | '.join(str(v) for v in values)} |"


def written(tallies: list[Tally]) -> str:
    """Table, what each row does, examples of named losses, what was exercised."""
    date = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    parts = [f"{date}, {machine}.", table(tallies)]
    parts.append("\n".join(f"- **{t.row}**: {t.what}" for t in tallies))
    examples = [f"- {t.row}: {e}" for t in tallies for e in t.examples[:2]]
    if examples:
        parts.append("Losses that physics allows, as they were named:\n\n" + "\n".join(examples))
    hits = [f"- {t.row}: {_counted(t)}" for t in tallies if t.hits]
    if hits:
        parts.append("How often each fault and state was met:\n\n" + "\n".join(hits))
    return "\n\n".join(parts)


def _counted(tally: Tally) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(tally.hits.items()))


def write_into(path: Path, tallies: list[Tally]) -> None:
    """Between the marks of `path`, which must be there."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n\n{written(tallies)}\n\n{END}{after}", encoding="utf-8")
