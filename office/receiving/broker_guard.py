"""The broker's guard, which is shipped as C: built where the broker's configuration is written."""

import shutil
import subprocess
from pathlib import Path

GUARD = "exam_gate_guard.so"
_FLAGS = ("-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Wextra")
_LIBRARIES = ("-lssl", "-lcrypto")
_PACKAGES = "gcc libc6-dev libssl-dev mosquitto-dev"


def build_command(sources: Path, target: Path, *more: str) -> list[str]:
    """Of the C compiler. `more`: further flags."""
    files = sorted(str(file) for file in sources.glob("*.c"))
    return ["cc", *_FLAGS, *more, "-o", str(target), *files, *_LIBRARIES]


def build_guard(sources: Path, target: Path) -> str | None:
    """None once `target` is built; otherwise what is to be done, for a person to read: without the
    guard the broker works, but one gate in wrong hands can crowd out the others."""
    if shutil.which("cc") is None:
        return _lacking("there is no C compiler", "没有 C 编译器")
    part = target.with_name(target.name + ".part")
    built = subprocess.run(
        build_command(sources, part), capture_output=True, text=True, check=False
    )
    if built.returncode:
        why = next((x for x in built.stderr.splitlines() if "error" in x), "cc failed")
        return _lacking(why, why)
    part.replace(target)  # a broker that runs has the old file mapped
    return None


def _lacking(why: str, zh: str) -> str:
    return (
        f"The broker has no quotas for single gates: its guard was not built ({why}). Install "
        f"{_PACKAGES} and write the configuration again.\n"
        f"消息服务器没有按闸机限额：防护插件未能编译（{zh}）。请安装 {_PACKAGES} 后重新生成配置。"
    )
