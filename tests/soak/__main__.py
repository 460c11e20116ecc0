"""Long runs of the card reader, at the module's real pace. scripts/soak calls it:

python -m tests.soak cards 1000 | unplug 200 | tables FOLDER
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.soak import cards, unplug

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
PAGE = Path(__file__).parents[2] / "docs/card-reader.md"
SEED = 20270410


def main() -> int:
    """0 when every count is as it must be."""
    part, argument = sys.argv[1:3]
    if part == "tables":
        return _write(Path(argument))
    run = {"cards": _cards, "unplug": _unplug}[part]
    tally = asyncio.run(run(int(argument)))
    print(json.dumps(tally.summary()))
    return int(not tally.good)


async def _cards(count: int) -> cards.Tally:
    hands = random.Random(SEED)

    def show(tally: cards.Tally) -> None:
        done = tally.right + tally.missed
        if done % 100 == 0:
            print(f"{done} cards, {tally.right} right", file=sys.stderr, flush=True)

    return await cards.run(
        count, SEED, 1.0, True, hand_s=lambda: hands.uniform(0.1, 0.7), show=show
    )


async def _unplug(rounds: int) -> unplug.Tally:
    return await unplug.run(rounds, SEED, 1.0, True)


def _write(folder: Path) -> int:
    """What the parts left in `folder`, as a table in docs/card-reader.md."""
    lines = [
        f"Measured {date.today()} on {_machine()}.",
        "",
        "| part | figure | value |",
        "|---|---|---|",
    ]
    for path in sorted(folder.glob("*.json")):
        for name, value in _leaves(json.loads(path.read_text() or "{}")):
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"| {path.stem} | {name.replace('_', ' ')} | {shown} |")
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    table = "\n".join(lines)
    PAGE.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


def _leaves(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name} ")
        else:
            yield above + name, value


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text()
    names = [line.split(":")[1].strip() for line in info.splitlines() if "model name" in line]
    return f"{len(names)} x {names[0]}" if names else "a machine without a name"


if __name__ == "__main__":
    sys.exit(main())
