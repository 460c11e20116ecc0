"""Evidence pictures: sealed to the chief examiner before they touch the disk."""

import hashlib
import re
from pathlib import Path

from nacl.public import PublicKey, SealedBox

from gate.errors import GateBug, InputRejected
from gate.platform.durable_files import write_file
from gate.store.store_errors import from_system

_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")


class SealedEvidence:
    """Obeys `gate.ports.Evidence` in `folder`. `examiner_public_key`: 32 bytes, X25519; a libsodium
    sealed box, so the gate itself cannot open what it wrote. InputRejected for another length."""

    def __init__(self, folder: Path, examiner_public_key: bytes) -> None:
        if len(examiner_public_key) != 32:
            raise InputRejected(
                "The chief examiner's key is not 32 bytes: copy examiner.pub to the unit again.",
                "主考公钥长度不是 32 字节：请重新复制 examiner.pub 到设备。",
                length=len(examiner_public_key),
            )
        self._folder = folder
        self._box = SealedBox(PublicKey(examiner_public_key))

    def keep(self, jpeg: bytes, name: str) -> str:
        """Durable when it returns, as `<name>.sealed`; whole or not there."""
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise GateBug(f"Not a name for an evidence file: {name!r}.", "证据文件名无效。")
        sealed = self._box.encrypt(jpeg)
        try:
            write_file(self._folder / f"{name}.sealed", sealed, 0o600)
        except OSError as e:
            raise from_system(self._folder, e) from e
        return hashlib.sha256(sealed).hexdigest()
