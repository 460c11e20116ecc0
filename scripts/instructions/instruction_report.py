"""What the counter's lines say: instructions of each picture, of all pictures, and ratios."""

from dataclasses import dataclass
from statistics import median
from typing import Any

OURS, THEIRS = "gate, ", "OpenCV, "


@dataclass(frozen=True, slots=True)
class Counts:
    """Instructions executed; `memory` and `arithmetic` (SIMD and floating point) are parts of
    `all`. `threads`: how many had run by then."""

    all: int
    memory: int
    arithmetic: int
    threads: int

    def since(self, earlier: "Counts") -> "Counts":
        return Counts(
            self.all - earlier.all,
            self.memory - earlier.memory,
            self.arithmetic - earlier.arithmetic,
            self.threads,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One process: its pictures in order, and its whole life."""

    pictures: tuple[Counts, ...]
    whole: Counts


def read_run(text: str) -> Run:
    """The counter's lines, two a picture and one at the end. ValueError where some are missing."""
    lines = [Counts(*map(int, line.split())) for line in text.splitlines()]
    if len(lines) % 2 == 0:
        raise ValueError(f"{len(lines)} lines of counts; two a picture and one at the end wanted")
    *marks, whole = lines
    pairs = zip(marks[::2], marks[1::2], strict=True)
    return Run(tuple(after.since(before) for before, after in pairs), whole)


def peer_result(short: Run, long: Run) -> dict[str, Any]:
    """`long` embeds the pictures of `short` and as many more. The first picture of a process
    prepares buffers and is left out. Millions of instructions."""
    warm = [*short.pictures[1:], *long.pictures[1:]]
    more = len(long.pictures) - len(short.pictures)
    of_all = sorted(c.all for c in warm)
    return {
        "millions": _millions(median(of_all)),
        "fewest": _millions(of_all[0]),
        "most": _millions(of_all[-1]),
        "loads_and_stores": _millions(median(c.memory for c in warm)),
        "simd_and_float": _millions(median(c.arithmetic for c in warm)),
        "by_difference_of_runs": _millions((long.whole.all - short.whole.all) / more),
        "threads": max(c.threads for c in warm),
        "pictures": len(warm),
    }


def ratios(peers: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Instructions of each of ours as a share of OpenCV's form with the fewest."""
    theirs = [p["millions"] for name, p in peers.items() if name.startswith(THEIRS)]
    if not theirs:
        return {}
    return {
        f"{name.removeprefix(OURS)} against OpenCV": round(p["millions"] / min(theirs), 3)
        for name, p in peers.items()
        if name.startswith(OURS)
    }


def table(report: dict[str, Any]) -> str:
    """Markdown: for each processor a line a peer, then the ratios."""
    head = [
        f"{report['date']}, {report['emulator']}; {report['pictures']}, one thread.",
        "Millions of instructions for one picture. They are no time.",
    ]
    rows = [
        "| processor | peer | all | fewest to most | loads and stores | SIMD and float "
        "| by difference of runs |",
        "|---|---|---|---|---|---|---|",
    ]
    shares = ["| share of OpenCV's instructions | processor | |", "|---|---|---|"]
    for name, processor in report["processors"].items():
        place = f"{name} ({processor['board']})"
        for peer, p in processor["peers"].items():
            rows.append(
                f"| {place} | {peer} | {p['millions']:.1f} | {p['fewest']:.1f} to {p['most']:.1f} "
                f"| {p['loads_and_stores']:.1f} | {p['simd_and_float']:.1f} "
                f"| {p['by_difference_of_runs']:.1f} |"
            )
        shares += [f"| {r} | {place} | {v:.2f} |" for r, v in processor["ratios"].items()]
    return "\n".join([*head, "", *rows, "", *shares])


def _millions(count: float) -> float:
    return round(count / 1e6, 2)
