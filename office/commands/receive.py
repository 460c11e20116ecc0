"""exam-office receive: take what the gates send, for as long as it runs."""

import contextlib
import gc
import logging
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from office.home import Home, default_home


def receive(
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    host: Annotated[str, typer.Option(help="The broker, as its certificate names it.")] = (
        "localhost"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8883,
    once_idle: Annotated[
        float | None, typer.Option(help="End after so many seconds without a batch.")
    ] = None,
    status_file: Annotated[
        Path | None, typer.Option(help="Keep the counts here, as JSON, for other programs.")
    ] = None,
    *,
    workers: Annotated[
        int,
        typer.Option(min=0, max=64, help="Processes that verify and store; 0: all in one."),
    ] = 0,
    new_database: Annotated[
        bool, typer.Option("--new-database", help="Begin an empty one where it is gone.")
    ] = False,
) -> None:
    """Store every gate's events and answer with signed receipts. 接收闸机事件并签发回执。"""
    from nacl.signing import SigningKey

    from gate.platform.log_lines import log_to_stderr
    from gate.roster.keys import read_key
    from gate.sync.link import Address
    from office.receiving import wall_clock
    from office.receiving.receive import Receiver
    from office.receiving.signers import keep_words
    from office.receiving.worker_pool import WorkerPool
    from office.receiving.worker_values import GC_THRESHOLD
    from office.store.locks import ReceiveLock
    from office.store.opening import begin_generation, open_receiving

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(message)s")
    found = Home(home or default_home())
    address = Address(
        host,
        port,
        found.ca / "ca.crt",
        found.office / "office.crt",
        found.office / "office.key",
        name="office",
    )
    signing = SigningKey(read_key(found.office / "office-signing.key", "the office's signing key"))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ReceiveLock(found.root), open_receiving(found, new=new_database) as store:
        store.database.receive_alone()
        keep_words(store, found, signing, wall_clock.now())
        generation = begin_generation(found, store, wall_clock.now_ms())
        receiver = Receiver(
            found, store, address, generation, signing, status_file=status_file, idle_s=once_idle
        )
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        with contextlib.ExitStack() as stack:
            if workers:
                pool = WorkerPool(workers, found.root, store.database.place, signing.encode())
                receiver.pool = stack.enter_context(pool)
            receiver.run(stop)
    print(
        f"{receiver.counts.events} events in {receiver.counts.batches} batches, "
        f"{receiver.counts.rejected} refused, {receiver.counts.conflicts} conflicts"
    )
