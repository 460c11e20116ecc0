"""A folder of packages as an apt repository, signed: for offices without the internet."""

import gzip
import hashlib
import re
import subprocess
from email.utils import formatdate
from pathlib import Path


def make(folder: Path, key: str, at: float) -> None:
    """One suite for each Debian. `at`: of the Release file, in seconds since 1970.
    CalledProcessError."""
    (folder / "exam-gate-archive.asc").write_bytes(_run("gpg", "--armor", "--export", key))
    for suite in ("deb12", "deb13"):
        found = sorted(folder.glob(f"*~{suite}_*.deb"))
        if found:
            _suite(folder, suite, found, key, at)


def _suite(folder: Path, suite: str, found: list[Path], key: str, at: float) -> None:
    place = folder / "dists" / suite
    architectures = sorted({re.sub(r".*_(\w+)\.deb", r"\1", p.name) for p in found})
    for arch in architectures:
        listed = "\n".join(_entry(p) for p in found if p.name.endswith(f"_{arch}.deb"))
        target = place / f"main/binary-{arch}"
        target.mkdir(parents=True, exist_ok=True)
        (target / "Packages").write_text(listed, encoding="utf-8")
        (target / "Packages.gz").write_bytes(gzip.compress(listed.encode(), mtime=0))
    release = (
        f"Origin: exam-gate\nLabel: exam-gate\nSuite: {suite}\nCodename: {suite}\n"
        f"Architectures: {' '.join(architectures)}\nComponents: main\n"
        f"Date: {formatdate(at, usegmt=True)}\nSHA256:\n"
    )
    for path in sorted(place.rglob("Packages*")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        release += f" {digest} {len(content)} {path.relative_to(place)}\n"
    (place / "Release").write_text(release, encoding="utf-8")
    signed = place / "InRelease"
    signed.unlink(missing_ok=True)
    _run(
        *("gpg", "--batch", "--yes", "--local-user", key, "--clearsign"),
        *("--output", str(signed), str(place / "Release")),
    )


def _entry(package: Path) -> str:
    content = package.read_bytes()
    fields = _run("dpkg-deb", "--field", str(package)).decode()
    return (
        f"{fields}Filename: {package.name}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def _run(*words: str) -> bytes:
    return subprocess.run(words, check=True, capture_output=True).stdout
