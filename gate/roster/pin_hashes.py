"""PINs as argon2id keeps them: 19 MiB, two passes, one lane (OWASP Password Storage).

A try costs about 40 ms on a PC and some 100 ms on a Raspberry Pi 4, so nobody tries a million.
"""

import re

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

MEMORY_BYTES = 19 << 20
PASSES = 2
_HEAD = f"$argon2id$v=19$m={MEMORY_BYTES >> 10},t={PASSES},p=1$"
HASH_FORM = re.compile(re.escape(_HEAD) + r"[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}")
"""No other parameters: weaker ones are guessed sooner, and stronger ones would stop a gate."""

PIN_FORM = re.compile(r"[0-9]{4,12}")
"""What a keypad has. `exam-office staff add` says where one is short."""

_NOBODYS = f"{_HEAD}{'A' * 22}${'A' * 43}"


def hash_pin(pin: str) -> str:
    """The hash with a salt of its own, in the form `HASH_FORM`. Blocks."""
    return argon2id.str(pin.encode(), opslimit=PASSES, memlimit=MEMORY_BYTES).decode()


def pin_fits(pin_hash: str | None, pin: str) -> bool:
    """Whether `pin` is the one that was hashed. Blocks; without a hash as long as with one, so that
    nobody learns from the time who is on the list."""
    try:
        argon2id.verify((pin_hash or _NOBODYS).encode(), pin.encode("utf-8", "replace"))
    except InvalidkeyError:
        return False
    return pin_hash is not None
