"""After the morning: nothing that names a candidate lies in the clear where it must not.

It looks through both gates' state and exports, the office's folder and what the broker keeps. It
looks through every log, and through the browser's profile with its storage, history and cache. The
addresses that the browser asked for name no candidate either, not even by ticket.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from demo.board import PASSWORD
from demo.cast import Person
from demo.console import PINS
from demo.stage import Stage

JPEG = b"\xff\xd8\xff"
"""How a picture from the pages begins."""


def in_the_clear(
    stage: Stage, cast: dict[str, Person], exported: dict[str, str], addresses: Iterable[str]
) -> list[str]:
    """Each place where something lies that must not, in words."""
    named = {w for p in cast.values() for w in (p.name, p.number) if w}
    profile = list(_files(stage.browser))
    logs = list(_files(stage.crew.logs))
    kept = [*(g.state for g in stage.gates), stage.work / "broker", stage.home]
    places = [
        *(("the export of " + unit, text.encode()) for unit, text in exported.items()),
        *((str(f), f.read_bytes()) for folder in kept for f in _files(folder)),
        *((str(f), f.read_bytes()) for f in (*profile, *logs)),
    ]
    wrong = [f"{w} lies in the clear in {place}" for place, w in found(places, named)]
    typed = [(str(f), f.read_bytes()) for f in (*profile, *logs)]
    secrets = (*PINS.values(), PASSWORD)
    wrong += [f"a PIN or password lies in the clear in {p}" for p, _ in found(typed, secrets)]
    wrong += [f"a picture lies in {f}" for f in profile if JPEG in f.read_bytes()]
    tickets = {str(p.ticket) for p in cast.values() if p.ticket}
    asked = [(address, address.encode()) for address in addresses]
    wrong += [f"the address {place} names {w}" for place, w in found(asked, named | tickets)]
    return wrong


def found(places: Iterable[tuple[str, bytes]], words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Place and word, wherever a word stands in one of its spellings."""
    spelled = {word: _spellings(word) for word in words}
    for place, data in places:
        for word, spellings in spelled.items():
            if any(s in data for s in spellings):
                yield place, word


def _spellings(word: str) -> set[bytes]:
    """As programs write it: UTF-8, UTF-16 as browsers do, escaped in JSON, quoted in an address,
    and GB18030 as old programs do."""
    return {
        word.encode(),
        word.encode("utf-16-le"),
        json.dumps(word)[1:-1].encode(),
        quote(word).encode(),
        word.encode("gb18030"),
    }


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file())
