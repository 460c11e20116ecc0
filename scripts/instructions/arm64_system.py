"""An arm64 system to count in, made once: Debian's Python for arm64, each peer's arm64 wheels, and
the files by which libraries recognise a processor. Nothing of it is installed on this machine.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON = "3.11"
"""Debian 12's."""
PACKAGES = (f"python{PYTHON}", "libstdc++6", "libgomp1", "zlib1g")
WHEELS = ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)))
"""Of every C library up to Debian 12's; pip takes each tag as it is, without the older ones."""


class NotToBeHad(Exception):
    """A part of the system that apt, pip or the compiler did not give; the message says why."""


@dataclass(frozen=True, slots=True)
class Processor:
    """`name`: qemu's; `part`, `features`: the processor's lines in /proc/cpuinfo."""

    name: str
    board: str
    part: int
    features: str


PROCESSORS = (
    Processor("cortex-a72", "Raspberry Pi 4", 0xD08, "fp asimd evtstrm crc32 cpuid"),
    Processor(
        "cortex-a76",
        "Raspberry Pi 5",
        0xD0B,
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc "
        "dcpop asimddp",
    ),
)


def cpuinfo(processor: Processor) -> str:
    """What /proc/cpuinfo says on the board, of one core. Libraries choose their kernels by it; on
    an emulator they would read the host's."""
    return (
        "processor\t: 0\nBogoMIPS\t: 108.00\n"
        f"Features\t: {processor.features}\n"
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n"
        f"CPU part\t: {processor.part:#05x}\nCPU revision\t: 3\n\n"
    )


def board(root: Path, processor: Processor) -> Path:
    """A copy of `root`, by hard links, with the board's files. The emulator takes a file there
    before the host's of the same name."""
    copy = root.with_name(f"{root.name}-{processor.name}")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True, copy_function=os.link)
    pretend(copy, processor)
    return copy


def pretend(root: Path, processor: Processor) -> None:
    """Writes what a library reads of one core of the processor."""
    files = {"proc/cpuinfo": cpuinfo(processor)}
    files |= {f"sys/devices/system/cpu/{name}": "0\n" for name in ("possible", "present")}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).unlink(missing_ok=True)  # it may be a link to another board's
        (root / name).write_text(text)


def debian(folder: Path) -> Path:
    """The root folder with Python. apt keeps lists and packages below `folder`. NotToBeHad."""
    root, apt = folder / "root", folder / "apt"
    if _made(root, repr(PACKAGES)):
        return root
    for part in ("state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    (apt / "conf").write_text(
        'APT::Architecture "arm64";\nAPT::Architectures { "arm64"; };\nAPT::Sandbox::User "";\n'
        f'Dir::State "{apt}/state";\nDir::State::status "{apt}/status";\n'
        f'Dir::Cache "{apt}/cache";\nDebug::NoLocking "true";\n'
    )
    env = {"APT_CONFIG": str(apt / "conf")}
    _run(["apt-get", "-q", "update"], env)
    _run(["apt-get", "-q", "-y", "-d", "--no-install-recommends", "install", *PACKAGES], env)
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(root)])
    _finish(root, repr(PACKAGES))
    return root


def wheels(folder: Path, packages: tuple[str, ...]) -> Path:
    """A folder for PYTHONPATH with the packages and what they need. NotToBeHad."""
    if _made(folder, repr(packages)):
        return folder
    platforms = [part for name in WHEELS for part in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    command += [*platforms, "--python-version", PYTHON, "--implementation", "cp"]
    _run([*command, "--target", str(folder), *packages])
    _finish(folder, repr(packages))
    return folder


def counter(folder: Path) -> Path:
    """The plugin, compiled for this machine. NotToBeHad."""
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / "counter.so"
    source = Path(__file__).with_name("counter.c")
    _run(["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(built), str(source)])
    return built


def _made(folder: Path, wanted: str) -> bool:
    """True where `folder` was finished as wanted; empties it otherwise."""
    stamp = folder.with_name(folder.name + ".made")
    if stamp.exists() and stamp.read_text() == wanted:
        return True
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    return False


def _finish(folder: Path, wanted: str) -> None:
    folder.with_name(folder.name + ".made").write_text(wanted)


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise NotToBeHad(f"{' '.join(command[:3])} failed: {' / '.join(last) or 'no reason given'}")
