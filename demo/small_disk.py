"""The folder of a gate's journal, on a small file system of its own that can be filled."""

import os
import shutil
import subprocess
from pathlib import Path

DISK_MB = 16


class Disk:
    """The folder of the gate's journal, on a small file system of its own that can be filled."""

    def __init__(self, folder: Path, small: bool) -> None:
        self.folder = folder
        self._small = small
        self._mounted = False

    def mount(self) -> str | None:
        """None, or why the full disk cannot be shown here."""
        self.folder.mkdir(parents=True)
        if not self._small:
            return "the gate's state is on the disk of the work folder"
        options = f"size={DISK_MB}m,mode=0700,uid={os.getuid()},gid={os.getgid()}"
        command = ["mount", "-t", "tmpfs", "-o", options, "exam-gate-demo", str(self.folder)]
        if os.getuid() != 0:
            command = ["sudo", "-n", *command]
            if shutil.which("sudo") is None:
                return "mounting a small disk needs root, sudo or user namespaces"
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self._mounted = done.returncode == 0
        return None if self._mounted else f"no small disk could be mounted: {done.stderr.strip()}"

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (1 << 16, 1 << 12, 512, 1):
                try:
                    while ballast.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def unmount(self) -> None:
        if self._mounted:
            command = ["umount", str(self.folder)]
            if os.getuid() != 0:
                command = ["sudo", "-n", *command]
            subprocess.run(command, capture_output=True, check=False)
            self._mounted = False
