"""The workers of `receive`: each gate always goes to the same one, so that its order is kept.

What a worker has not answered is held here. A worker that dies is begun anew and given it again.
Nothing of it was acknowledged; what it had stored is found to be there.
"""

import logging
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from zlib import crc32

from gate.errors import GateBug
from gate.sync.link import Message
from office.receiving.fair_queue import sender_of
from office.receiving.worker_events import Died, Finished, WorkerEvent
from office.receiving.worker_process import work
from office.receiving.worker_values import Done, Job
from office.store.place import Place

log = logging.getLogger(__name__)

OUTSTANDING_MAX = 400
"""Messages that workers have and have not answered: memory stays bounded while they wait."""
_TRIES = 3


class _Worker:
    """One process and what it was given, the oldest first."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.given: deque[Job] = deque()
        self.deaths = 0
        self.pipe: Connection
        self.process: multiprocessing.process.BaseProcess


class WorkerPool:
    """A context manager. `post` of the queue that `use` names gets `Finished` and `Died`, from
    other threads. `store_into`: the database."""

    def __init__(self, count: int, root: Path, store_into: Place, seed: bytes) -> None:
        self._about = (root, store_into, seed)
        self._workers = [_Worker(index) for index in range(count)]
        self._post: Callable[[WorkerEvent], None] = lambda event: None
        self._lock = threading.Lock()
        self._jobs = 0
        self._first = 0
        """The first job of this connection: answers to earlier ones are not heard."""

    def __enter__(self) -> "WorkerPool":
        for worker in self._workers:
            self._begin(worker)
        return self

    def __exit__(self, *_: object) -> None:
        self._post = lambda event: None
        for worker in self._workers:
            _send(worker, None)
        for worker in self._workers:
            worker.process.join(10)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def use(self, post: Callable[[WorkerEvent], None]) -> None:
        """From now on `post` hears. What was given for an earlier connection is not told: the
        broker sends it again."""
        with self._lock:
            self._post, self._first = post, self._jobs
        for worker in self._workers:  # nobody may have heard that one died
            if not worker.process.is_alive():
                self.replace(Died(worker.index, worker.process.pid or 0))

    @property
    def processes(self) -> list[int]:
        """The ids of the processes."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def has_room(self) -> bool:
        """Whether more messages may be given."""
        with self._lock:
            return sum(len(j.messages) for w in self._workers for j in w.given) < OUTSTANDING_MAX

    def give(self, messages: list[Message], generation: int) -> None:
        """Each message to the worker of its gate, in order."""
        parts: dict[int, list[Message]] = {}
        for message in messages:
            parts.setdefault(self._index(message), []).append(message)
        for index, part in parts.items():
            worker = self._workers[index]
            with self._lock:
                self._jobs += 1
                job = Job(self._jobs, generation, part)
                worker.given.append(job)
            _send(worker, job)

    def _index(self, message: Message) -> int:
        return crc32(sender_of(message.topic).encode()) % len(self._workers)

    def replace(self, died: Died) -> None:
        """A new process for the one that died, with what that one had not answered. GateBug where
        the same messages end one after the other."""
        worker = self._workers[died.index]
        if worker.process.pid != died.process:
            return
        worker.process.join(10)
        worker.deaths += 1
        if worker.deaths > _TRIES:
            raise GateBug(f"A worker of receive died {_TRIES} times on the same messages.")
        log.error("ALARM: worker %d of receive died; another takes its messages.", died.index)
        with self._lock:
            worker.given = deque(job for job in worker.given if job.number > self._first)
            left = list(worker.given)
        self._begin(worker)
        for job in left:
            _send(worker, job)

    def _begin(self, worker: _Worker) -> None:
        context = multiprocessing.get_context("spawn")
        worker.pipe, theirs = context.Pipe()
        worker.process = context.Process(
            target=work, args=(theirs, *self._about), name=f"receive-{worker.index}", daemon=True
        )
        worker.process.start()
        theirs.close()
        about = (worker.index, worker.pipe, worker.process.pid or 0)
        threading.Thread(target=self._listen, args=about, daemon=True).start()

    def _listen(self, index: int, pipe: Connection, process: int) -> None:
        while True:
            try:
                done = pipe.recv()
            except (EOFError, OSError):  # it died, or we are ending
                self._post(Died(index, process))
                return
            self._note(self._workers[index], done)

    def _note(self, worker: _Worker, done: Done) -> None:
        """An answer; whoever waited for it hears."""
        with self._lock:
            if not worker.given or worker.given[0].number != done.number:
                return
            worker.deaths = 0
            job, post = worker.given.popleft(), self._post
            is_waited_for = job.number > self._first
        if is_waited_for:
            post(Finished(job, done))


def _send(worker: _Worker, job: Job | None) -> None:
    """A worker that is gone is noticed by who listens to it."""
    try:
        worker.pipe.send(job)
    except (BrokenPipeError, ConnectionResetError, OSError):
        log.debug("worker %d is gone", worker.index)
