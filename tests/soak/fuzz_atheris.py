"""The codec under a coverage-guided fuzzer. scripts/soak runs it in an environment of its own:

python -m tests.soak.fuzz_atheris RUNS SEED
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Runs the fuzzer in a child, because it ends its process itself; prints one JSON object."""
    if sys.argv[1] == "child":
        return _child(sys.argv[2:])
    runs, seed = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        _write_seeds(Path(folder))
        command = [
            sys.executable,
            "-m",
            "tests.soak.fuzz_atheris",
            "child",
            folder,
            f"-runs={runs}",
            f"-seed={seed}",
            f"-artifact_prefix={folder}/",
            "-max_len=1400",
            "-rss_limit_mb=300",
            "-timeout=5",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-6000:], sep="\n", file=sys.stderr)
    stats = dict(
        line.removeprefix("stat::").split(":", 1)
        for line in done.stderr.splitlines()
        if line.startswith("stat::")
    )
    print(json.dumps({"exit": done.returncode} | {k: int(v) for k, v in stats.items()}))
    return done.returncode


def _child(arguments: list[str]) -> int:
    import atheris

    with atheris.instrument_imports(include=["gate"]):
        from tests.soak.codec import check

    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()
    return 0


def _write_seeds(folder: Path) -> None:
    from tests.soak.codec import SEEDS

    for n, seed in enumerate(SEEDS):
        for way in (0, 1, 2, 3, 128, 131):
            (folder / f"{n}-{way}").write_bytes(bytes([way]) + seed)


if __name__ == "__main__":
    code = main()
    if code:
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"peak {peak / 1024:.0f} MiB", file=sys.stderr)
    sys.exit(code)
