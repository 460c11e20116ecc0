"""Keys of a roster and what they seal. PyNaCl for all of it.

Rows: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), with a random nonce of 24 bytes in front. The
table and the row's key are associated data, so that a row opens in its own place only. Keys:
libsodium sealed box to each gate's X25519 key. That is anonymous, so the manifest that carries it
is signed.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random

from gate.core.card import normalise_number
from gate.errors import Refused, StorageDamaged

_NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_KEY_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES
_PURPOSE = b"exam-gate roster 1\0"


@dataclass(frozen=True, slots=True)
class RosterKeys:
    """The two secret keys of a roster.

    `content`: opens the rows of one roster. `index`: keys the ID numbers of one exam.
    """

    content: bytes = field(repr=False)
    index: bytes = field(repr=False)


def new_key() -> bytes:
    """A new random key, in bytes."""
    return random(_KEY_BYTES)


def number_key(index: bytes, number: str) -> bytes:
    """The key of an ID number, 32 bytes: HMAC-SHA256 of its normalised form."""
    return hmac.digest(index, normalise_number(number).encode(), hashlib.sha256)


def handle_key(index: bytes, handle: str) -> bytes:
    """The key of a typed handle. Its colon keeps it apart from every ID number."""
    return hmac.digest(index, handle.encode(), hashlib.sha256)


def seal(content: bytes, table: str, key: bytes, plain: bytes) -> bytes:
    """`plain` sealed for its place: `table` and row `key`."""
    nonce = random(_NONCE_BYTES)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, _place(table, key), nonce, content
    )


def unseal(content: bytes, table: str, key: bytes, sealed: bytes) -> bytes:
    """What `seal` took. StorageDamaged for altered bytes or those of another place."""
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[_NONCE_BYTES:], _place(table, key), sealed[:_NONCE_BYTES], content
        )
    except (CryptoError, ValueError, TypeError) as e:
        raise StorageDamaged(
            "A row of the installed roster does not open, it was altered: install the roster again "
            "from its source.",
            "已安装的考生名册有记录无法解密（被改动）：请重新安装名册。",
            table=table,
        ) from e


def _place(table: str, key: bytes) -> bytes:
    return _PURPOSE + table.encode() + b"\0" + key


def wrap(keys: RosterKeys, gate_public_key: bytes) -> str:
    """Both keys sealed to one gate, base64."""
    box = SealedBox(PublicKey(gate_public_key))
    return base64.b64encode(box.encrypt(keys.content + keys.index)).decode("ascii")


def unwrap(wrapped: str, gate_private_key: bytes) -> RosterKeys:
    """Refused where `wrapped` was sealed to another key."""
    try:
        both = SealedBox(PrivateKey(gate_private_key)).decrypt(
            base64.b64decode(wrapped, validate=True)
        )
    except (CryptoError, binascii.Error, ValueError, TypeError) as e:
        raise Refused(
            "The roster is sealed to another key of this gate: build it again after enrolling this "
            "unit's sealing key.",
            "名册是用本机的另一把密钥加密的：请重新登记本机密钥后再生成名册。",
        ) from e
    if len(both) != 2 * _KEY_BYTES:
        raise Refused("The roster's keys have another form: build it again.", "名册密钥格式不符。")
    return RosterKeys(both[:_KEY_BYTES], both[_KEY_BYTES:])
