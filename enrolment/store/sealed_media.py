"""One key for each round; personal data and pictures are sealed with it, and gone with it."""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from gate.errors import InputDamaged, StorageRefused
from gate.platform.durable_files import sync_folder, write_file
from gate.platform.regular_file import read_regular

PICTURE_BYTES_MAX = 10 << 20


class SealedMedia:
    """The folder `root`: `keys/ROUND.key` and `ROUND/<sha256>`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._keys: dict[str, bytes] = {}

    def make_key(self, round_id: str) -> None:
        """A key where there is none yet. StorageRefused."""
        path = self._key_path(round_id)
        if not path.exists():
            self._write(path, os.urandom(SecretBox.KEY_SIZE))

    def has_key(self, round_id: str) -> bool:
        """Whether what is sealed for the round can be read."""
        return self._key_path(round_id).exists()

    def seal(self, round_id: str, content: bytes) -> str:
        """Sealed, as base64. InputDamaged without a key."""
        return b64encode(self._box(round_id).encrypt(content)).decode()

    def unseal(self, round_id: str, sealed: str) -> bytes:
        """What `seal` sealed. InputDamaged."""
        box = self._box(round_id)
        try:
            return box.decrypt(b64decode(sealed))
        except (CryptoError, ValueError) as e:
            raise InputDamaged(
                f"Sealed data of {round_id} cannot be opened: is it the right media folder?",
                f"{round_id} 的密封数据无法打开：请核对媒体文件夹。",
            ) from e

    def keyed(self, round_id: str, number: str) -> str:
        """An ID number as it is compared, 64 hex digits: without the key it says nothing."""
        return hmac.new(self._key(round_id), number.encode(), hashlib.sha256).hexdigest()

    def put(self, round_id: str, picture: bytes) -> str:
        """Stores a picture; its name. StorageRefused, InputDamaged."""
        name = self.keyed(round_id, hashlib.sha256(picture).hexdigest())
        self._write(self.root / round_id / name, self._box(round_id).encrypt(picture))
        return name

    def get(self, round_id: str, name: str) -> bytes:
        """A stored picture. InputDamaged."""
        path = self.root / round_id / Path(name).name
        try:
            sealed = read_regular(path, PICTURE_BYTES_MAX)
        except OSError as e:
            raise InputDamaged(
                f"The picture {name} is not in {self.root}.", f"{self.root} 中没有相片 {name}。"
            ) from e
        return self.unseal(round_id, b64encode(sealed).decode())

    def shred(self, round_id: str) -> int:
        """Destroys the key, then the pictures; how many. StorageRefused.

        The key is written over first. That does not reach what a flash disk keeps elsewhere.
        """
        path, folder, count = self._key_path(round_id), self.root / round_id, 0
        try:
            if path.exists():
                with path.open("r+b") as file:
                    file.write(os.urandom(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
                sync_folder(path.parent)
            self._keys.pop(round_id, None)
            for picture in sorted(folder.glob("*")) if folder.is_dir() else ():
                picture.unlink()
                count += 1
        except OSError as e:
            raise self._refused(e) from e
        return count

    def _key_path(self, round_id: str) -> Path:
        return self.root / "keys" / f"{round_id}.key"

    def _key(self, round_id: str) -> bytes:
        if round_id not in self._keys:
            try:
                key = read_regular(self._key_path(round_id), SecretBox.KEY_SIZE)
            except OSError as e:
                raise InputDamaged(
                    f"There is no key of {round_id} in {self.root}: name the right --media, or "
                    "the round was shredded.",
                    f"{self.root} 中没有 {round_id} 的密钥：请指定正确的 --media，或该批次已销毁。",
                ) from e
            self._keys[round_id] = key
        return self._keys[round_id]

    def _box(self, round_id: str) -> SecretBox:
        return SecretBox(self._key(round_id))

    def _write(self, path: Path, content: bytes) -> None:
        try:
            write_file(path, content, 0o600)
        except OSError as e:
            raise self._refused(e) from e

    def _refused(self, e: OSError) -> StorageRefused:
        return StorageRefused(
            f"{self.root} takes no files ({e.strerror}).", f"{self.root} 无法写入。"
        )
