"""exam-office evidence: the chief examiner opens what a gate has sealed."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import InputDamaged, StorageRefused
from gate.platform.durable_files import write_file
from gate.platform.regular_file import FileTooLarge, read_regular
from office.home import Home, default_home

app = typer.Typer(no_args_is_help=True, help="Evidence pictures of doubtful faces. 存疑证据照片。")

LARGEST_BYTES = 8 * 2**20
"""A sealed frame has some 100 kB; more is not one."""


@app.command("open")
def open_(
    sealed: Annotated[Path, typer.Argument(help="DECISION.sealed from the unit.")],
    out: Annotated[Path, typer.Option(help="The JPEG to write; only its owner may read it.")],
    home: Annotated[Path | None, typer.Option(help="The office's folder.")] = None,
    key: Annotated[Path | None, typer.Option(help="The examiner's key, kept elsewhere.")] = None,
) -> None:
    """Open one picture with the chief examiner's key and print the SHA-256 by which its decision
    names it. 主考用密钥打开一张证据照片。"""
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    from gate.roster.keys import read_key

    path = key or Home(home or default_home()).examiner / "examiner.key"
    box = SealedBox(PrivateKey(read_key(path, "the chief examiner's key")))
    content = _read(sealed)
    try:
        jpeg = box.decrypt(content)
    except (CryptoError, ValueError) as e:
        raise InputDamaged(
            f"{sealed} does not open with {path}: copy it from the unit again, or name the key of "
            "the examiner it was sealed to.",
            f"{sealed} 无法用 {path} 打开：请从设备重新复制，或指定对应主考的密钥。",
            path=str(sealed),
        ) from e
    try:
        write_file(out, jpeg, 0o600)
    except OSError as e:
        raise StorageRefused(
            f"{out} cannot be written ({e.strerror}): name another place with --out.",
            f"无法写入 {out}（{e.strerror}）：请用 --out 指定其他位置。",
            path=str(out),
        ) from e
    print(f"{hashlib.sha256(content).hexdigest()}  {out}")


def _read(sealed: Path) -> bytes:
    try:
        return read_regular(sealed, LARGEST_BYTES)
    except FileTooLarge as e:
        raise InputDamaged(
            f"{sealed} is too large for a picture: name the .sealed file of the decision.",
            f"{sealed} 过大，不是证据照片：请指定该判定的 .sealed 文件。",
            path=str(sealed),
        ) from e
    except OSError as e:
        raise InputDamaged(
            f"{sealed} cannot be read ({e.strerror}): name the .sealed file of the decision.",
            f"无法读取 {sealed}（{e.strerror}）：请指定该判定的 .sealed 文件。",
            path=str(sealed),
        ) from e
