"""Candidates at one gate, and a witness outside it that writes down what the world was shown.

The witness is a text file. A line is appended and fsynced for every decision that the gate has
said, and for every opening of the barrier that was seen. What the file holds has happened.
"""

import os
import random
import threading
from pathlib import Path

from demo.cast import Person
from demo.sockets import Follower, Message, NotAnswered, told
from tests.faults.processes.site import Unit

SEEN_S = 0.9
DECISION_S = 6.0
STRANGER = {"number": "11010519491231002X", "name": "测试甲", "valid_to": "长期"}


class Witness:
    """Durable lines: `decision <id> <hash> <outcome>` and `barrier <life> <openings>`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())
        os.fsync(self._file)

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.path.read_text(encoding="utf-8").splitlines()]

    def close(self) -> None:
        os.close(self._file)


class Crowd(threading.Thread):
    """One after the other until `over`; a gate that was killed is waited for."""

    def __init__(
        self, unit: Unit, people: list[Person], photos: dict[str, Path], witness: Witness, seed: int
    ) -> None:
        super().__init__(name=f"crowd at {unit.name}", daemon=True)
        self.over = threading.Event()
        self.decisions = 0
        self._unit = unit
        self._people = people
        self._photos = photos
        self._witness = witness
        self._rng = random.Random(f"{seed} {unit.name}")
        self._life = 0

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self._one_life()
            except (NotAnswered, OSError):
                self.over.wait(0.3)

    def _one_life(self) -> None:
        """From the gate's start to its end."""
        if not self._unit.in_service():
            raise NotAnswered("the gate is not in service yet")
        self._life += 1
        self._unit.set_clock()
        follower = Follower(self._unit.staff)
        try:
            while not self.over.is_set():
                self._somebody(follower)
        finally:
            for line in follower.drain():
                self._seen(line)
            follower.close()

    def _somebody(self, follower: Follower) -> None:
        if self._rng.random() < 0.4:
            told(self._unit.simulator, {"do": "card", **STRANGER})
        else:
            person = self._rng.choice(self._people)
            photos = [str(self._photos[name]) for name in person.live]
            told(self._unit.simulator, {"do": "person", "pictures": photos})
            follower.pause(SEEN_S)
            card = {"number": person.number, "name": person.name, "valid_to": "长期"}
            told(self._unit.simulator, {"do": "card", **card})
        self._seen(follower.wait(lambda line: line.get("kind") == "decision", DECISION_S))
        told(self._unit.simulator, {"do": "lift"})
        self._look_at_barrier()

    def _look_at_barrier(self) -> None:
        changes = told(self._unit.simulator, {"ask": "signals"})["barrier"]
        opened = sum(bool(on) for _, on in changes)
        self._witness.write("barrier", self._life, opened)

    def _seen(self, line: Message) -> None:
        if line.get("kind") in ("decision", "verdict"):
            self.decisions += 1
            self._witness.write("decision", line["id"], line["hash"], line["outcome"])

    def end(self) -> None:
        self.over.set()
        self.join(30.0)
