"""What the acceptance of a board asks of it: a virtual one, or the unit that the tests run on."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gate.core.json_types import JsonObject
from scripts.virtual_board.image import Built, fresh_disks
from scripts.virtual_board.qemu import Answer, BoardFault, Disks, VirtualMachine
from scripts.virtual_board.reader import CardReader

T = TypeVar("T")
AS_UNIT = "runuser -u exam-gate -- exam-gate"
IN_WINDOW = "2027-04-10T00:40:00"
"""08:40 in Wuhan, in the entry window of the demo's morning paper."""


class Board(Protocol):
    """A board at the door. Each call returns when it is done; BoardFault where it is not."""

    def run(self, command: str) -> Answer:
        """A shell command as root."""

    def power_cut(self) -> None:
        """The plug is pulled."""

    def power_on(self) -> None:
        """Until commands are taken."""

    def await_reset(self, timeout_s: float) -> None:
        """Until the watchdog has reset it, and commands are taken again."""

    def plug_reader(self) -> None: ...

    def unplug_reader(self) -> None: ...

    def lay(self, card: str) -> None:
        """A card is laid on the reader: number, name, validity."""

    def lift(self) -> None: ...

    def level(self, pin: int) -> bool:
        """Whether a pin of the header is high, by its BCM number."""

    def press(self, pin: int, down: bool) -> None:
        """A button that connects the pin to ground."""


@dataclass(slots=True)
class VirtualBoard:
    """The machine of scripts/virtual_board and the card reader at its USB port."""

    machine: VirtualMachine
    reader: CardReader

    def run(self, command: str) -> Answer:
        return self.machine.run(command)

    def power_cut(self) -> None:
        self.reader.unplug()
        self.machine.power_cut()

    def power_on(self) -> None:
        self.machine.power_on(clock=IN_WINDOW)

    def await_reset(self, timeout_s: float) -> None:
        self.machine.await_reset(timeout_s)

    def plug_reader(self) -> None:
        self.reader.plug()

    def unplug_reader(self) -> None:
        self.reader.unplug()

    def lay(self, card: str) -> None:
        self.reader.say(f"lay {card}")

    def lift(self) -> None:
        self.reader.say("lift")

    def level(self, pin: int) -> bool:
        return self._line(pin, "value") == "1"

    def press(self, pin: int, down: bool) -> None:
        pull = "pull-down" if down else "pull-up"
        self.machine.run(f"echo {pull} >{_LINES}/sim_gpio{pin}/pull")

    def _line(self, pin: int, name: str) -> str:
        return self.machine.run(f"cat {_LINES}/sim_gpio{pin}/{name}").out.strip()


_LINES = "/sys/devices/platform/gpio-sim.0/gpiochip0"


class ThisUnit:
    """The unit that the tests run on, as root. What needs hands is asked for on the terminal."""

    def run(self, command: str) -> Answer:
        done = subprocess.run(
            ["/bin/sh", "-c", f"exec 2>&1; {command}"], capture_output=True, text=True, check=False
        )
        return Answer(done.returncode, done.stdout)

    def power_cut(self) -> None:
        raise BoardFault("the tests run on the board that would lose power: only on a virtual one")

    def power_on(self) -> None:
        """It is on."""

    def await_reset(self, timeout_s: float) -> None:
        raise BoardFault("the tests run on the board that would be reset: only on a virtual one")

    def plug_reader(self) -> None:
        _by_hand("Plug the card reader in.")

    def unplug_reader(self) -> None:
        _by_hand("Unplug the card reader.")

    def lay(self, card: str) -> None:
        _by_hand(f"Lay a card on the reader: {card}.")

    def lift(self) -> None:
        _by_hand("Take the card away.")

    def level(self, pin: int) -> bool:
        return "| hi" in self.run(f"pinctrl get {pin}").out

    def press(self, pin: int, down: bool) -> None:
        _by_hand(f"{'Hold' if down else 'Let go of'} the button at BCM {pin}.")


def _by_hand(what: str) -> None:
    with Path("/dev/tty").open("r+", encoding="utf-8") as terminal:
        terminal.write(f"{what} Then press Enter. ")
        terminal.flush()
        terminal.readline()


def fresh_board(built: Built, folder: Path) -> VirtualBoard:
    """Switched off, with disks as after the set-up."""
    fresh_disks(built, folder)
    return board_of(built, folder)


def board_of(built: Built, folder: Path) -> VirtualBoard:
    """Switched off, with the disks that `folder` has."""
    machine = VirtualMachine(folder, Disks.of(folder), built.kernel, built.initrd)
    return VirtualBoard(machine, CardReader(machine.reader, folder))


def status(board: Board) -> JsonObject:
    """What the gate says of itself; empty while it does not answer."""
    said = board.run(f"{AS_UNIT} staff status --json").out
    try:
        answer: JsonObject = json.loads(said)
    except ValueError:
        return {}
    return answer


def verified(board: Board) -> JsonObject:
    """The journal's check. BoardFault where it is not whole."""
    answer = board.run(f"{AS_UNIT} journal verify --json")
    if answer.code:
        raise BoardFault(f"journal verify ends with {answer.code}: {answer.out}")
    told: JsonObject = json.loads(answer.out)
    return told


def events(board: Board) -> list[dict[str, Any]]:
    """Every event of the journal, oldest first."""
    lines = board.run(f"{AS_UNIT} journal export").out.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def until(ask: Callable[[], T], holds: Callable[[T], object], bound_s: float = 300.0) -> T:
    """Asked again and again; the bound only ends a hang. BoardFault."""
    end = time.monotonic() + bound_s
    last = ask()
    while not holds(last):
        if time.monotonic() > end:
            raise BoardFault(f"it never came: {str(last)[:600]}")
        time.sleep(0.1)
        last = ask()
    return last
