"""python -m scripts.virtual_board.endurance CACHE boots|cuts N

boots: a cold boot from the fresh images, N times; each must be in service by itself.
cuts: cards are laid one after the other, and at a moment drawn by lot the plug is pulled. After the
boot every event that the journal had shown before must be there, once and unchanged. The disks stay
in CACHE/endurance, and each cut is a line of cuts.jsonl there, so N is the number over all runs.
"""

import json
import random
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from scripts.virtual_board.image import Built
from scripts.virtual_board.qemu import BoardFault, switched_off_at_last
from tests.hardware.boards import (
    VirtualBoard,
    board_of,
    events,
    fresh_board,
    status,
    until,
    verified,
)

STRANGER = "11010519491231002X 测试甲 长期"
LAID_S, LIFTED_S = 1.2, 0.8
LONGEST_LOAD_S = 20.0


@dataclass(slots=True)
class Cards:
    """Lays and lifts a card until it is told to stop."""

    board: VirtualBoard
    stop: threading.Event

    def run(self) -> None:
        while not self.stop.is_set():
            self.board.lay(STRANGER)
            self.stop.wait(LAID_S)
            self.board.lift()
            self.stop.wait(LIFTED_S)


def main() -> int:
    """1 where a boot or a cut did not end well."""
    cache, what, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    folder = cache / "endurance"
    built = Built.found(cache)
    try:
        return boots(built, folder, number) if what == "boots" else cuts(built, folder, number)
    except BoardFault as e:
        print(f"board: {e}", file=sys.stderr)
        return 1


def boots(built: Built, folder: Path, number: int) -> int:
    """Each from the disks as they are after the set-up. BoardFault."""
    for n in range(1, number + 1):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        board = fresh_board(built, folder)
        with ExitStack() as stack:
            begun = time.monotonic()
            _on(board, stack)
            _in_service(board)
            told = {"boot": n, "in_service_s": round(time.monotonic() - begun)}
            cpu = board.run("systemctl show -p CPUUsageNSec --value exam-gate").out.strip()
            restarts = board.run("systemctl show -p NRestarts --value exam-gate").out.strip()
            print(json.dumps(told | {"gate_cpu_s": int(cpu) / 1e9, "restarts": int(restarts)}))
            if restarts != "0":
                return 1
    return 0


def cuts(built: Built, folder: Path, number: int) -> int:
    """Until the file holds `number` cuts. BoardFault."""
    book = folder / "cuts.jsonl"
    done = len(book.read_text().splitlines()) if book.exists() else 0
    if done == 0:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    board = board_of(built, folder) if done else fresh_board(built, folder)
    with ExitStack() as stack:
        _on(board, stack)
        _in_service(board)
        for n in range(done + 1, number + 1):
            line = {"cut": n} | _cut(board, random.Random(n))
            with book.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
            if line["lost"] or line["changed"]:
                return 1
    return 0


def _cut(board: VirtualBoard, lot: random.Random) -> dict[str, float]:
    """One cut under load: what was shown before it, and what is there after it."""
    cards = Cards(board, threading.Event())
    laying = threading.Thread(target=cards.run)
    laying.start()
    time.sleep(lot.uniform(1.0, LONGEST_LOAD_S))
    shown = {e["seq"]: e["hash"] for e in events(board)}
    time.sleep(lot.uniform(0.0, 3.0))
    board.machine.power_cut()
    cards.stop.set()
    laying.join()
    board.reader.unplug()
    begun = time.monotonic()
    board.power_on()
    board.plug_reader()
    _in_service(board)
    back_s = time.monotonic() - begun
    verified(board)
    kept = events(board)
    there = {e["seq"]: e["hash"] for e in kept}
    return {
        "shown": len(shown),
        "kept": len(kept),
        "double": len(kept) - len(there),
        "lost": len(shown.keys() - there.keys()),
        "changed": sum(there.get(seq) not in {None, mark} for seq, mark in shown.items()),
        "back_s": round(back_s),
    }


def _on(board: VirtualBoard, stack: ExitStack) -> None:
    stack.enter_context(switched_off_at_last(board.machine))
    stack.enter_context(board.reader)
    board.power_on()
    board.plug_reader()


def _in_service(board: VirtualBoard) -> None:
    until(lambda: status(board).get("phase"), lambda p: p == "idle")


if __name__ == "__main__":
    sys.exit(main())
