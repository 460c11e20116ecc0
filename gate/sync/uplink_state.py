"""How a gate stands towards its office."""

import contextlib
import errno
import logging
import os
import random
import stat
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from gate.core.configuration import Configuration
from gate.core.office_commands import Command
from gate.errors import GateError
from gate.ports import Journal, Receipt
from gate.sync.batch_size import BatchSize
from gate.sync.envelope import MAX_BYTES
from gate.sync.link import Address
from gate.sync.outbox import Range
from gate.sync.pace import Pace
from gate.sync.site_exchange import SiteExchange

log = logging.getLogger(__name__)

ANSWERS_MAX = 256
ASKED_MAX = 4096


@dataclass(slots=True)
class UplinkState:
    """What all connections of one gate share. Only the receipt matters beyond a process, and the
    journal keeps that one; the rest is told in the status."""

    address: Address
    journal: Journal
    signing: SigningKey
    office_public: bytes
    vitals: Callable[[], Mapping[str, Any]]
    chance: random.Random
    inbox: Path | None = None
    site: SiteExchange | None = None
    receipt: Receipt | None = None
    office_time: datetime | None = None
    """The latest time in a receipt that was heard and believed."""
    connected: bool = False
    office: str | None = None
    error: GateError | None = None
    alarm: str | None = None
    inbox_fault: str | None = None
    tried: tuple[Range, ...] = ()
    refused: Counter[str] = field(default_factory=Counter)
    broker_refused: Counter[str] = field(default_factory=Counter)
    """Batches that the broker did not take, by MQTT's reason code."""
    refused_topics: Counter[str] = field(default_factory=Counter)
    """Any message that the broker did not take, by the last part of its topic."""
    take_command: Callable[[Command], None] | None = None
    """Who carries commands out; None: nobody does yet."""
    take_notice: Callable[[bytes], None] | None = None
    """Who fetches rosters; None where nobody does."""
    answers: deque[bytes] = field(default_factory=lambda: deque(maxlen=ANSWERS_MAX))
    """What became of commands, and has not been published yet."""
    asked: deque[Range] = field(default_factory=lambda: deque(maxlen=ASKED_MAX))
    """What the office asked for once more, and the connection has not heard of yet."""
    configuration: Configuration = field(default_factory=Configuration)
    configured_by: str | None = None
    """The command that asked for it."""
    pace: Pace = field(default_factory=Pace)
    batch_size: BatchSize = field(default_factory=BatchSize)

    @property
    def receipted(self) -> int:
        """The last event that the office has, 0 before the first receipt."""
        return self.receipt.high if self.receipt else 0

    def note_office_time(self, receipt: Receipt) -> None:
        """A receipt that is old, or is played again, tells no later time than what is known."""
        at = datetime.fromisoformat(receipt.at)
        self.office_time = at if self.office_time is None else max(self.office_time, at)

    def from_stick(self) -> bytes | None:
        """A receipt that came by stick and waits in `inbox`. None where there is none, and where
        it does not read, which is told to the log once: the next receipt takes its place."""
        try:
            return None if self.inbox is None else _start_of(self.inbox)
        except FileNotFoundError:
            self.inbox_fault = None
        except OSError as e:
            fault = f"{self.inbox} cannot be read ({e.strerror}): remove it and bring it anew."
            if fault != self.inbox_fault:
                log.warning("%s", fault)
            self.inbox_fault = fault
        return None

    def stick_done(self) -> None:
        """It was taken or refused: either way it has said what it had to."""
        if self.inbox is not None:
            with contextlib.suppress(OSError):
                self.inbox.unlink()

    def outage(self, error: GateError) -> None:
        """Told once for each kind of error in an outage."""
        if type(self.error) is not type(error):
            log.warning("%s", error)
        self.error = error


def _start_of(inbox: Path) -> bytes:
    """At most one byte more than a receipt may have, so that a larger file is refused as a receipt.
    Waits for no writer. OSError, also for what is no regular file."""
    handle = os.open(inbox, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(inbox))
        return os.read(handle, MAX_BYTES + 1)
    finally:
        os.close(handle)
