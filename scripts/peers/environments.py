"""An environment for each peer, made once from pinned packages, without the others."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """`packages`: with their dependencies; `alone`: without them."""

    name: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()


GATE = ("numpy==1.26.4", "pillow==13.0.0", "pydantic==2.14.4")
"""What the gate's face path imports besides a runtime."""

ENVIRONMENTS = (
    Environment("tflite-runtime", ("tflite-runtime==2.14.0", *GATE)),
    Environment("litert", ("ai-edge-litert==2.3.0", "ml_dtypes==0.5.4", *GATE)),
    Environment("opencv", ("opencv-python-headless==4.14.0.94", "numpy==2.4.6")),
    # Its own metadata asks for dlib's source package and a compiler; dlib-bin is the same, built.
    # Its models are found through pkg_resources, which setuptools has dropped.
    Environment(
        "dlib",
        ("numpy==2.4.6", "pillow==13.0.0", "setuptools<81"),
        ("face_recognition==1.3.0", "face_recognition_models==0.3.0", "dlib-bin==20.0.1.post1"),
    ),
)


def make(environment: Environment, folder: Path) -> str | None:
    """Python of the environment is at folder/bin/python; None, or why it cannot be had."""
    stamp = folder / "installed"
    wanted = repr(environment)
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    steps = [[sys.executable, "-m", "venv", str(folder)]]
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    steps.append([*pip, *environment.packages])
    if environment.alone:
        # face_recognition_models is published as source only; building it compiles nothing.
        steps.append(
            [
                *(p for p in pip if p not in ("--only-binary", ":all:")),
                "--no-deps",
                *environment.alone,
            ]
        )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [n for n in done.stderr.splitlines() if n.startswith("ERROR")]
            return (lines or done.stderr.splitlines() or ["no reason given"])[-1]
    stamp.write_text(wanted)
    return None


def installed_mb(environment: Environment, folder: Path) -> float:
    """What the packages take on disk, in MB; pip and an unused setuptools came with the venv."""
    (site,) = folder.glob("lib/python*/site-packages")
    tools: tuple[str, ...] = ("pip", "_distutils")
    if not any(p.startswith("setuptools") for p in environment.packages):
        tools += ("setuptools", "pkg_resources")
    own = [p for p in site.iterdir() if not p.name.startswith(tools)]
    files = (f for p in own for f in ([p] if p.is_file() else p.rglob("*")))
    size = sum(f.stat().st_size for f in files if f.is_file() and "__pycache__" not in f.parts)
    return round(size / 1e6, 1)
