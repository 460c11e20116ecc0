"""Where the simulated world is put under the product's code, and where a mutant is put into it.

Nothing of the product is written anew here: a connection without its thread, a link without its
socket, chance and time from the seed.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from nacl.signing import VerifyKey

import gate.service.lane
import gate.service.recorder
import gate.store.journal
import gate.store.journal_files
import gate.store.opening
import gate.store.schema
import gate.sync.envelope
import gate.sync.session
import office.receiving.authorisation
import office.receiving.wall_clock
import office.store.arrivals
import office.store.database
import office.store.ingest
from gate.sync import outbox, signed_export, wire
from office.store.connection import Database
from tests.faults.sim.disk import InlineConnection
from tests.faults.sim.loop import VirtualLoop
from tests.faults.sim.people import OPENING

Patch = tuple[Any, str, Any]
"""Object, name of its attribute, what stands there meanwhile."""


def world_patches(loop: VirtualLoop, rng: Random, link: Any) -> list[Patch]:
    """Threads, sockets, chance and time, by what this world has instead."""
    secret = SimpleNamespace(token_hex=lambda size: rng.randbytes(size).hex())
    clock = SimpleNamespace(perf_counter=loop.time)
    return [
        (gate.sync.session, "MqttConnection", link),
        (gate.sync.session, "secrets", secret),
        (gate.sync.session, "_POLL_S", 7.0),
        (gate.store.journal_files, "aiosqlite", SimpleNamespace(Connection=InlineConnection)),
        (gate.store.opening, "secrets", secret),
        (gate.service.lane, "time", clock),
        (gate.service.recorder, "time", clock),
        (office.receiving.wall_clock, "now", lambda: _wall(loop.time())),
        *_computed_once(),
    ]


def _computed_once() -> list[Patch]:
    """The same functions, but what has come out for the same arguments is not computed again: half
    a seed's time. Nobody changes a schema or an enrolment while a seed plays."""
    return [
        (gate.store.schema, "steps", _STEPS),
        (gate.store.schema, "_statements", _STATEMENTS),
        (gate.sync.envelope, "VerifyKey", _VerifyKey),
        (
            office.receiving.authorisation,
            "read_enrolment",
            cache(office.receiving.authorisation.read_enrolment),
        ),
        (office.store.database, "migrate", _migrate),
    ]


_STEPS = cache(gate.store.schema.steps)
_STATEMENTS = cache(gate.store.schema._statements)


class _VerifyKey(VerifyKey):
    """A receipt that the broker repeats is not verified twice; one that is wrong, every time."""

    def verify(self, message: bytes, signature: bytes) -> bytes:  # type: ignore[override]
        return _verified(bytes(self), message, signature)


@lru_cache(maxsize=512)
def _verified(public: bytes, message: bytes, signature: bytes) -> bytes:
    return VerifyKey(public).verify(message, signature)


@cache
def _migrated() -> bytes:
    """An office's empty database, as the product's own migration makes it."""
    database = Database(Path(":memory:"))
    _MIGRATE(database)
    image: bytes = database.driver.serialize()
    return image


_MIGRATE = office.store.database.migrate


def _migrate(database: Database) -> None:
    database.driver.deserialize(_migrated())


def knobs(rng: Random, hits: Counter[str]) -> list[Patch]:
    """Limits that a morning seldom reaches, made small in some seeds, so that what happens at them
    happens here."""
    turned: list[Patch] = []
    if rng.random() < 0.4:
        size = rng.choice([1, 2, 4])
        turned += [(m, "MAX_EVENTS", size) for m in (wire, outbox, signed_export)]
        hits["batches of few"] += 1
    if rng.random() < 0.2:
        turned += [(m, "MAX_RANGES", 1) for m in (wire, office.store.ingest, office.store.arrivals)]
        hits["receipts of one range"] += 1
    if rng.random() < 0.3:
        turned.append((gate.store.journal, "_CHECKPOINT_EVERY", rng.randint(2, 8)))
        hits["frequent checkpoints"] += 1
    return turned


def _wall(seconds: float) -> str:
    """The office's clock, which is right."""
    return (OPENING + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


@contextmanager
def patched(patches: list[Patch]) -> Iterator[None]:
    """In place while the block runs; what is told to logs is not printed."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for owner, name, instead in patches:
            setattr(owner, name, instead)
        yield
    finally:
        for owner, name, former in reversed(before):
            setattr(owner, name, former)
        logging.disable(level)
