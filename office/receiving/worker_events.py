"""What the receiver hears of its workers."""

from dataclasses import dataclass

from office.receiving.worker_values import Done, Job


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer of a worker to a job of this connection."""

    job: Job
    done: Done


@dataclass(frozen=True, slots=True)
class Died:
    """The process of worker `index` has ended, and what it had not finished goes to a new one."""

    index: int
    process: int


WorkerEvent = Finished | Died
