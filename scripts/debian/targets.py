"""Which packages there are, and for which Debian and processor."""

from dataclasses import dataclass

PACKAGES = ("exam-gate", "exam-office", "exam-enrol")
PYTHONS = {"deb12": "3.11", "deb13": "3.13"}
"""Debian's own Python of each suite."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
EXTRAS = {
    "exam-gate": ("console",),
    "exam-office": ("office", "console"),
    "exam-enrol": ("enrolment", "console"),
}
SUMMARY = {
    "exam-gate": "entry gate of an exam site",
    "exam-office": "central office of the exam gates",
    "exam-enrol": "candidates' portal of an exam",
}
DEPENDS = {
    "exam-gate": ("adduser", "systemd", "udev"),
    "exam-office": ("systemd",),
    "exam-enrol": ("systemd",),
}
RECOMMENDS = {
    "exam-gate": ("chrony", "nftables", "python3-lgpio", "python3-picamera2"),
    "exam-office": ("mosquitto",),
    "exam-enrol": (),
}
"""What comes from apt and not from a wheel. Debian itself has no picamera2: no dependency."""


@dataclass(frozen=True)
class Target:
    """One package file."""

    package: str
    version: str
    suite: str
    arch: str

    @property
    def python(self) -> str:
        return PYTHONS[self.suite]

    @property
    def full_version(self) -> str:
        return f"{self.version}~{self.suite}"

    @property
    def file_name(self) -> str:
        return f"{self.package}_{self.full_version}_{self.arch}.deb"


def control(target: Target, installed_kib: int) -> str:
    """DEBIAN/control. The Python is bounded on both sides: wheels fit one minor version."""
    major, minor = target.python.split(".")
    python = f"python3 (>= {target.python}), python3 (<< {major}.{int(minor) + 1}), python3-venv"
    recommends = ", ".join(RECOMMENDS[target.package])
    return (
        f"Package: {target.package}\n"
        f"Version: {target.full_version}\n"
        f"Architecture: {target.arch}\n"
        "Section: misc\n"
        "Priority: optional\n"
        "Maintainer: The exam-gate authors <exam-gate@example.org>\n"
        f"Installed-Size: {installed_kib}\n"
        f"Depends: {python}, {', '.join(DEPENDS[target.package])}\n"
        + (f"Recommends: {recommends}\n" if recommends else "")
        + f"Description: {SUMMARY[target.package]}\n"
        " Python packages lie in it as wheels with their hashes. They are installed into\n"
        f" /opt/{target.package}, without a network.\n"
    )


def script(text: str, target: Target) -> str:
    """A maintainer script from its template."""
    for word, value in {
        "@NAME@": target.package,
        "@VERSION@": target.full_version,
        "@PYTHON@": target.python,
    }.items():
        text = text.replace(word, value)
    return text
