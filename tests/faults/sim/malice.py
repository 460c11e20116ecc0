"""What people with access do: forged and repeated receipts and batches, a copied, an altered, a
destroyed card."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from nacl.signing import SigningKey

from gate.ports import Receipt
from gate.sync.wire import Topics, encode_batch, encode_receipt
from tests.faults.oracle import Row, link
from tests.faults.sim.disk import JOURNAL, Image
from tests.faults.sim.gate import SimGate
from tests.faults.sim.holdings import journal, journal_in
from tests.faults.sim.ledger import Gone
from tests.faults.sim.people import EXAM, SITE, seed_of
from tests.faults.sim.world import World

FORGER = SigningKey(seed_of("forger"))


def _any(world: World) -> SimGate | None:
    at_work = [u for u in world.gates if u.alive and u.journal._files.head is not None]
    return world.rng.choice(at_work) if at_work else None


# -- on the wire -----------------------------------------------------------------------------------


def forge_receipt(world: World) -> str | None:
    """Signed by somebody else: everything is stored, nothing is missing. Some come when it would
    hurt: somebody has just passed, and the event is not at the office yet."""
    unit = _any(world)
    if unit is None:
        return None
    if unit.free and world.rng.random() < 0.5:
        world.people += 1
        unit.present(world.people)
        world.loop.advance(0.5)
        if not unit.alive:
            return None
    head = unit.journal.head
    at = "2027-04-10T09:00:00.000+08:00"
    known = unit.journal._files.receipt
    generation = known.generation if known else world.office.now_ms
    receipt = Receipt(generation, unit.gate, head.epoch, head.seq, head.hash, (), at, head.seq)
    beyond = head.seq + world.rng.randint(1, 9)
    kinds = {
        "of everything": receipt,
        "above the head": replace(receipt, high=beyond, top=beyond),
        "of the next generation": replace(receipt, generation=generation + 1),
        "with another hash": replace(receipt, head="ab" * 32),
    }
    kind = world.rng.choice(sorted(kinds))
    _say(world, unit.gate, encode_receipt(kinds[kind], FORGER))
    return f"a forged receipt {kind} for {unit.name}"


def repeat_receipt(world: World) -> str | None:
    """A true one, once more, or to whom it does not belong."""
    heard = [m for topic, m in world.broker.heard if topic.endswith("/rcpt")]
    unit = _any(world)
    if not heard or unit is None:
        return None
    _say(world, unit.gate, world.rng.choice(heard))
    return f"an old receipt for {unit.name}"


def _say(world: World, gate: str, payload: bytes) -> None:
    world.broker.inject(Topics(EXAM.id, SITE, gate).rcpt, payload, retain=True)


def forge_batch(world: World) -> str | None:
    """An admission that never was, signed by somebody else, behind the head of a true journal."""
    unit = _any(world)
    if unit is None or not unit.journal.head.seq:
        return None
    epoch, rows = journal(unit)
    if not rows:
        return None
    seq, _, digest, text = rows[-1]
    event = json.loads(text) | {"seq": seq + 1, "id": f"{epoch}-{seq + 1}", "outcome": "ADMIT"}
    event |= {"prev": digest, "hash": link(digest, json.dumps(event))}
    payload, _ = encode_batch([event], hist=False, key=FORGER)
    world.broker.inject(Topics(EXAM.id, SITE, unit.gate).ev, payload)
    return f"a forged batch of {unit.name}"


def repeat_batch(world: World) -> str | None:
    """A true one, once more, or under another gate's name."""
    heard = [m for topic, m in world.broker.heard if topic.endswith("/ev")]
    if not heard:
        return None
    unit = world.rng.choice(world.gates)
    world.broker.inject(Topics(EXAM.id, SITE, unit.gate).ev, world.rng.choice(heard))
    return f"an old batch under the name of {unit.gate}"


def meddle(world: World) -> str | None:
    """From now on, or no more, somebody in the broker changes what passes."""
    if world.broker.meddler is not None:
        world.broker.meddler = None
        return "the broker is honest again"
    rng, change = world.rng, world.rng.choice([_flip, _other_event, _cut_events])

    def sometimes(topic: str, payload: bytes) -> bytes:
        if rng.random() < 0.5 or not topic.endswith(("/ev", "/rcpt")):
            return payload
        world.hits["message altered"] += 1
        return change(rng, payload)

    world.broker.meddler = sometimes
    return f"somebody in the broker changes messages ({change.__name__.strip('_')})"


def _flip(rng: Random, payload: bytes) -> bytes:
    place = rng.randrange(len(payload))
    return payload[:place] + bytes([payload[place] ^ 1 << rng.randrange(7)]) + payload[place + 1 :]


def _other_event(rng: Random, payload: bytes) -> bytes:
    return payload.replace(b"REFUSE", b"ADMIT").replace(b'"T00', b'"T01')


def _cut_events(rng: Random, payload: bytes) -> bytes:
    raw = json.loads(payload)
    if len(raw.get("ev", [])) > 1:
        raw["ev"].pop(rng.randrange(len(raw["ev"])))
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# -- on the card -----------------------------------------------------------------------------------


def copy_card(world: World) -> str | None:
    """The card is copied while the unit is off, and both are put to work."""
    unit = _any(world)
    if unit is None or len(world.gates) > 2 or unit.gate in world.ledger.forked:
        return None
    unit.kill("to copy its card")
    twin = world.add_unit(unit.gate, f"{unit.name}-copy")
    twin.image = dict(unit.image)
    world.ledger.forked.add(unit.gate)
    world.loop.call_later(1.0, world.restart, twin)
    return f"the card of {unit.name} is copied"


def destroy_card(world: World) -> str | None:
    """The unit gets an empty card: what the office does not have is gone, and is named."""
    unit = _any(world)
    if unit is None or unit.gate in world.ledger.forked:
        return None
    unit.kill("and its card destroyed")
    epoch, rows = journal_in(unit.image, unit)
    if rows:
        world.ledger.gone.append(Gone(unit, epoch, rows, "lost its card"))
    unit.image = {}
    return f"the card of {unit.name} is destroyed"


def alter_card(world: World) -> str | None:
    """While the unit is off somebody edits its journal, with or without care for the chain."""
    unit = _any(world)
    if unit is None or unit.gate in world.ledger.forked or unit.name in world.ledger.altered:
        return None
    high = unit.vouched.get(unit.journal.head.epoch, 0)
    if high < 3:
        return None
    unit.kill("to alter its card")
    epoch, rows = journal_in(unit.image, unit)
    change = world.rng.choice(sorted(_CHANGES))
    altered = _CHANGES[change](rows, world.rng, high)
    unit.image = _rewritten(unit, altered)
    left = [row for row in rows if row in altered]
    world.ledger.altered[unit.name] = Gone(unit, epoch, rows, f"was altered ({change})", left=left)
    world.hits[f"altered: {change}"] += 1
    return f"the journal of {unit.name} is altered: {change}"


def _edit(rows: list[Row], rng: Random, high: int) -> list[Row]:
    place = rng.randrange(len(rows))
    seq, prev, digest, text = rows[place]
    edited = text.replace('"v":1', '"v":1,"w":1')
    return [*rows[:place], (seq, prev, digest, edited), *rows[place + 1 :]]


def _careful_edit(rows: list[Row], rng: Random, high: int) -> list[Row]:
    """Every hash behind it computed anew."""
    place = rng.randrange(high)
    out = rows[:place]
    previous = rows[place][1]
    for seq, _, _, text in rows[place:]:
        edited = text.replace('"v":1', '"v":1,"w":1') if seq == rows[place][0] else text
        out.append((seq, previous, digest := link(previous, edited), edited))
        previous = digest
    return out


def _cut(rows: list[Row], rng: Random, high: int) -> list[Row]:
    """The end, some of which the office has."""
    return rows[: rng.randrange(1, high)]


def _drop(rows: list[Row], rng: Random, high: int) -> list[Row]:
    place = rng.randrange(high - 1)
    return rows[:place] + rows[place + 1 :]


def _swap(rows: list[Row], rng: Random, high: int) -> list[Row]:
    place = rng.randrange(high - 1)
    (a, ap, ah, at), (b, bp, bh, bt) = rows[place : place + 2]
    return [*rows[:place], (a, bp, bh, bt), (b, ap, ah, at), *rows[place + 2 :]]


_CHANGES: dict[str, Callable[[list[Row], Random, int], list[Row]]] = {
    "an edit": _edit,
    "an edit with new hashes": _careful_edit,
    "the end cut": _cut,
    "an event dropped": _drop,
    "two events swapped": _swap,
}


def _rewritten(unit: SimGate, rows: list[Row]) -> Image:
    """The same card with these events, written past the triggers."""
    scratch = unit.disk.folder.parent / "desk"
    scratch.mkdir(exist_ok=True)
    for name, content in unit.image.items():
        (scratch / name).write_bytes(content)
    db = sqlite3.connect(scratch / JOURNAL, isolation_level=None)
    triggers: list[tuple[Any, ...]] = db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'"
    ).fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DELETE FROM event")
    db.executemany("INSERT INTO event (seq, prev, hash, event) VALUES (?, ?, ?, ?)", rows)
    for _, sql in triggers:
        db.execute(sql)
    db.close()
    image = {f.name: f.read_bytes() for f in scratch.iterdir()}
    for file in scratch.iterdir():
        file.unlink()
    return image
