"""SIGKILL of gates, broker and office at random while candidates pass; then peace; then books."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from demo.processes import CommandFailed, program, run
from tests.faults.processes.books import Book, compare
from tests.faults.processes.crowd import Crowd, Witness
from tests.faults.processes.site import READY_S, Site
from tests.faults.row import Finding, Say

HEALED_S = 180.0


class Killer:
    """Kills one process now and then, and starts it again a moment later."""

    def __init__(self, site: Site, seed: int, found: Finding, say: Say | None) -> None:
        self._site = site
        self._rng = random.Random(seed)
        self._found = found
        self._say = say or (lambda _: None)
        self._never = threading.Event()
        self._backup: Path | None = None
        self._gate_free_at_s = 0.0

    def go_on_for(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._never.wait(self._rng.uniform(0.2, 2.0))
            self._rng.choices(
                [
                    self._kill_gate,
                    self._kill_broker,
                    self._kill_office,
                    self._forget_broker,
                    self._back_up,
                    self._restore,
                ],
                [4, 3, 3, 1, 1, 1],
            )[0]()

    def _did(self, what: str) -> None:
        self._found.hits[what] += 1
        self._say(what)

    def _kill_gate(self) -> None:
        """Not again before it can have let somebody in."""
        unit = self._rng.choice(self._site.units)
        if time.monotonic() < self._gate_free_at_s:
            return
        self._site.crew.kill(unit.name)
        self._pause()
        unit.start()
        self._gate_free_at_s = time.monotonic() + self._rng.uniform(2.0, 10.0)
        self._did("gate killed")

    def _kill_broker(self) -> None:
        self._around("broker", self._site.start_broker)
        self._did("broker killed")

    def _forget_broker(self) -> None:
        self._around("broker", self._site.start_broker, self._site.forget_broker)
        self._did("broker killed and its database wiped")

    def _kill_office(self) -> None:
        self._around("office", self._site.start_office)
        self._did("office killed")

    def _back_up(self) -> None:
        """A copy of the office's database as an operator makes one while it runs."""
        self._backup = self._site.work / "backup.sqlite"
        with (
            closing(sqlite3.connect(self._site.database)) as live,
            closing(sqlite3.connect(self._backup)) as copy,
        ):
            live.backup(copy)
        self._did("office database backed up")

    def _restore(self) -> None:
        if self._backup is not None:
            self._around("office", self._site.start_office, self._put_back)
            self._did("office database restored from an older backup")

    def _put_back(self) -> None:
        database = self._site.database
        for end in ("", "-wal", "-shm"):
            database.with_name(database.name + end).unlink(missing_ok=True)
        assert self._backup is not None
        database.write_bytes(self._backup.read_bytes())

    def _around(
        self, name: str, start: Callable[[], None], meanwhile: Callable[[], object] | None = None
    ) -> None:
        self._site.crew.kill(name)
        if meanwhile is not None:
            meanwhile()
        self._pause()
        start()

    def _pause(self) -> None:
        self._never.wait(self._rng.uniform(0.0, 2.0))


def kills(seconds: float, gates: int, seed: int, say: Say | None) -> Finding:
    found = Finding()
    site = Site(gates)
    try:
        site.build()
        site.start_broker()
        site.start_office()
        site.start_gates()
        witnesses = [Witness(site.work / f"{unit.name}.seen") for unit in site.units]
        crowds = [
            Crowd(unit, site.people, site.photos, witness, seed)
            for unit, witness in zip(site.units, witnesses, strict=True)
        ]
        for crowd in crowds:
            crowd.start()
        Killer(site, seed, found, say).go_on_for(seconds)
        for crowd in crowds:
            crowd.end()
        judge(site, witnesses, found)
    finally:
        site.close()
    return found


def judge(site: Site, witnesses: list[Witness], found: Finding) -> None:
    """After healing: is everything receipted, and do the books agree?"""
    for unit in site.units:
        try:
            site.wait(f"{unit.name} settled", partial(site.settled, unit), HEALED_S)
        except CommandFailed as e:
            found.lose(f"{e}; {unit.asked({'ask': 'status'}).get('uplink')}")
    for unit in site.units:
        site.crew.stop(unit.name, READY_S)
    site.crew.stop("office", READY_S)
    for unit, witness in zip(site.units, witnesses, strict=True):
        book = Book.of(unit.name, unit.journal)
        compare(book, site.database, witness.lines(), found)
        run(program("exam-gate"), "journal", "verify", "--config", str(unit.config))
        witness.close()
    run(program("exam-office"), "verify", "--home", str(site.home))
