"""A row with a script: silent connections to a control socket, more than the gate has descriptors.

The journal, the camera and the broker need descriptors too; a gate that gives them all away stops.
"""

import resource
import socket
import struct
from contextlib import ExitStack
from pathlib import Path

from demo.processes import CommandFailed
from tests.faults.processes.copied import books_agree
from tests.faults.processes.crowd import Crowd, Witness
from tests.faults.processes.journal_lost import somebody_is_admitted
from tests.faults.processes.site import Site
from tests.faults.row import Finding, Say

CLIENTS = 1000
LIMIT = 1024
"""Descriptors of a process on a Debian that nobody has set otherwise."""
CONNECT_S = 10
"""Waits for room in the socket's queue, which a connect that does not block (EAGAIN) would not."""
ANSWER_S = 10.0


def descriptors_run_out(site: Site, found: Finding, say: Say) -> None:
    """`CLIENTS` connect one after the other and say nothing while people come."""
    (unit,) = site.units
    witness = Witness(site.work / "seen")
    pid = site.crew.pid(unit.name)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    _more_for_us()
    crowd = Crowd(unit, site.people, site.photos, witness, 1)
    crowd.start()
    somebody_is_admitted(site, witness)
    with ExitStack() as open_links:
        for _ in range(CLIENTS):
            open_links.enter_context(_silent(unit.staff))
        held = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        say(f"{CLIENTS} connections; the gate has {held} descriptors open")
        found.hits["silent connections"] += CLIENTS
        found.hits["descriptors of the gate meanwhile"] += held
        if not site.holds(unit.in_service, ANSWER_S):
            found.lose(f"the gate does not answer: {unit.asked({'ask': 'status'})}")
        somebody_is_admitted(site, witness)
    crowd.end()
    if not site.holds(unit.in_service, ANSWER_S):
        found.lose("the gate is not in service once the connections are gone")
    books_agree(site, unit, witness, found)


def _silent(path: Path) -> socket.socket:
    """CommandFailed where the gate does not take it in time."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", CONNECT_S, 0))
    try:
        link.connect(str(path))
    except OSError as e:
        link.close()
        raise CommandFailed(f"a connection to {path.name} is not taken: {e}") from e
    return link


def _more_for_us() -> None:
    """This process holds the other ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
