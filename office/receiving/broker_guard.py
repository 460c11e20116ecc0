"""The broker's guard, which is shipped as C: built where the broker's configuration is written."""

import shutil
import subprocess
from pathlib import Path

from gate.errors import OperatorMustAct

GUARD = "exam_gate_guard.so"
_FLAGS = ("-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Wextra")
_LIBRARIES = ("-lssl", "-lcrypto")
_PACKAGES = "gcc libc6-dev libssl-dev mosquitto-dev"


def build_command(sources: Path, target: Path, *more: str) -> list[str]:
    """Of the C compiler. `more`: further flags."""
    files = sorted(str(file) for file in sources.glob("*.c"))
    return ["cc", *_FLAGS, *more, "-o", str(target), *files, *_LIBRARIES]


class GuardNotBuilt(OperatorMustAct):
    """Without the guard the broker works, but one gate in wrong hands can crowd out the others."""

    exit_code = 1


def build_guard(sources: Path, target: Path) -> None:
    """Into `target`. GuardNotBuilt, with what is to be done."""
    if shutil.which("cc") is None:
        raise _not_built("there is no C compiler", "没有 C 编译器")
    part = target.with_name(target.name + ".part")
    built = subprocess.run(
        build_command(sources, part), capture_output=True, text=True, check=False
    )
    if built.returncode:
        why = next((x for x in built.stderr.splitlines() if "error" in x), "cc failed")
        raise _not_built(why, why)
    part.replace(target)  # a broker that runs has the old file mapped


def _not_built(why: str, zh: str) -> GuardNotBuilt:
    return GuardNotBuilt(
        f"The broker's guard was not built ({why}): install {_PACKAGES} and write the "
        "configuration again, or take a broker without quotas for single gates: --without-guard.",
        f"消息服务器的防护插件未能编译（{zh}）：请安装 {_PACKAGES} 后重新生成配置，"
        "或使用 --without-guard（不按闸机限额）。",
    )
