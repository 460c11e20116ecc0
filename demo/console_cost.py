"""What the console costs: how soon a page shows a decision, and what open pages take from the lane.

    python -m demo.console_cost [--cards N] [--json FILE]

The same processes as the demo with one gate. Phases without and with open pages take turns. Open
are two tablets at Now, signed in, and the candidate's screen. They are `drawn` by a headless
Chromium on this machine. Or they are `plain`: clients that ask for the same and draw nothing.
Tablets draw on their own processors, so the lane's bound is held to `plain`.

A decision counts as shown when a page has drawn its line. Page and gate run on one
machine: the browser's wall clock and the gate's monotonic clock are compared by this process.
"""

import sys
import time

from playwright.sync_api import Page

from demo.cast import Person
from demo.console import PINS, sign_in, tablets
from demo.ending import PARTS
from demo.latency import MEDIAN_MAX_MS, measured, one_card, spread
from demo.plain_pages import PlainClient, plain_pages
from demo.processes import cpu_s, proportional_mb
from demo.sockets import JsonObject, Message, NotAnswered, told
from demo.stage import Stage

SIGNED_IN = ("i1", "i2")
SHOWN_MAX_MS, CONSOLE_MAX_MB, LANE_MAX, MIRROR_MAX = 200.0, 90.0, 1.10, 0.10
"""Issue-level bounds: 95th percentile to the page, memory, lane with pages to lane without, and
cores that the mirror takes."""
MIRROR_S = 10.0
SHOWN_S = 10.0
WATCH = """() => {
  window.shownAt = {};
  const note = () => {
    const line = document.querySelector('[data-testid=latest]')?.textContent.replace(/\\s+/g, ' ');
    if (!line || line in window.shownAt) return;
    window.shownAt[line] = null;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.shownAt[line] = performance.timeOrigin + performance.now();
    }));
  };
  note();
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true });
}"""
SHOWN = """words => {
  const has = ([line]) => words.every((word) => line.includes(word));
  return Object.entries(window.shownAt).find(has)?.[1] ?? null;
}"""


def main() -> int:
    """0 when every bound holds, 1 otherwise."""
    result = measured(_cost, __doc__, cards=24)
    return int(not all(result["holds"].values()))


def _cost(stage: Stage, players: list[Person], cards: int) -> JsonObject:
    """Of `cards` people in each of four phases."""
    address = stage.start_console()
    order = [players[n * len(players) // cards] for n in range(cards)]
    lane: dict[str, list[Message]] = {"without": [], "drawn": [], "plain": []}
    shown: list[float] = []
    for _ in range(2):
        lane["without"] += [one_card(stage, person) for person in order]
        with tablets(len(SIGNED_IN) + 1) as (screen, *pages):
            _open(screen, pages, address)
            for person in order:
                lane["drawn"].append(one_card(stage, person))
                shown += _shown_ms(pages, lane["drawn"][-1])
        with plain_pages(address, SIGNED_IN) as clients:
            lane["plain"] += [one_card(stage, person) for person in order]
            if not all(client.fetched or client.pictures for client in clients[1:]):
                raise NotAnswered("a client has fetched nothing")
    console_mb = proportional_mb(stage.crew.pid("console"))
    mirror = _mirror(stage, address, order[0])
    drawn = spread(shown)
    totals = {of: spread([d["ms"]["total"] for d in ds]) for of, ds in lane.items()}
    ratios = {of: round(t["median"] / totals["without"]["median"], 3) for of, t in totals.items()}
    parts = {
        of: {part: spread([d["ms"][part] for d in ds])["median"] for part in PARTS}
        for of, ds in lane.items()
    }
    return {
        "decisions": len(lane["drawn"]),
        "shown_ms": drawn,
        "console_pss_mb": console_mb,
        "lane_ms": totals,
        "lane_parts_ms": parts,
        "lane_ratio": ratios,
        "mirror": mirror,
        "holds": {
            "shown": drawn["p95"] <= SHOWN_MAX_MS,
            "memory": console_mb <= CONSOLE_MAX_MB,
            "lane": ratios["plain"] <= LANE_MAX,
            "lane_beside_a_browser": totals["drawn"]["median"] <= MEDIAN_MAX_MS,
            "mirror": mirror["cores"] <= MIRROR_MAX,
        },
    }


def _open(screen: Page, pages: list[Page], address: str) -> None:
    """The candidate's screen, and tablets at Now that note what they draw."""
    screen.goto(f"{address}/screen", wait_until="commit")
    screen.get_by_test_id("prompt-zh").wait_for()
    for page, who in zip(pages, SIGNED_IN, strict=True):
        sign_in(page, address, who, PINS[who])
        page.evaluate(WATCH)


def _shown_ms(pages: list[Page], decision: Message) -> list[float]:
    """From the record of `decision` to each page that has drawn it. NotAnswered."""
    wall_of_monotonic_s = time.time() - time.monotonic()
    words, drawn = [decision["at"][11:19], decision["reason"], decision["ticket"]], []
    for page in pages:
        by_s = time.monotonic() + SHOWN_S
        while not (at_ms := page.evaluate(SHOWN, words)):
            if time.monotonic() > by_s:
                raise NotAnswered(f"a page has not shown {decision['id']} within {SHOWN_S:g} s")
            page.wait_for_timeout(20)
        drawn.append(at_ms - wall_of_monotonic_s * 1000 - decision["mono_ms"])
    return drawn


def _mirror(stage: Stage, address: str, person: Person) -> JsonObject:
    """Processor use of gate and console while somebody stands there, with and without one reader
    of the mirror; `cores`: the difference of both together."""
    gate = stage.gates[0]
    photos = [str(stage.photos[p]) for p in person.live]
    told(gate.simulator, {"do": "person", "pictures": photos})
    gate.pause(1.0)
    pids = (gate.pid, stage.crew.pid("console"))
    before = _cores(stage, pids)
    frames = PlainClient(address, "/preview.mjpeg")
    frames.start()
    gate.pause(1.0)
    taken = frames.pictures
    during = _cores(stage, pids)
    fps = (frames.pictures - taken) / MIRROR_S
    frames.end()
    return {
        "fps": round(fps, 1),
        "without": [round(c, 3) for c in before],
        "with": [round(c, 3) for c in during],
        "cores": round(sum(during) - sum(before), 3),
    }


def _cores(stage: Stage, pids: tuple[int, ...]) -> list[float]:
    """Cores that each process uses over MIRROR_S."""
    began, before = time.monotonic(), [cpu_s(p) for p in pids]
    stage.gates[0].pause(MIRROR_S)
    took = time.monotonic() - began
    return [(cpu_s(p) - b) / took for p, b in zip(pids, before, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
