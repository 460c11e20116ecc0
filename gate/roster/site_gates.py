"""The gates of a site and the keys that they sign with, as a roster file holds them, sealed."""

import base64
import json
from collections.abc import Mapping

GATES_KEY = b"gates"
_PAD_BYTES = 1024


def encode_gates(keys: Mapping[str, bytes]) -> bytes:
    """Gate id to Ed25519 public key, 32 bytes. Padded with blanks."""
    named = {gate: base64.b64encode(key).decode() for gate, key in sorted(keys.items())}
    plain = json.dumps(named, separators=(",", ":")).encode()
    return plain.ljust(-(-len(plain) // _PAD_BYTES) * _PAD_BYTES)


def decode_gates(plain: bytes) -> dict[str, bytes]:
    """What `encode_gates` took."""
    return {gate: base64.b64decode(key) for gate, key in json.loads(plain).items()}
