"""Builds the packages: wheels by hash, units and fragments, networks, maintainer scripts."""

import argparse
import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gate import __version__
from gate.models.network_files import load_manifest, model_path
from scripts.debian import bill, repository
from scripts.debian.targets import EXTRAS, MACHINES, PACKAGES, PYTHONS, Target, control, script

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv"
HERE = Path(__file__).parent
NETWORKS = Path.home() / ".cache/exam-gate/models"
PLATFORMS = (
    "manylinux_2_34",
    "manylinux_2_28",
    "manylinux_2_27",
    "manylinux_2_17",
    "manylinux2014",
)
"""Debian 12 has glibc 2.36."""


def main() -> None:
    """Ends with 8 where wheels cannot be had."""
    ask = argparse.ArgumentParser(prog="scripts/deb")
    ask.add_argument("--suite", action="append", choices=sorted(PYTHONS))
    ask.add_argument("--arch", action="append", choices=sorted(MACHINES))
    ask.add_argument("--package", action="append", choices=PACKAGES)
    ask.add_argument("--out", type=Path, default=ROOT / "dist")
    ask.add_argument("--sign", help="a GnuPG key: the folder becomes a signed apt repository")
    ask.add_argument("--version", default=__version__, help="for trying an upgrade")
    given = ask.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    own = _own_wheel()
    for suite in given.suite or sorted(PYTHONS):
        for arch in given.arch or sorted(MACHINES):
            for package in given.package or PACKAGES:
                target = Target(package, given.version, suite, arch)
                try:
                    path = build(target, own, given.out)
                except subprocess.CalledProcessError as e:
                    print((e.stderr or b"").decode()[-2000:], file=sys.stderr)
                    print(f"{target.file_name}: {e.cmd[0]} failed, see above", file=sys.stderr)
                    sys.exit(8)
                print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
    if given.sign:
        repository.make(given.out, given.sign, time.time())
        print(f"{given.out} is an apt repository signed by {given.sign}")


def _own_wheel() -> Path:
    """The checkout as a wheel."""
    folder = VENV / "wheels/own"
    shutil.rmtree(folder, ignore_errors=True)
    # Files that a wheel no longer has would be packed again from here.
    shutil.rmtree(ROOT / "build/lib", ignore_errors=True)
    _run(VENV / "bin/pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    return next(folder.glob("*.whl"))


def wheels_of(target: Target) -> tuple[str, Path]:
    """The requirements with hashes, and the folder that holds their wheels. CalledProcessError."""
    machine = MACHINES[target.arch]
    extras = [word for extra in EXTRAS[target.package] for word in ("--extra", extra)]
    text = _run(
        *(VENV / "pin/bin/uv", "pip", "compile", "--quiet", "--python-version", target.python),
        *("--python-platform", f"{machine}-manylinux_2_34", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
        *(*extras, "-c", ROOT / "constraints.txt", ROOT / "setup.py"),
    ).decode()
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = VENV / f"wheels/{target.suite}-{target.arch}-{digest}"
    if not (folder / "requirements.txt").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        wanted = folder / "wanted.txt"
        wanted.write_text(text, encoding="utf-8")
        platforms = [w for p in PLATFORMS for w in ("--platform", f"{p}_{machine}")]
        _run(
            *(VENV / "bin/pip", "download", "-q", "--no-deps", "--require-hashes", "-r", wanted),
            *("--only-binary", ":all:", "--python-version", target.python, "-d", folder),
            *("--implementation", "cp", *platforms, "--disable-pip-version-check"),
            # backports-strenum says that it is not for this Python; LiteRT asks for it.
            "--ignore-requires-python",
        )
        wanted.rename(folder / "requirements.txt")
    return text, folder


def build(target: Target, own: Path, out: Path) -> Path:
    """One package file. CalledProcessError."""
    requirements, wheels = wheels_of(target)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        share = tree / f"usr/share/{target.package}"
        (share / "wheels").mkdir(parents=True)
        found = sorted([*wheels.glob("*.whl"), own])
        for wheel in found:
            shutil.copy(wheel, share / "wheels")
        own_hash = hashlib.sha256(own.read_bytes()).hexdigest()
        line = f"exam-gate=={__version__} --hash=sha256:{own_hash}\n"
        (share / "requirements.txt").write_text(_present(requirements, found) + line)
        _documents(tree, target, found)
        _system_files(tree, target)
        if target.package != "exam-enrol":
            (share / "models").mkdir()
            for output in load_manifest().outputs:
                shutil.copy(model_path(NETWORKS, output.name), share / "models")
        binary = tree / "usr/bin"
        binary.mkdir(parents=True)
        (binary / target.package).symlink_to(f"/opt/{target.package}/bin/{target.package}")
        _maintainer_scripts(tree, target)
        for path in tree.rglob("*"):
            if not path.is_symlink():
                run = path.is_dir() or path.parent.name in ("DEBIAN", "libexec")
                path.chmod(0o755 if run and path.name not in ("control", "md5sums") else 0o644)
        tree.chmod(0o755)
        result = out / target.file_name
        _run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, result)
    return result


def _present(requirements: str, found: list[Path]) -> str:
    """Only the hash of the wheel that lies in the package, so that no other is taken."""
    hashes = {hashlib.sha256(p.read_bytes()).hexdigest() for p in found}
    rows = []
    for entry in re.split(r"\n(?=\S)", requirements.strip()):
        name = entry.split(" ")[0]
        (one,) = [h for h in re.findall(r"sha256:(\w+)", entry) if h in hashes]
        rows.append(f"{name} --hash=sha256:{one}\n")
    return "".join(rows)


def _documents(tree: Path, target: Target, found: list[Path]) -> None:
    folder = tree / f"usr/share/doc/{target.package}"
    folder.mkdir(parents=True)
    components = [bill.component(wheel) for wheel in found]
    (folder / "sbom.cdx.json").write_text(
        bill.cyclonedx(target.package, target.full_version, components), encoding="utf-8"
    )
    (folder / "licences.txt").write_text(bill.licences(components), encoding="utf-8")
    (folder / "copyright").write_text(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {target.package}\n\nFiles: *\nCopyright: the exam-gate authors\n"
        "License: Apache-2.0\n On Debian systems, see /usr/share/common-licenses/Apache-2.0.\n"
        "Comment: Wheels have licences of their own; licences.txt has each.\n"
    )
    notes = (ROOT / "CHANGELOG.md").read_bytes()
    (folder / "changelog.gz").write_bytes(gzip.compress(notes, mtime=0))
    for page in sorted((ROOT / "docs").glob("*.md")):
        shutil.copy(page, folder)


def _system_files(tree: Path, target: Target) -> None:
    """Units, users, owners, udev rules. Scripts lie in /usr/libexec, not in /usr/local."""
    units = tree / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    names = [p.name for p in (ROOT / "systemd").glob(f"{target.package}*.*")]
    names = [n for n in names if n.endswith((".service", ".timer", ".path"))]
    for name in names:
        text = (ROOT / "systemd" / name).read_text(encoding="utf-8")
        text = text.replace("/usr/local/libexec/", "/usr/libexec/")
        if target.package != "exam-gate":
            text = text.replace("/opt/exam-gate/bin/", f"/opt/{target.package}/bin/")
        (units / name).write_text(text, encoding="utf-8")
    users = tree / f"usr/lib/sysusers.d/{target.package}.conf"
    users.parent.mkdir(parents=True)
    own = ROOT / f"systemd/{target.package}.sysusers"
    home = f"/var/lib/{target.package}"
    users.write_text(
        own.read_text(encoding="utf-8")
        if own.exists()
        else f'u {target.package} - "{target.package}" {home}\n'
    )
    owners = tree / f"usr/lib/tmpfiles.d/{target.package}.conf"
    owners.parent.mkdir(parents=True)
    owners.write_text(f"d {home} 0700 {target.package} {target.package} -\n")
    if target.package == "exam-gate":
        helpers = tree / "usr/libexec"
        helpers.mkdir(parents=True)
        for name in ("exam-gate-reboot", "exam-gate-update"):
            shutil.copy(ROOT / "systemd" / name, helpers)
        rules = tree / "usr/lib/udev/rules.d"
        rules.mkdir(parents=True)
        shutil.copy(ROOT / "firmware_config/70-exam-gate.rules", rules)
        modules = tree / "usr/lib/modules-load.d/exam-gate.conf"
        modules.parent.mkdir(parents=True)
        shutil.copy(ROOT / "firmware_config/modules-load.conf", modules)


def _maintainer_scripts(tree: Path, target: Target) -> None:
    folder = tree / "DEBIAN"
    files = [p for p in sorted(tree.rglob("*")) if p.is_file() and not p.is_symlink()]
    size = sum(p.stat().st_size for p in files) // 1024
    folder.mkdir()
    (folder / "control").write_text(control(target, size), encoding="utf-8")
    sums = "".join(
        f"{hashlib.md5(p.read_bytes(), usedforsecurity=False).hexdigest()}  {p.relative_to(tree)}\n"
        for p in files
    )
    (folder / "md5sums").write_text(sums)
    for name in ("postinst", "prerm", "postrm"):
        (folder / name).write_text(script((HERE / name).read_text(encoding="utf-8"), target))


def _run(*words: object) -> bytes:
    return subprocess.run([str(w) for w in words], check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
