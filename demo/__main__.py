"""scripts/demo: one exam morning. Exit 0 only if everything was as script.toml expects."""

import argparse
import contextlib
import io
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from demo import cast, ending, report
from demo.board import BoardPages
from demo.console import console_pages
from demo.judge import Seen
from demo.load import under_load
from demo.pictures import PictureFault
from demo.play import Player
from demo.processes import CommandFailed
from demo.sockets import NotAnswered
from demo.stage import Stage, new_stage

LOOKED_UP = "second"
"""Whom the invigilators look up at the end of the morning."""


def main() -> int:
    """0 as expected, 1 not, 130 interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM cleans up as Ctrl-C does
    asked = _arguments()
    if isinstance(sys.stdout, io.TextIOWrapper):  # Chinese where the locale has none
        sys.stdout.reconfigure(errors="backslashreplace")
    people = cast.people()
    script = cast.rows(people)
    chosen = [r for r in script if not asked.only or r.number in _numbers(asked.only)]
    screen = report.Screen()
    begun = time.monotonic()
    try:
        stage = new_stage(people)
    except PictureFault as e:
        print(f"demo: {e}", file=sys.stderr)
        return 4
    screen.say(f"work folder 工作目录 {stage.work}")
    last, keep = ending.Ending(), True
    try:
        busy = under_load(stage.work / "load") if asked.under_load else contextlib.nullcontext()
        with busy:
            rows = _morning(stage, Player(stage, people), chosen, screen, last)
        shown = report.facts(rows, len(chosen), last)
        keep = asked.keep or not (shown["ok"] or last.interrupted)
        if not shown["ok"]:
            last.wrong.append(f"the end of the gate's log:\n{stage.crew.tail(stage.gates[0].unit)}")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave processes
        stage.close(keep)
        if keep:
            disk = "" if stage.disk_fault else f"; in it a small disk: umount {stage.disk.folder}"
            screen.say(f"kept 已保留: {stage.work}{disk}")
    screen.figures(shown)
    screen.say(f"  {time.monotonic() - begun:.0f} s in all")
    if asked.json:
        report.write_json(asked.json, shown)
    screen.last(shown)
    return 130 if last.interrupted else int(not shown["ok"])


def _morning(
    stage: Stage,
    player: Player,
    chosen: list[cast.Row],
    screen: report.Screen,
    last: ending.Ending,
) -> list[Seen]:
    """What the rows showed, up to where something ended it; `last` says what."""
    rows: list[Seen] = []
    try:
        with console_pages(_open(stage, screen), stage.browser) as pages:
            player.pages = pages
            player.board = BoardPages(pages.tab(), stage.board())
            for row, following in itertools.zip_longest(chosen, chosen[1:]):
                rows.append(player.play(row, following))
                screen.row(rows[-1])
            seated = player.cast[LOOKED_UP]
            pages.look_around(str(seated.ticket), seated.paper, seated.room)
        ending.audit(stage, player.cast, pages.asked, last)
    except (CommandFailed, NotAnswered, OSError) as e:
        last.wrong.append(str(e))
    except KeyboardInterrupt:
        last.wrong.append("interrupted")
        last.interrupted = True
    return rows


def _open(stage: Stage, screen: report.Screen) -> str:
    """Everything is started; the address of the invigilators' pages."""
    screen.say(
        "keys, roster, broker, office, board, gates 密钥、名册、消息服务器、考试中心、看板、闸机"
    )
    stage.build()
    if stage.disk_fault:
        screen.say(f"the full disk cannot be shown 磁盘写满无法演示: {stage.disk_fault}")
    stage.start_broker()
    stage.start_office()
    stage.launch_board()
    stage.start_gates()
    address = stage.start_console()
    screen.head()
    return address


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--json", type=_from_caller, metavar="FILE", help="write what was shown")
    parser.add_argument("--keep", action="store_true", help="keep the work folder")
    parser.add_argument("--only", metavar="ROWS", help="these rows only, as in 1,4-6")
    parser.add_argument(
        "--under-load",
        action="store_true",
        help="beside busy loops and jobs that write and sync",
    )
    return parser.parse_args()


def _from_caller(name: str) -> Path:
    """Relative to where scripts/demo was called, not to the checkout."""
    return Path(os.environ.get("DEMO_CALLED_FROM") or ".") / name


def _numbers(ranges: str) -> set[int]:
    numbers: set[int] = set()
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


if __name__ == "__main__":
    sys.exit(main())
