"""Counts the arm64 instructions of a picture, the gate's beside OpenCV's: the pairs of
scripts/peers with their arm64 wheels in qemu-user, on one thread. Run by scripts/bench arm64.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "peers"), str(Path(__file__).parent)]

import arm64_system  # noqa: E402  # beside this file and in scripts/peers, found after that line
import environments  # noqa: E402
import instruction_report  # noqa: E402
import onnx_files  # noqa: E402
import pictures  # noqa: E402

from gate.errors import GateError  # noqa: E402
from gate.models.network_files import default_folder  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "exam-gate"
GUEST = Path(__file__).with_name("guest.py")
PEERS = {
    "gate, tflite-runtime": ("tflite-runtime", "gate"),
    "gate, LiteRT": ("litert", "gate"),
    "OpenCV, int8 as shipped": ("opencv", "opencv-int8bq"),
    "OpenCV, float32": ("opencv", "opencv-float32"),
}
"""Name: environment in environments.py, kind in worker.py."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A process to count. `emulator`: up to the plugin; `site`: the peer's packages."""

    name: str
    emulator: list[str]
    plugin: Path
    command: list[str]
    site: Path


def main() -> None:
    asked = arguments()
    folder = CACHE / "arm64"
    chosen = pictures.demo_set()
    try:
        onnx_files.write(CACHE / "peers" / "onnx")
        root, plugin = arm64_system.debian(folder), arm64_system.counter(folder)
        sites = {e.name: e for e in environments.ENVIRONMENTS}
        places = {
            name: arm64_system.wheels(folder / name, sites[name].packages)
            for name in {environment for environment, _ in PEERS.values()}
        }
    except (GateError, arm64_system.NotToBeHad) as e:
        raise SystemExit(f"bench arm64: {e}") from e
    with tempfile.TemporaryDirectory() as scratch:
        frames = Path(scratch) / "frames.npy"
        np.save(frames, chosen.frames[: 2 * asked.pictures])
        processors = {}
        for processor in asked.processor:
            emulated = arm64_system.board(root, processor)
            emulator = ["qemu-aarch64", "-L", str(emulated), "-cpu", processor.name]
            python = str(emulated / f"usr/bin/python{arm64_system.PYTHON}")
            guests = [
                Guest(
                    f"{processor.name}, {environment}, {kind}",
                    [*emulator, "-plugin"],
                    plugin,
                    [python, str(GUEST), kind, str(frames), str(networks(kind)), str(count)],
                    places[environment],
                )
                for environment, kind in PEERS.values()
                for count in (asked.pictures, 2 * asked.pictures)
            ]
            # Counts do not depend on what else the machine does.
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                runs = [*pool.map(counted, guests)]
            peers = {
                name: instruction_report.peer_result(short, long)
                for name, short, long in zip(PEERS, runs[::2], runs[1::2], strict=True)
            }
            processors[processor.name] = {
                "board": processor.board,
                "peers": peers,
                "ratios": instruction_report.ratios(peers),
            }
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "emulator": emulator_version(),
        "pictures": chosen.name,
        "processors": processors,
    }
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(instruction_report.table(report))


def arguments() -> argparse.Namespace:
    by_name = {p.name: p for p in arm64_system.PROCESSORS}
    parser = argparse.ArgumentParser(prog="scripts/bench arm64")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--pictures", type=int, default=2, metavar="N", help="From 1.")
    parser.add_argument("--processor", choices=by_name, action="append")
    asked = parser.parse_args()
    if asked.pictures < 1:
        parser.error("--pictures: at least 1")
    asked.processor = [by_name[n] for n in asked.processor or by_name]
    return asked


def networks(kind: str) -> Path:
    return CACHE / "peers" / "onnx" if kind.startswith("opencv") else default_folder()


def counted(guest: Guest) -> instruction_report.Run:
    """SystemExit where the guest fails or finds no face."""
    with tempfile.NamedTemporaryFile() as counts:
        counting = ",out=".join(str(f).replace(",", ",,") for f in (guest.plugin, counts.name))
        done = subprocess.run(
            [*guest.emulator, counting, *guest.command],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{guest.site}:{ROOT}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        if done.returncode:
            why = done.stderr.strip().splitlines()[-3:]
            raise SystemExit(f"bench arm64: the guest ended with {done.returncode}: {why}")
        run = instruction_report.read_run(Path(counts.name).read_text())
    templates = json.loads(done.stdout)
    if len(templates) != len(run.pictures) or None in templates:
        raise SystemExit("bench arm64: a picture without a face or without a count")
    millions = ", ".join(f"{picture.all / 1e6:.1f}" for picture in run.pictures)
    print(f"{guest.name}: {millions} million", file=sys.stderr, flush=True)
    return run


def emulator_version() -> str:
    done = subprocess.run(["qemu-aarch64", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


if __name__ == "__main__":
    main()
