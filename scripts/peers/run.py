"""The gate's face path beside OpenCV's and dlib's: one run, the same pictures, each in its own
environment and process. Prints one JSON object.

    python scripts/peers/run.py [--faces DIR] [--pairs N] [--rounds N] [--chart FILE]

Milliseconds come from rounds. In a round every process in its turn goes through all pictures, and
the others are stopped. So other work of the machine hits all of them alike. Processor time, on one
thread, does not count what other work takes; on two, a thread that waits by spinning counts.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import chart  # noqa: E402  # beside this file, and the checkout, only after the lines above
import environments  # noqa: E402
import judging  # noqa: E402
import onnx_files  # noqa: E402
import pictures  # noqa: E402

from gate.errors import GateError  # noqa: E402
from gate.models.network_files import default_folder, load_manifest  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "exam-gate" / "peers"
THREADS = (1, 2)
STARTS = 3
WARM_UP = 3
TIMED = 9
"""Pictures that the timing goes through: so many of the set."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`environment`: in environments.py; `kind`: in worker.py."""

    name: str
    environment: str
    kind: str


PEERS = (
    Peer("gate, tflite-runtime", "tflite-runtime", "gate"),
    Peer("gate, LiteRT", "litert", "gate"),
    Peer("gate, LiteRT, careful", "litert", "gate-careful"),
    Peer("gate, LiteRT, one look at 640x480", "litert", "gate-one-look"),
    Peer("OpenCV, int8 as shipped", "opencv", "opencv-int8bq"),
    Peer("OpenCV, float32", "opencv", "opencv-float32"),
    Peer("face_recognition (dlib)", "dlib", "dlib"),
)
VECTORS = {
    "avx512_vnni": "AVX-512 with VNNI",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "asimddp": "NEON with dot product",
    "asimd": "NEON",
}
"""Flag of /proc/cpuinfo and what it is called, the widest first."""
OURS, OPENCV, DLIB = ("tflite-runtime", "LiteRT"), "OpenCV", "dlib"


class Worker:
    """One process. `start_s`: from its birth to the second template."""

    def __init__(self, peer: Peer, threads: int, frames: Path) -> None:
        python = CACHE / peer.environment / "bin" / "python"
        files = default_folder() if peer.kind.startswith("gate") else CACHE / "onnx"
        command = [python, Path(__file__).with_name("worker.py"), peer.kind, threads, frames, files]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)}
        begun = time.monotonic()
        self._process = subprocess.Popen(
            [str(c) for c in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )
        ready = self._answer()
        self.start_s = ready["ready"] - begun
        self.pictures_mb = ready["pictures_mb"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def pause(self) -> None:
        """Stopped, not merely idle.

        Thread pools of some peers stay busy for a while after their work, on the processors that
        the next one is measured on.
        """
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, word: str, number: int = 0) -> Any:
        self._process.stdin.write(f"{word} {number}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(map(str, self._process.args))} ended without an answer")
        return json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, help="Person folders and pairs.txt in LFW's format.")
    parser.add_argument("--pairs", type=int, default=600, help="Of --faces, half of one person.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chart", type=Path, help="Write a chart of the result here (SVG).")
    asked = parser.parse_args()
    chosen = pictures.listed_set(asked.faces, asked.pairs) if asked.faces else pictures.demo_set()
    left_out = prepare()
    peers = [p for p in PEERS if p.environment not in left_out]
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames.npy"
        np.save(frames, chosen.frames)
        first = Path(folder) / "first.npy"
        np.save(first, chosen.frames[:TIMED])
        results = {p.name: basics(p, first) for p in peers}
        for threads in THREADS:
            for name, taken in timed(peers, threads, first, asked.rounds).items():
                ms, busy = np.array(taken).T
                for field, value in (
                    ("ms", np.median(ms)),
                    ("fastest_tenth_ms", np.quantile(ms, 0.1)),
                    ("processor_ms", np.median(busy)),
                ):
                    results[name][field][str(threads)] = round(float(value), 2)
        for peer in peers:
            with Worker(peer, THREADS[-1], frames) as worker:
                templates = [worker.ask("embed", n) for n in range(len(chosen.frames))]
            results[peer.name]["accuracy"] = judging.accuracy(templates, chosen)
    known = facts(chosen, asked.rounds)
    report = {
        **known,
        "left_out": left_out,
        "peers": results,
        "ratios": ratios(results, "ms", known["processor"]),
        "ratios_of_processor_time": ratios(results, "processor_ms", known["processor"]),
        "ratios_of_the_fastest_tenth": ratios(results, "fastest_tenth_ms", known["processor"]),
    }
    print(json.dumps(report, indent=2))
    if asked.chart:
        asked.chart.write_text(chart.drawn(report), encoding="utf-8")


def prepare() -> dict[str, str]:
    """Environments that could not be made, and why; the ONNX files."""
    try:
        onnx_files.write(CACHE / "onnx")
    except GateError as e:
        raise SystemExit(f"peers: {e}") from e
    left_out = {}
    for environment in environments.ENVIRONMENTS:
        print(f"peers: environment {environment.name}", file=sys.stderr)
        why = environments.make(environment, CACHE / environment.name)
        if why:
            left_out[environment.name] = why
            print(f"peers: {environment.name} is left out: {why}", file=sys.stderr)
    return left_out


def basics(peer: Peer, frames: Path) -> dict[str, Any]:
    """Start, memory on one thread, size on disk of packages and networks."""
    starts = []
    for _ in range(STARTS):
        with Worker(peer, 1, frames) as worker:
            starts.append(worker.start_s)
            for n in range(WARM_UP):
                worker.ask("time", n)
            memory = worker.ask("memory") - worker.pictures_mb
    environment = next(e for e in environments.ENVIRONMENTS if e.name == peer.environment)
    return {
        "import_to_first_match_s": round(float(np.median(starts)), 3),
        "resident_mb": round(memory, 1),
        "packages_mb": environments.installed_mb(environment, CACHE / peer.environment),
        "networks_mb": round(networks_bytes(peer) / 1e6, 1),
        "ms": {},
        "fastest_tenth_ms": {},
        "processor_ms": {},
    }


def networks_bytes(peer: Peer) -> int:
    """face_recognition's models are a package and counted there."""
    if peer.kind == "dlib":
        return 0
    if peer.kind.startswith("opencv"):
        return sum(f.stat().st_size for f in (CACHE / "onnx").glob(f"*-{peer.kind[7:]}.onnx"))
    looks = {
        "gate": ("yunet-320x256", "yunet-256x256"),
        "gate-careful": ("yunet-320x256", "yunet-256x256"),
        "gate-one-look": ("yunet-640x480",),
    }[peer.kind]
    return sum(load_manifest().output(n).size_bytes for n in (*looks, "sface"))


def timed(
    peers: list[Peer], threads: int, frames: Path, rounds: int
) -> dict[str, list[list[float]]]:
    """Milliseconds and processor milliseconds of every picture; by turns, the first few of each
    turn left out."""
    workers = {p.name: Worker(p, threads, frames) for p in peers}
    count = len(np.load(frames, mmap_mode="r"))
    taken: dict[str, list[list[float]]] = {name: [] for name in workers}
    for worker in workers.values():
        worker.pause()
    for _ in range(rounds):
        for name, worker in workers.items():
            worker.go_on()
            for n in range(WARM_UP):
                worker.ask("time", n)
            taken[name] += [worker.ask("time", n) for n in range(count)]
            worker.pause()
    for worker in workers.values():
        worker.__exit__()
    return taken


def ratios(
    results: dict[str, Any], field: str, processor: str
) -> dict[str, dict[str, float | str]]:
    """How many times faster the gate is than OpenCV's faster form and than dlib, by threads, and
    the processor that this was measured on."""
    found: dict[str, dict[str, float | str]] = {}
    for threads in map(str, THREADS):
        for runtime in OURS:
            ours = results.get(f"gate, {runtime}")
            for other in (OPENCV, DLIB):
                theirs = [r[field][threads] for name, r in results.items() if other in name]
                if ours and theirs:
                    name = f"{runtime} against {other}"
                    ratio = round(min(theirs) / ours[field][threads], 2)
                    found.setdefault(name, {"processor": processor})[threads] = ratio
    return found


def processor_name(cpuinfo: str) -> str:
    """Name, family and widest vectors of the first processor in /proc/cpuinfo. The kernels that
    run depend on the vectors, and a name such as "AMD EPYC" stands for many processors."""
    first = cpuinfo.split("\n\n", maxsplit=1)[0]
    said = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in first.splitlines())
    }
    flags = (said.get("flags") or said.get("Features") or "").split()
    name = said.get("model name") or f"{platform.machine()} part {said.get('CPU part', '?')}"
    if "cpu family" in said:
        name += f" (family {said['cpu family']}, model {said.get('model', '?')})"
    vectors = next((shown for flag, shown in VECTORS.items() if flag in flags), "no wide vectors")
    return f"{name}, {vectors}"


def facts(chosen: pictures.PictureSet, rounds: int) -> dict[str, Any]:
    processor = processor_name(Path("/proc/cpuinfo").read_text())
    count = len(os.sched_getaffinity(0))
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{processor}, {count} processors, {platform.machine()}",
        "processor": processor,
        "load": round(os.getloadavg()[0], 1),
        "pictures": chosen.name,
        "rounds": rounds,
    }


if __name__ == "__main__":
    main()
