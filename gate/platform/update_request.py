"""What the gate asks of the root helper: another version of itself. It runs nothing as root.

`exam-gate-update.path` waits for the file; `exam-gate-update` reads one line of it, and takes
packages of the signed repository alone.
"""

from collections.abc import Callable
from pathlib import Path

from gate.errors import StorageRefused
from gate.platform.durable_files import write_file

HELPER = Path("/usr/libexec/exam-gate-update")
STATE = Path("/var/lib/exam-gate")
"""Where exam-gate-update.path looks."""
FILE = "update-request"


def requests_in(state: Path) -> Callable[[str | None], None] | None:
    """Writes the request: a version, or None for the version before. None where the gate is not
    installed as a package."""
    if state != STATE or not HELPER.is_file():
        return None
    return lambda version: ask(state, version)


def ask(state: Path, version: str | None) -> None:
    """StorageRefused."""
    line = "rollback\n" if version is None else f"install {version}\n"
    try:
        write_file(state / FILE, line.encode("ascii"), 0o600)
    except OSError as e:
        raise StorageRefused(
            f"The request cannot be stored ({e.strerror}).", f"无法保存更新请求（{e.strerror}）。"
        ) from e
