"""One virtual machine: qemu without KVM, a disk for the system and one for the data.

The data disk has a write cache that a cut loses (nbdkit's cache filter). What the guest did not
flush is gone then, as with a drive that loses power. The guest is spoken to through qemu's guest
agent, and the machine through QMP.
"""

import base64
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND_S = 300.0
"""One command in the guest; everything is 10 to 30 times as slow as on a Pi."""
BOOT_S = 400.0


class BoardFault(Exception):
    """The machine does not do what it is told. `what`: a sentence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command in the guest gave. `code`: its exit code; `out`: stdout and stderr."""

    code: int
    out: str


@dataclass(frozen=True, slots=True)
class Disks:
    """`system`: a qcow2 file over the built image; `data`: a raw file for the journal."""

    system: Path
    data: Path

    @classmethod
    def of(cls, folder: Path) -> "Disks":
        """The two files of a folder."""
        return cls(folder / "system.qcow2", folder / "data.img")


class VirtualMachine:
    """A running machine. `folder` holds its sockets and logs."""

    def __init__(self, folder: Path, disks: Disks, kernel: Path, initrd: Path) -> None:
        self._folder = folder
        self._disks = disks
        self._kernel, self._initrd = kernel, initrd
        self._disk: subprocess.Popen[bytes] | None = None
        self._qemu: subprocess.Popen[bytes] | None = None
        self._agent: _JsonSocket | None = None
        self._qmp: _JsonSocket | None = None
        self.reader = folder / "reader.sock"

    # -- power --

    def power_on(self, *, clock: str = "utc") -> None:
        """Boots until the guest agent answers. `clock`: what -rtc base= takes. BoardFault."""
        for name in ("nbd", "agent", "qmp"):
            (self._folder / f"{name}.sock").unlink(missing_ok=True)
        self._disk = subprocess.Popen(
            [
                *("nbdkit", "-f", "-U", str(self._folder / "nbd.sock"), "--filter=cache", "file"),
                *(str(self._disks.data), "cache=writeback"),
            ],
            stdout=(self._folder / "disk.log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        _until("nbdkit", (self._folder / "nbd.sock").exists, 10)
        self._qemu = subprocess.Popen(
            self._command(clock),
            stdout=(self._folder / "qemu.log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        _until("qemu", (self._folder / "qmp.sock").exists, 20)
        self._qmp = _JsonSocket(self._folder / "qmp.sock")
        self._qmp.line(30)  # the greeting
        self.machine("qmp_capabilities")
        self._await_agent()

    def power_cut(self) -> None:
        """The plug is pulled: machine and disk stop, and what was not flushed is gone."""
        for process in (self._qemu, self._disk):
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self._close()

    def shut_down(self) -> None:
        """As a person would; a power cut where it takes longer than the boot."""
        if self._agent is not None and self._qemu is not None:
            self._agent.send({"execute": "guest-shutdown"})
            with suppress(subprocess.TimeoutExpired):
                self._qemu.wait(BOOT_S)
        if self._disk is not None:
            self._disk.terminate()
            self._disk.wait(30)
        self.power_cut()

    def await_reset(self, timeout_s: float) -> None:
        """Until the machine is reset by its watchdog, and the guest answers again. BoardFault."""
        qmp = self._qmp
        if qmp is None:
            raise BoardFault("the machine is off")
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            event = qmp.line(left).get("event")
            if event == "RESET":
                return self._await_agent()
        raise BoardFault(f"no reset within {timeout_s:g} s")

    # -- the machine --

    def machine(self, command: str, **arguments: Any) -> Any:
        """A QMP command's answer. BoardFault."""
        qmp = self._qmp
        if qmp is None:
            raise BoardFault("the machine is off")
        qmp.send({"execute": command, "arguments": arguments})
        while True:
            answer = qmp.line(30)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise BoardFault(f"{command}: {answer['error']['desc']}")

    # -- the guest --

    def run(self, command: str, timeout_s: float = COMMAND_S) -> Answer:
        """A shell command as root in the guest. BoardFault where the guest does not answer."""
        started = self._ask(
            "guest-exec",
            **{"path": "/bin/sh", "arg": ["-c", f"exec 2>&1; {command}"], "capture-output": True},
        )
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            state = self._ask("guest-exec-status", pid=started["pid"])
            if state["exited"]:
                out = base64.b64decode(state.get("out-data", "")).decode(errors="replace")
                return Answer(int(state.get("exitcode", -1)), out)
            time.sleep(0.2)
        raise BoardFault(f"no end of {command!r} within {timeout_s:g} s")

    def _ask(self, command: str, **arguments: Any) -> Any:
        if self._agent is None:
            raise BoardFault("the guest agent is not there")
        self._agent.send({"execute": command, "arguments": arguments})
        answer = self._agent.line(60)
        if "error" in answer:
            raise BoardFault(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def _await_agent(self) -> None:
        end = time.monotonic() + BOOT_S
        while time.monotonic() < end:
            if self._qemu is None or self._qemu.poll() is not None:
                raise BoardFault("qemu has ended: see qemu.log")
            try:
                agent = _JsonSocket(self._folder / "agent.sock")
                token = time.monotonic_ns() % 1_000_000
                agent.send({"execute": "guest-sync", "arguments": {"id": token}})
                while agent.line(5).get("return") != token:
                    pass
            except (OSError, BoardFault):
                time.sleep(1)
                continue
            self._agent = agent
            return
        raise BoardFault(f"the guest did not come up within {BOOT_S:g} s: see console.log")

    def _close(self) -> None:
        for link in (self._agent, self._qmp):
            if link is not None:
                link.close()
        self._agent = self._qmp = self._qemu = self._disk = None

    def _command(self, clock: str) -> list[str]:
        """Before other work of this machine: the guest's watchdogs run by the real clock."""
        here = self._folder
        return [
            *(
                "nice",
                "-n",
                "-10",
                "qemu-system-x86_64",
                "-accel",
                "tcg,thread=multi",
                "-machine",
                "q35",
                "-cpu",
                "max",
            ),
            *("-smp", "2", "-m", "1536", "-nodefaults", "-no-user-config", "-display", "none"),
            *("-kernel", str(self._kernel), "-initrd", str(self._initrd)),
            "-append",
            "root=/dev/vda rw console=ttyS0,115200 net.ifnames=0 mitigations=off quiet",
            *("-rtc", f"base={clock},clock=vm"),
            *("-drive", f"file={self._disks.system},format=qcow2,if=virtio,cache=unsafe"),
            *(
                "-drive",
                f"file=nbd+unix:///?socket={here}/nbd.sock,format=raw,if=virtio,cache=none",
            ),
            *("-chardev", f"file,id=console,path={here}/console.log,append=on"),
            *("-serial", "chardev:console"),
            *("-device", "qemu-xhci,id=xhci"),
            *("-chardev", f"socket,id=reader,path={self.reader},server=on,wait=off"),
            *("-device", "usb-serial,chardev=reader"),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
            *("-device", "virtio-serial"),
            *("-chardev", f"socket,id=agent,path={here}/agent.sock,server=on,wait=off"),
            *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
            *("-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net"),
            *("-qmp", f"unix:{here}/qmp.sock,server=on,wait=off"),
        ]


class _JsonSocket:
    """Lines of JSON over a Unix socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(5)
        self._socket.connect(str(path))
        self._buffer = b""

    def send(self, message: dict[str, Any]) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def line(self, timeout_s: float) -> dict[str, Any]:
        """The next one. BoardFault after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                got = self._socket.recv(65536)
            except TimeoutError as e:
                raise BoardFault("no answer in time") from e
            if not got:
                raise BoardFault("the socket was closed")
            self._buffer += got
        raw, self._buffer = self._buffer.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(raw.lstrip(b"\xff"))
        return answer

    def close(self) -> None:
        self._socket.close()


def _until(what: str, holds: Any, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end:
            raise BoardFault(f"{what} did not come up within {timeout_s:g} s")
        time.sleep(0.05)


@contextmanager
def switched_off_at_last(machine: VirtualMachine) -> Iterator[VirtualMachine]:
    """The machine never outlives the run."""
    try:
        yield machine
    finally:
        machine.power_cut()
