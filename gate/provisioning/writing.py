"""Differences between a plan and a card, and the writing of them: each file whole or not at all."""

import difflib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.errors import Refused, StorageRefused
from gate.platform.durable_files import make_folder, sync_folder, write_file
from gate.provisioning.plan import Planned

_SECRET = ".key"


@dataclass(frozen=True)
class Difference:
    """`planned` is not what the card holds; `lines` says so as a diff, without secrets."""

    planned: Planned
    lines: tuple[str, ...]


def differences(root: Path, planned: Iterable[Planned]) -> tuple[Difference, ...]:
    """In the plan's order. Refused where a folder of the card leads out of it."""
    return tuple(d for it in planned if (d := _difference(root, it)) is not None)


def _difference(root: Path, it: Planned) -> Difference | None:
    path = _inside(root, it.path)
    if it.link is not None:
        now = str(path.readlink()) if path.is_symlink() else None
        return None if now == it.link else Difference(it, (f"+{it.path} -> {it.link}",))
    try:
        plain = path.is_file() and not path.is_symlink()
        now_bytes = path.read_bytes() if plain else None
    except OSError as e:
        raise StorageRefused(f"{path} cannot be read ({e}).", f"{path} 无法读取。") from e
    # A card's first partition is FAT: it knows no modes.
    same_mode = plain and (it.path.startswith("boot/") or path.stat().st_mode & 0o777 == it.mode)
    if now_bytes == it.content and same_mode:
        return None
    return Difference(it, tuple(_diff(it, now_bytes)))


def _diff(it: Planned, now: bytes | None) -> Iterator[str]:
    if it.path.endswith(_SECRET):
        yield f"+{it.path} (a key, not shown)"
        return
    before = (now or b"").decode("utf-8", "replace").splitlines()
    after = it.content.decode("utf-8", "replace").splitlines()
    if before == after:
        yield f"+{it.path} mode {it.mode:o}"
    else:
        yield from difflib.unified_diff(before, after, it.path, it.path, n=0, lineterm="")


def _inside(root: Path, name: str) -> Path:
    """A link on the card must not make us write to the machine that the card is in."""
    path = root / name
    real = path.parent.resolve()
    if not real.is_relative_to(root.resolve()):
        raise Refused(
            f"{path.parent} leads out of the card to {real}: remove that link.",
            f"{path.parent} 指向存储卡之外的 {real}：请删除该链接。",
        )
    return path


def write(root: Path, found: Iterable[Difference]) -> Iterator[str]:
    """Write one after the other, each on the disk before the next; gives each path. StorageRefused,
    Refused."""
    for it in (d.planned for d in found):
        path = _inside(root, it.path)
        try:
            if it.link is not None:
                _link(path, it.link)
            else:
                write_file(path, it.content, it.mode)
        except OSError as e:
            raise StorageRefused(
                f"{path} cannot be written ({e}): nothing before it is lost; run this again.",
                f"{path} 无法写入（{e}）：已写入的部分不受影响，请重新运行。",
            ) from e
        yield it.path


def _link(path: Path, target: str) -> None:
    make_folder(path.parent)
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)
    os.symlink(target, staged)
    staged.replace(path)
    sync_folder(path.parent)
