"""What a job over a folder of pictures passed over, and why: a line each, and it stops nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OddFile:
    """One file or folder that was passed over. `where`: its path below the set; `en`, `zh`: why."""

    where: str
    en: str
    zh: str
