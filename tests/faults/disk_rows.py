"""Rows of the matrix for the disk: power cuts replayed, and the n-th file call that goes wrong."""

import asyncio
import json
from pathlib import Path

from tests.faults.disk import parse
from tests.faults.nth import KINDS
from tests.faults.places import scratch
from tests.faults.power import cuts, fault_of
from tests.faults.row import Finding, Row, Say
from tests.faults.shim import build, missing, under

MORNING, SHORT = 130, 12
"""Events: past the journal's first checkpoint, and not."""


def power_cut(events: int, seed: int, say: Say | None) -> Finding:
    """Each disk that a cut may leave, opened as a gate opens it."""
    with scratch() as place:
        arguments = [str(place / "state"), str(place / "trace"), str(events)]
        under(build(place), "-m", "tests.faults.power", *arguments)
        return replayed((place / "trace").read_bytes(), place / "replay", seed, say)


def replayed(trace: bytes, folder: Path, seed: int, say: Say | None = None) -> Finding:
    found = Finding(runs=0)
    calls = parse(trace)

    async def replay() -> None:
        for cut in cuts(calls, seed):
            found.runs += 1
            fault = await fault_of(cut, folder)
            found.hits["cut with a promise behind it"] += bool(cut.promised)
            if fault is not None:
                found.lose(f"after call {cut.after}: {fault}")
            if say is not None:
                say(f"call {cut.after} of {len(calls)}: {fault or 'well'}")

    asyncio.run(replay())
    found.admitted = sum(c.op == "!" and c.data.startswith(b"event") for c in calls)
    return found


def nth_call(kind: str, events: int, say: Say | None) -> Finding:
    """The n-th call of one kind goes wrong, for every n."""
    with scratch() as place:
        arguments = [str(place), "--events", str(events), "--kind", kind]
        told = json.loads(under(build(place), "-m", "tests.faults.nth", *arguments))
    found = Finding(runs=sum(told["outcomes"].values()), admitted=told["promised"])
    found.hits.update(told["outcomes"])
    for fault in told["faults"]:
        found.lose(fault)
    if say is not None:
        say(f"{kind}: {told}")
    return found


def _cut_row(name: str, events: int, seeds: int, quick: int) -> Row:
    what = f"power cut at any moment of {events} events: every disk it may leave, reopened"
    return Row(
        name,
        what,
        lambda seed, say: power_cut(events, seed, say),
        seeds,
        quick,
        parallel=False,
        needs=missing,
    )


def _nth_row(kind: str) -> Row:
    name = "nth-" + kind.replace(",", "").replace(" ", "-").lower()
    return Row(
        name,
        f"{kind}: the n-th such call, for every n of {MORNING} events",
        lambda _seed, say: nth_call(kind, MORNING, say),
        1,
        0,
        parallel=False,
        needs=missing,
    )


ROWS = (
    _cut_row("power-cut", MORNING, 1, 0),
    _cut_row("power-cut-short", SHORT, 1, 1),
    *map(_nth_row, KINDS),
)
