"""N candidates through the whole table while processes are killed.

`python -m tests.adapters.enrolment.crash_simulation --candidates 10000 --processes 4 --kills 100`
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from enrolment.handover.report import Report, differing, report
from enrolment.services.payment_messages import read_reconciliation
from enrolment.services.payments import reconcile
from enrolment.store.opening import reading
from enrolment.store.tables import applications, bookings, effects
from tests.adapters.enrolment.making import opened
from tests.adapters.enrolment.walkers import LEDGER, MESSAGES, Walk, application_of
from tests.unit.enrolment.world import days

MODULE = "tests.adapters.enrolment.walkers"


@dataclass(frozen=True)
class Outcome:
    """What is left when everybody is done and the round is over."""

    found: Report
    kills: int
    seconds: float
    faults: tuple[str, ...]


class Processes:
    """The walkers, each with its share; a killed one is started again."""

    def __init__(self, folder: Path, candidates: int, count: int, seed: int) -> None:
        share = -(-candidates // count)
        shares = [(n, min(share, candidates - n)) for n in range(0, candidates, share)]
        started = time.time()
        self.commands = [
            [sys.executable, "-m", MODULE, *map(str, (folder, *of, seed, started))] for of in shares
        ]
        self.running = [subprocess.Popen(command) for command in self.commands]

    def kill(self, n: int, after_s: float) -> bool:
        """kill -9 to the n-th in `after_s` seconds; False where it ended before that."""
        try:
            self.running[n].wait(after_s)
            return False
        except subprocess.TimeoutExpired:
            self.running[n].send_signal(signal.SIGKILL)
            self.running[n].wait()
            self.running[n] = subprocess.Popen(self.commands[n])
            return True

    def finish(self) -> None:
        for process in self.running:
            if process.wait() != 0:
                raise AssertionError(f"a walker ended with {process.returncode}")


def simulate(
    folder: Path, candidates: int, processes: int, kills: int, seed: int, within_s: float
) -> Outcome:
    """Runs everything; `within_s`: kills come up to so many seconds apart."""
    drawn, began = random.Random(seed), time.monotonic()
    store = opened(folder)
    (folder / LEDGER).touch()
    (folder / MESSAGES).touch()
    walkers = Processes(folder, candidates, processes, seed)
    done = 0
    for _ in range(kills):
        done += walkers.kill(drawn.randrange(processes), drawn.uniform(0.05, within_s))
    walkers.finish()
    last = Walk(folder, 0, 0, seed, time.time())
    for at in (days(9), days(21)):
        reconcile(store, read_reconciliation(last.outside.reconciliation(at)), at)
        last.worker.work(at)
        store.expire(at)
        last.worker.work(at)
    faults = tuple(_faults(last, candidates, days(30)))
    return Outcome(report(store), done, time.monotonic() - began, faults)


def _faults(walk: Walk, candidates: int, at: datetime) -> list[str]:
    """What must never be: lost, doubled, without its events, a fee twice, an effect not done."""
    store, found = walk.store, []
    with reading(store.engine) as connection:
        rows = connection.execute(select(applications)).all()
        booked = connection.execute(select(bookings)).all()
        left = connection.execute(select(effects).where(effects.c.done_at.is_(None))).all()
    if {row.application for row in rows} != {application_of(n) for n in range(candidates)}:
        found.append(f"{len(rows)} applications of {candidates}")
    if len({row.number_key for row in rows}) != candidates:
        found.append("a number has two applications")
    tickets = [row.ticket for row in rows if row.ticket]
    if len(set(tickets)) != len(tickets):
        found.append("a ticket number was given twice")
    found += [f"{name}: not what its events make" for name in differing(store)]
    if left:
        found.append(f"{len(left)} effects not done")
    paid = {p.payment: p.order for p in read_reconciliation(walk.outside.reconciliation(at))}
    if {row.payment: row.order for row in booked} != paid:
        found.append(f"{len(booked)} bookings of {len(paid)} payments")
    fees = Counter(row.order for row in booked if row.kind == "fee")
    found += [f"{order}: {n} fees" for order, n in fees.items() if n != 1]
    found += [f"{order}: paid and no fee" for order in set(paid.values()) - set(fees)]
    registered = sum(row.status == "registered" for row in rows)
    if registered != len(fees) or registered != len(tickets):
        found.append(f"{registered} registered, {len(fees)} fees, {len(tickets)} tickets")
    return found


def main() -> None:
    """Prints the figures of one run; exit 1 where something must never be."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--candidates", type=int, default=10_000)
    options.add_argument("--processes", type=int, default=4)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--within-s", type=float, default=10.0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = simulate(
            Path(folder), given.candidates, given.processes, given.kills, given.seed, given.within_s
        )
    sums: Counter[str] = Counter()
    for counts in out.found.statuses.values():
        sums.update(counts)
    print(f"{out.found.total} applications, {out.found.events} events, {out.kills} kills")
    print(f"{out.seconds:.0f} s; {dict(sums)}; {out.found.payments}")
    print("\n".join(out.faults) or "nothing lost, nothing twice")
    sys.exit(bool(out.faults))


if __name__ == "__main__":
    main()
