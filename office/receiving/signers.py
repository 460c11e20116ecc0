"""Whose signature counts: the keys of a gate, on the word of this office."""

from collections.abc import Callable
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.journal_entries import key_id
from gate.errors import InputRejected
from gate.roster.keys import read_key
from gate.sync.enrolled_key import encode_enrolled, read_enrolled, vouched_key
from gate.sync.proofs import Keys
from office.home import Home
from office.keys.enrolment import known_gates, read_enrolment
from office.store.database import OfficeStore

KeysOf = Callable[[str], Keys]
"""Of one gate, by their ids."""


def signers(store: OfficeStore, home: Home | None, office_public: bytes | None) -> KeysOf:
    """Every key that `home` enrols a gate with, and every one that the database holds the office's
    signed word for. Without `home` the office's word alone counts; InputDamaged where an enrolment
    cannot be read."""

    def keys(gate: str) -> Keys:
        found: dict[str, bytes] = {}
        for word in store.proofs.words(gate) if office_public is not None else ():
            public = _on_the_word(word, gate, office_public)
            if public is not None:
                found[key_id(public)] = public
        path = None if home is None else home.enrolment(gate)
        if path is not None and path.exists():
            enrolled = read_enrolment(path)
            if enrolled.gate == gate:
                found[key_id(enrolled.signing)] = enrolled.signing
        return found

    return keys


def _on_the_word(word: str, gate: str, office_public: bytes | None) -> bytes | None:
    assert office_public is not None
    try:
        return vouched_key(read_enrolled(word.encode("utf-8", "replace")), gate, office_public)
    except InputRejected:  # somebody else's word: its key counts for nothing
        return None


def keep_words(store: OfficeStore, home: Home, office: SigningKey, at: str) -> None:
    """Lay down the office's word for every key that is enrolled now: it outlives the enrolment.
    Before the first event of a gate is taken by `receive` or `import`."""
    with store.transaction():
        for gate, enrolled in known_gates(home).items():
            word = encode_enrolled(gate, enrolled.site, enrolled.signing, at=at, office=office)
            store.proofs.keep_word(gate, key_id(enrolled.signing), word)


def office_key_of(path: Path) -> bytes | None:
    """None where there is no such file. InputDamaged."""
    return read_key(path, "the office's public key") if path.exists() else None
