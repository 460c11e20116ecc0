"""One worker of `receive`: a process that verifies what some of the gates send, and stores it.

Its connection to the database is its own. SQLite has one writer at a time: there the workers take
turns, and verify meanwhile. A worker ends when its pipe ends, however the receiver has ended.
"""

import gc
import logging
import signal
from multiprocessing.connection import Connection
from pathlib import Path

from nacl.signing import SigningKey

from gate.errors import StorageBroken, StorageDamaged, StorageRefused
from gate.platform.log_lines import log_to_stderr
from office.home import Home
from office.receiving.fair_queue import sender_of
from office.receiving.gate_status import Watch
from office.receiving.message_intake import MessageIntake, is_batch
from office.receiving.refusals import Refusals
from office.receiving.worker_values import GC_THRESHOLD, Done, Job
from office.store.database import OfficeStore
from office.store.place import Place


class _Quiet(Refusals):
    """Counted here, told by the receiver."""

    def tell(self, now_s: float) -> None:
        """Nothing."""


def work(pipe: Connection, root: Path, place: Place, seed: bytes) -> None:
    """Answers each job that comes through `pipe` until it ends. `place`: the database to store
    into. `seed`: of the key that signs receipts."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the receiver ends us, by the pipe
        signal.signal(number, signal.SIG_IGN)
    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(message)s")
    worker = _Storing(root, place, seed)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    while True:
        try:
            job = pipe.recv()
            if job is None:
                return
            pipe.send(worker.answer(job))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


class _Storing:
    """Its database is opened by the first job, so that a server that is away is an answer and not
    an end."""

    def __init__(self, root: Path, place: Place, seed: bytes) -> None:
        self._home, self._place, self._signing = Home(root), place, SigningKey(seed)
        self._intake: MessageIntake | None = None

    def answer(self, job: Job) -> Done:
        """What became of `job`, committed."""
        try:
            return self._stored(job)
        except (StorageRefused, StorageDamaged, StorageBroken) as e:
            return Done(job.number, error=e)

    def _stored(self, job: Job) -> Done:
        intake = self._intake or self._opened(job.generation)
        intake.generation = job.generation
        intake.forgotten = 0
        given, after = intake.take(job.messages)
        for tell in after:
            tell()
        counts, quiet = intake.counts, _Quiet()
        said = {sender_of(message.topic) for message in job.messages if not is_batch(message)}
        done = Done(
            job.number,
            given,
            counts.batches,
            counts.events,
            counts.conflicts,
            counts.taken.copy(),
            counts.refusals.counts,
            {gate: intake.watch.of(gate) for gate in said & set(counts.taken)},
            intake.alarms.changed(),
            set(intake.back),
            intake.forgotten,
        )
        counts.batches = counts.events = counts.conflicts = counts.rejected = 0
        counts.taken.clear()
        counts.refusals = quiet
        intake.back.clear()
        return done

    def _opened(self, generation: int) -> MessageIntake:
        store = OfficeStore(self._place)
        self._intake = MessageIntake(self._home, store, generation, self._signing, Watch())
        self._intake.counts.refusals = _Quiet()
        return self._intake
