"""The parts of scripts/deb: control files, maintainer scripts, bill of materials, repository."""

import email
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts.debian import bill, repository
from scripts.debian.targets import PACKAGES, PYTHONS, Target, control, script
from tests.checkout import ROOT

HERE = ROOT / "scripts/debian"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("suite", sorted(PYTHONS))
def test_a_package_binds_the_python_that_its_wheels_are_for(package: str, suite: str) -> None:
    target = Target(package, "0.2.0", suite, "arm64")
    fields = email.message_from_string(control(target, 1))
    assert fields["Package"] == package
    assert fields["Version"] == f"0.2.0~{suite}"
    python = {"deb12": ("3.11", "3.12"), "deb13": ("3.13", "3.14")}[suite]
    assert f"python3 (>= {python[0]}), python3 (<< {python[1]})" in fields["Depends"]
    assert "picamera2" not in fields["Depends"], "Debian itself has none"
    assert target.file_name == f"{package}_0.2.0~{suite}_arm64.deb"


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_maintainer_scripts_are_posix_and_filled_in(name: str, tmp_path: Path) -> None:
    text = script((HERE / name).read_text(), Target("exam-gate", "0.2.0", "deb12", "amd64"))
    assert "@" not in text.replace('"$@"', "")
    (tmp_path / name).write_text(text)
    subprocess.run(["sh", "-n", tmp_path / name], check=True)


def a_wheel(folder: Path, *lines: str) -> Path:
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "thing-1.0.dist-info/METADATA", "\n".join(["Name: thing", "Version: 1.0", *lines, ""])
        )
        archive.writestr("thing-1.0.dist-info/licenses/LICENSE.txt", "Do as you like.\n")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("License-Expression: MIT", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License", "BSD License"),
        ("License: Apache 2", "Apache 2"),
        ("Classifier: License :: OSI Approved", "not stated"),
    ],
)
def test_licences_are_read_off_the_wheel(tmp_path: Path, line: str, said: str) -> None:
    found = bill.component(a_wheel(tmp_path, line))
    assert (found.name, found.version, found.licence) == ("thing", "1.0", said)
    assert "Do as you like." in bill.licences([found])
    document = json.loads(bill.cyclonedx("exam-gate", "0.2.0", [found]))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    (component,) = document["components"]
    assert component["purl"] == "pkg:pypi/thing@1.0"
    assert component["hashes"] == [{"alg": "SHA-256", "content": found.sha256}]


def test_a_wheel_without_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.py", "")
    with pytest.raises(ValueError, match="METADATA"):
        bill.component(path)


@pytest.mark.skipif(
    not (shutil.which("dpkg-deb") and shutil.which("gpg")), reason="no dpkg-deb or gpg here"
)
def test_apt_takes_the_signed_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key made here; the same folder with one byte changed is refused."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "t@example.org"]
    subprocess.run([*made, "ed25519", "sign"], check=True, capture_output=True)
    target = Target("exam-gate", "0.2.0", "deb12", "amd64")
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(control(target, 1))
    folder = tmp_path / "archive"
    folder.mkdir()
    built = ["dpkg-deb", "--root-owner-group", "--build", tree, folder / target.file_name]
    subprocess.run(built, check=True, capture_output=True)
    repository.make(folder, "t@example.org", 1_800_000_000)
    listed = (folder / "dists/deb12/main/binary-amd64/Packages").read_text()
    assert f"Filename: {target.file_name}" in listed
    signed = folder / "dists/deb12/InRelease"
    assert _verified(signed)
    signed.write_text(signed.read_text().replace("Label: exam-gate", "Label: other"))
    assert not _verified(signed)


def _verified(path: Path) -> bool:
    done = subprocess.run(["gpg", "--verify", path], check=False, capture_output=True)
    return done.returncode == 0


def test_the_prefix_of_a_program_is_the_units_own() -> None:
    """Units say /opt/exam-gate/bin; the package points that at the version in use."""
    unit = (ROOT / "systemd/exam-gate.service").read_text()
    assert "ExecStart=/opt/exam-gate/bin/exam-gate run" in unit
    assert "/opt/$name" in (HERE / "postinst").read_text()
    assert os.access(ROOT / "scripts/deb", os.X_OK)
