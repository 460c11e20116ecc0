"""Key files: 32 raw bytes in base64 on one line, mode 0600 where private."""

import base64
import binascii
import logging
from pathlib import Path

from gate.errors import InputDamaged, Refused
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular

KEY_BYTES = 32
_FILE_BYTES_MAX = 4096
PRIVATE = ".key"
"""How the file of a private key ends; a public one ends in `.pub`."""

log = logging.getLogger(__name__)


def read_key(path: Path, what: str) -> bytes:
    """The 32 bytes of a key file; `what` names it in the sentence, e.g. `the office's public key`.

    InputDamaged where it is missing or not 32 bytes in base64; Refused where this user may not,
    and where everybody may read a private one.
    """
    try:
        text = read_regular(path, _FILE_BYTES_MAX).decode("ascii")
    except FileNotFoundError as e:
        raise InputDamaged(
            f"No file {path} ({what}): `exam-office keys` makes it; a unit's own are in the folder "
            "gates/ID at the office, to be copied whole.",
            f"找不到密钥文件 {path}：由 exam-office keys 生成；"
            "本机文件请从考试中心 gates/ID 文件夹整体复制。",
            path=str(path),
        ) from e
    except PermissionError as e:
        raise Refused(
            f"{path} ({what}) may not be read by this user: run this as its owner, on a unit with "
            "sudo -u exam-gate.",
            f"当前用户无权读取密钥文件 {path}：请以其所有者运行，闸机上用 sudo -u exam-gate。",
            path=str(path),
        ) from e
    except (OSError, UnicodeDecodeError) as e:
        raise _damaged(path, what, str(e)) from e
    if path.suffix == PRIVATE:
        check_private(path, what)
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as e:
        raise _damaged(path, what, "it is not base64") from e
    if len(raw) != KEY_BYTES:
        raise _damaged(path, what, f"it holds {len(raw)} bytes instead of {KEY_BYTES}")
    return raw


def check_private(path: Path, what: str) -> None:
    """Refused where everybody on this machine may read `path`; a warning where a group may. A file
    that is not there is no matter of this."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if mode & 0o004:
        raise Refused(
            f"{path} ({what}) may be read by everybody on this machine: chmod 600 it, and have a "
            "new one made if a stranger was here.",
            f"私钥文件 {path} 对所有用户可读：请执行 chmod 600；如可能已泄露，请重新生成。",
            path=str(path),
            mode=oct(mode & 0o777),
        )
    if mode & 0o040:
        log.warning("%s (%s) may be read by its group: chmod 600 it.", path, what)


def _damaged(path: Path, what: str, why: str) -> InputDamaged:
    return InputDamaged(
        f"{path} ({what}) is damaged, {why}: copy it again from the folder that "
        "`exam-office keys` made.",
        f"密钥文件 {path} 已损坏：请从 exam-office keys 生成的文件夹重新复制。",
        path=str(path),
    )


def write_key(path: Path, raw: bytes, private: bool) -> None:
    """Write a key file whole or not at all; 0600 where `private`, else 0644. Replaces what is
    there: the caller decides whether it may. ValueError where `raw` has not KEY_BYTES; OSError."""
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(raw)}")
    write_file(path, base64.b64encode(raw) + b"\n", 0o600 if private else 0o644)
