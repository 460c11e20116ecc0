"""What lies in a folder of pictures, in the order that its owner means."""

import re
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")


def is_picture(path: Path) -> bool:
    """By its name alone."""
    return path.suffix.lower() in SUFFIXES


def in_order(folder: Path) -> list[Path]:
    """Every file and folder in it but hidden ones. Numbers in names count by value, so `frame-2`
    stands before `frame-10`. OSError."""
    shown = [p for p in folder.iterdir() if not p.name.startswith(".")]
    return sorted(shown, key=lambda p: _by_number(p.name))


def _by_number(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"([0-9]+)", name)
    return [(int(p), "") if p.isdecimal() else (-1, p.lower()) for p in parts], name
