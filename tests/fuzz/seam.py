"""What is held against whatever is sent to a console."""

import socket
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.https_client import Answered, Visitor
from tests.scenarios.fakes import Rig
from tests.scenarios.running import Running


@dataclass
class Seam:
    """A console at work, its gate, and who is signed in. `case`: the id of an open case."""

    port: int
    gate: Running
    parts: Rig
    visitor: Visitor
    log: Path
    pid: int
    case: str = ""

    async def holds(self, before: int, *answers: Answered) -> None:
        """No answer of a bug, no record since `before`, no traceback, and it answers."""
        assert [a for a in answers if a.status >= 500] == []
        assert self.parts.unit.journal.head.seq == before
        assert (await self.visitor.get("/healthz")).status == 200
        assert "Traceback" not in self.log.read_text(encoding="utf-8")

    @property
    def memory_kb(self) -> int:
        """Of the console's process, resident."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0])


def own_other_address() -> str | None:
    """An address of this machine that is not loopback, None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = str(probe.getsockname()[0])
        return None if address.startswith("127.") else address
