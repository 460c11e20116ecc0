"""Three hundred gates come back at once after an outage, each with a morning to tell.

Real: mosquitto with its certificates, exam-office, every gate's journal on disk and its uplink over
TLS. The gates share a few processes, because three hundred networks in memory would not fit here.
"""

import subprocess
import sys
import time

from demo.processes import CommandFailed, resident_mb
from tests.faults.processes.books import Book, compare
from tests.faults.processes.herd_gates import BEFORE, MORNING, journal_of, names
from tests.faults.processes.site import Site
from tests.faults.row import Finding, Say

TOGETHER = 60
"""Gates in one process."""
SERVERS = ("broker", "office")


class Group:
    """One process of gates."""

    def __init__(self, site: Site, first: int, last: int) -> None:
        self._name = f"gates {first} to {last}"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.faults.processes.herd_gates",
                str(site.work),
                str(site.home),
                str(site.port),
                str(first),
                str(last),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def await_word(self, wanted: str) -> None:
        """CommandFailed where they end before they say it."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if said != wanted:
            raise CommandFailed(f"{self._name} were not {wanted} in time")

    @property
    def mb(self) -> float:
        return resident_mb(self._process.pid)

    def end(self) -> None:
        self._process.communicate(timeout=60.0)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def herd(gates: int, say: Say | None) -> Finding:
    """Each has sent `BEFORE` events when the broker dies; `MORNING` more wait for its return."""
    found = Finding(runs=gates)
    site, groups = Site(0), list[Group]()
    try:
        site.keys(names(1, gates))
        site.broker_config()
        site.start_broker()
        site.start_office()
        for first in range(1, gates + 1, TOGETHER):
            groups.append(Group(site, first, min(first + TOGETHER - 1, gates)))
        took_s = _outage(site, groups)
        _measured(site, groups, gates, took_s, found)
        if say is not None:
            say(f"{gates} gates, {gates * MORNING} events: all receipted after {took_s:.1f} s")
        for group in groups:
            group.end()
        site.crew.stop("office", 60.0)
        for name in names(1, gates):
            compare(Book.of(name, journal_of(site.work, name)), site.database, [], found)
    finally:
        for group in groups:
            group.kill()
        site.close()
    return found


def _outage(site: Site, groups: list[Group]) -> float:
    """Seconds from the broker's return until every event of every gate is receipted."""
    for group in groups:
        group.await_word("ready")
    site.crew.kill("broker")
    for group in groups:
        group.await_word("filled")
    began = time.monotonic()
    site.start_broker()
    for group in groups:
        group.await_word("receipted")
    return time.monotonic() - began


def _measured(site: Site, groups: list[Group], gates: int, took_s: float, found: Finding) -> None:
    found.hits["seconds from the broker's return to the last receipt"] = round(took_s)
    found.hits["events a second from there"] = round(gates * MORNING / took_s)
    found.hits["events before the outage"] = gates * BEFORE
    found.hits["MB of RAM of all gates"] = round(sum(group.mb for group in groups))
    for name in SERVERS:
        found.hits[f"MB of RAM of {name}"] = round(resident_mb(site.crew.pid(name)))
