"""Rows with a script: a copied card, a broker that forgets, an office set back to a backup."""

import shutil
from collections.abc import Callable

from demo.processes import program, run
from tests.faults.processes.books import Book, compare, conflicts, office_rows
from tests.faults.processes.crowd import Crowd, Witness
from tests.faults.processes.site import READY_S, Site, Unit
from tests.faults.row import Finding, Say

SETTLED_S = 120.0
SOME = 4
"""Decisions of one act."""


def played(script: Callable[[Site, Finding, Say], None], say: Say | None) -> Finding:
    """`script` on a site whose broker, office and one gate run."""
    found = Finding()
    site = Site(1)
    try:
        site.build()
        site.start_broker()
        site.start_office()
        site.start_gates()
        script(site, found, say or (lambda _: None))
    finally:
        site.close()
    return found


def some_come(site: Site, unit: Unit, witness: Witness, seed: int) -> None:
    """Until `SOME` decisions were said."""
    crowd = Crowd(unit, site.people, site.photos, witness, seed)
    crowd.start()
    site.wait("some decisions", lambda: crowd.decisions >= SOME, SETTLED_S)
    crowd.end()


def books_agree(site: Site, unit: Unit, witness: Witness, found: Finding) -> None:
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.stop(unit.name, READY_S)
    site.crew.stop("office", READY_S)
    book = Book.of(unit.name, unit.journal)
    compare(book, site.database, witness.lines(), found)


def broker_forgets(site: Site, found: Finding, say: Say) -> None:
    """The office is away, the broker takes everything with a PUBACK, dies and loses it."""
    (unit,) = site.units
    witness = Witness(site.work / "seen")
    some_come(site, unit, witness, 1)
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.kill("office")
    some_come(site, unit, witness, 2)
    site.crew.kill("broker")
    found.hits["files of the broker wiped"] += site.forget_broker()
    say("the broker has lost what it had acknowledged")
    site.start_broker()
    site.start_office()
    books_agree(site, unit, witness, found)


def office_is_set_back(site: Site, found: Finding, say: Say) -> None:
    """A backup, more decisions that are receipted, and the backup is put back."""
    (unit,) = site.units
    witness = Witness(site.work / "seen")
    database, backup = site.database, site.work / "backup.sqlite"
    some_come(site, unit, witness, 1)
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.stop("office", READY_S)
    shutil.copy(database, backup)
    site.start_office()
    some_come(site, unit, witness, 2)
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    held = len(office_rows(database, unit.name))
    site.crew.kill("office")
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    shutil.copy(backup, database)
    set_back = held - len(office_rows(database, unit.name))
    found.hits["events gone from the office with the backup"] += set_back
    say(f"the office has {set_back} events less than it has signed for")
    site.start_office()
    books_agree(site, unit, witness, found)


def card_is_copied(site: Site, found: Finding, say: Say) -> None:
    """The card is copied; the original goes on; then the copy runs in its place. The office must
    keep what it had, name the fork by seq, and neither gate may think that all is well."""
    (unit,) = site.units
    witness, other = Witness(site.work / "seen"), Witness(site.work / "seen-of-the-copy")
    some_come(site, unit, witness, 1)
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.stop(unit.name, READY_S)
    copied_at = Book.of(unit.name, unit.journal).rows[-1][1]
    shutil.copytree(unit.state, site.work / "copy")
    _runs_until_settled(site, unit, witness)
    kept = office_rows(site.database, unit.name)
    unit.state.rename(site.work / "original")
    (site.work / "copy").rename(unit.state)
    say(f"copied behind event {copied_at}; the copy begins")
    _start(site, unit)
    some_come(site, unit, other, 3)
    site.wait("told of the fork", lambda: _alarm(unit) is not None, SETTLED_S)
    site.crew.stop(unit.name, READY_S)
    site.crew.stop("office", READY_S)
    _judge_fork(site, unit, copied_at, kept, found)


def _runs_until_settled(site: Site, unit: Unit, witness: Witness) -> None:
    _start(site, unit)
    some_come(site, unit, witness, 2)
    site.wait("settled", lambda: site.settled(unit), SETTLED_S)
    site.crew.stop(unit.name, READY_S)


def _start(site: Site, unit: Unit) -> None:
    unit.start()
    site.crew.until(unit.name, unit.in_service, READY_S)
    unit.set_clock()


def _alarm(unit: Unit) -> str | None:
    said = unit.asked({"ask": "status"}).get("uplink", {}).get("alarm")
    return None if said is None else str(said)


def _judge_fork(site: Site, unit: Unit, copied_at: int, kept: list[object], found: Finding) -> None:
    database = site.database
    now = office_rows(database, unit.name)
    if now[: len(kept)] != kept:
        found.lose("what the office held of the original was changed")
    copy = Book.of(unit.name, unit.journal)
    forked = {row[1] for row in copy.rows if row[1] > copied_at}
    places = {row[1]: row[3] for row in now}
    told = conflicts(database, unit.name)
    for _, seq, _, digest, _ in copy.rows:
        if seq in forked and places.get(seq) != digest and seq not in told:
            found.miss(f"event {seq} of the copy differs and is not named")
    said = run(program("exam-office"), "verify", "--home", str(site.home), ok=(1,))
    first = min(forked & told, default=0)
    if str(first) not in said:
        found.miss(f"exam-office verify does not name event {first}")
    found.hits["events of the fork that are named"] += len(told)
    found.named.append(f"{unit.name}: two versions of events {first} to {max(told, default=0)}")
