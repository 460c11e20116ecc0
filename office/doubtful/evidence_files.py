"""The sealed pictures of a folder, opened with the chief examiner's key."""

import hashlib
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from gate.platform.regular_file import FileTooLarge, read_regular

LARGEST_BYTES = 8 * 2**20
"""A sealed frame has some 100 kB; more is not one."""

MISSING = ("未取得该证据文件", "the sealed file is not in the folder")
UNREADABLE = ("证据文件无法读取", "the sealed file cannot be read")
ANOTHER_KEY = ("无法用此密钥打开", "does not open with this key")
ALTERED = ("与判定记录的摘要不符", "is not the file that the decision names")


def opened(
    folder: Path, decision: str, sha256: str | None, box: "SealedBox[PrivateKey]"
) -> tuple[bytes | None, tuple[str, str] | None]:
    """The JPEG of a decision, or None and why not as (Chinese, English). `sha256`: of the sealed
    bytes, hex, as the decision names it; None where it names none: then there is no picture and
    nothing is missing. One odd file never stops the list."""
    if sha256 is None:
        return None, None
    try:
        content = read_regular(folder / f"{decision}.sealed", LARGEST_BYTES)
    except FileNotFoundError:
        return None, MISSING
    except (OSError, FileTooLarge):
        return None, UNREADABLE
    if hashlib.sha256(content).hexdigest() != sha256:
        return None, ALTERED
    try:
        return box.decrypt(content), None
    except (CryptoError, ValueError):
        return None, ANOTHER_KEY
