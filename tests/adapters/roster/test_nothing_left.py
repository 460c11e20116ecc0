"""After shredding no photo, template or PIN of the roster is on the unit's disk, open or sealed."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from gate.roster.retention import destroy_overdue, wipe
from gate.store.evidence import SealedEvidence
from tests import staff_making
from tests.roster_making import NOW, Office, citizen, row, templates

PIECE = 32
"""Bytes that are looked for: chance does not make them twice."""
LATE = NOW + timedelta(days=61)
PHOTOS = {n: b"\xff\xd8 the photo of candidate %d, " % n * 40 for n in (1, 2, 3)}


def _rows() -> list[object]:
    made = []
    for n, photo in PHOTOS.items():
        entry = row(n)
        made.append(type(entry)(entry.number, entry.record, photo=photo))
    return made


def _sealed(roster: Path) -> dict[str, bytes]:
    """Every sealed value of a roster file, by its table and key."""
    with sqlite3.connect(roster) as db:
        tables = {"candidate": "key", "photo": "key", "shared": "name"}
        found = {
            f"{table} {key!r}": bytes(sealed)
            for table, name in tables.items()
            for key, sealed in db.execute(f"SELECT {name}, sealed FROM {table}")
        }
    db.close()
    return found


def _in_the_clear() -> dict[str, bytes]:
    staff = staff_making.everybody()
    return {
        **{f"photo {n}": photo for n, photo in PHOTOS.items()},
        **{f"template {n}": templates(1, seed=1000 + n)[0].tobytes() for n in PHOTOS},
        **{f"number {n}": citizen(n).encode() for n in PHOTOS},
        **{f"name {n}": f"考生{n}号".encode() for n in PHOTOS},
        "cohort": templates(200, seed=5).tobytes(),
        **{f"PIN hash {m.id}": m.pin_hash.encode() for m in staff},
        **{f"staff name {m.id}": m.name.encode() for m in staff},
    }


def _pieces(value: bytes) -> list[bytes]:
    return [value[at : at + PIECE] for at in range(0, max(1, len(value) - PIECE + 1), PIECE)]


def _found(folder: Path, wanted: dict[str, bytes]) -> set[str]:
    """Which of `wanted` any file of `folder` holds a piece of."""
    disk = b"\0".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())
    return {name for name, value in wanted.items() if any(p in disk for p in _pieces(value))}


@pytest.mark.parametrize(
    "destroy",
    [lambda state: wipe(state, NOW), lambda state: destroy_overdue(state, LATE, frozenset())],
    ids=["by staff", "at the end of retention"],
)
def test_no_byte_of_photos_templates_and_pins_is_left(
    tmp_path: Path, destroy: Callable[[Path], list[str]]
) -> None:
    office, state = Office(), tmp_path / "state"
    staff, cohort = staff_making.everybody(), templates(200, seed=5)
    source = office.written(tmp_path / "usb", rows=_rows(), staff=staff, cohort=cohort)
    office.install(source, state)
    face = b"the face of a doubtful candidate " * 20
    SealedEvidence(state / "evidence", bytes(PrivateKey.generate().public_key)).keep(face, "aa-1")
    picture = next((state / "evidence").iterdir()).read_bytes()
    (roster,) = state.rglob("*.roster")
    sealed = {**_sealed(roster), "evidence": picture}
    clear = {**_in_the_clear(), "face": face}
    assert len(sealed) == 3 + 3 + 2 + 1
    assert _found(state, sealed) == set(sealed), "before, all of it is there, sealed"
    assert _found(state, clear) == set(), "and nothing in the clear"

    assert destroy(state)

    assert _found(state, sealed | clear) == set()
    assert office.open(state) is None
