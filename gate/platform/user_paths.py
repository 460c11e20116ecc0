"""Paths that people write down, in settings and in the environment: `~` is a user's home folder."""

import os
from pathlib import Path

from gate.errors import UsageError


class PathUnusable(ValueError):
    """A path that names no place on this system; the text says why."""


def expanded(path: Path) -> Path:
    """With `~` and `~user` replaced. PathUnusable where there is no such user or home folder, and
    for characters that no path has."""
    if "\0" in str(path):
        raise PathUnusable("a path has no NUL character")
    try:
        str(path).encode()
        return path.expanduser()
    except UnicodeEncodeError as e:
        raise PathUnusable("a path has no half characters") from e
    except RuntimeError as e:
        first = path.parts[0]
        why = f"user {first[1:]} is not known here" if first != "~" else "HOME is not set"
        raise PathUnusable(f"{first} has no home folder ({why}): write the whole path") from e


def place_of_user(variable: str, default: str, option: str) -> Path:
    """What the environment's `variable` names, `default` where it is not set. UsageError, naming
    `option`, where that is no place."""
    named = os.environ.get(variable) or default
    try:
        return expanded(Path(named))
    except PathUnusable as e:
        raise UsageError(
            f"{named} is no folder of this system ({e}): name the folder with {option}, or set "
            f"{variable}.",
            f"{named} 不是本系统的目录：请用 {option} 指定，或设置 {variable}。",
            path=named,
            variable=variable,
        ) from e
