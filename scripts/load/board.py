"""What the board costs, and how soon people see an event, with 1,000 gates that send.

python -m scripts.load.board [--gates 1000] [--seconds 60] [--rate 140] [--clients 20] [--held 100]

A broker, `exam-office receive` and `exam-office board` run beside it, with SQLite. `--held`: events
of each gate that the office has before the board starts. `--rate`: batches of 7 events in a second,
of one gate after the other. `--clients` read the events and fetch the overview after each change,
as the pages' own script does, and draw nothing. Three pages of Chromium do the same and draw.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, async_playwright

from demo.plain_pages import PlainClient, posted
from demo.stage import free_port, listens
from gate.sync.wire import decode_batch
from office.board.accounts import add_account
from office.home import Home
from office.keys.key_files import make_keys
from office.store.database import Arrival, OfficeStore
from scripts.load.mqtt_sender import send
from scripts.load.run import cpu_s, rss_mb, start_broker, start_office
from scripts.load.signed_batches import EXAM, enrol, gate_key, gate_name, rounds, site_name
from tests.waiting import until

SIZE = 7
NAME, PASSWORD = "looks", "looks-at-the-board"
_PAGES = ("/", f"/sites/{site_name(0)}", "/wall")
_WATCH = """() => {
  window.seen = [];
  const look = () => {
    const shown = document.querySelector("[data-testid=events]");
    const count = shown ? Number(shown.textContent) : 0;
    if (!seen.length || seen[seen.length - 1][1] !== count) seen.push([Date.now() / 1000, count]);
  };
  const parts = {childList: true, subtree: true};
  new MutationObserver(look).observe(document.getElementById("main"), parts);
  look();
}"""


def main() -> None:
    """Prints one JSON object."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--gates", type=int, default=1000)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--rate", type=float, default=140)
    asked.add_argument("--clients", type=int, default=20)
    asked.add_argument("--held", type=int, default=98)
    args = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir="/var/tmp")))
        home = Home(folder / "office")
        since = datetime.now(UTC) - timedelta(days=1)
        here = ("127.0.0.1",)
        make_keys(home, gates=(), broker=here, board=here, not_before=since)
        enrol(home, args.gates)
        add_account(home, NAME, "viewer", PASSWORD)
        sent = rounds(args.gates, SIZE)
        held = args.held // SIZE * args.gates
        _fill(home, islice(sent, held))
        plain, broker = start_broker(home, folder, stack)
        start_office(home, home.database, broker[1], 1, stack)
        board, address, start_s = _board(home, stack)
        wanted = int(args.rate * args.seconds)
        said = _Said(list(islice(sent, wanted)), held * SIZE)
        measured = _measured(address, board, plain, said, rate=args.rate, clients=args.clients)
        figures = asyncio.run(measured)
        figures |= {"gates": args.gates, "held": held * SIZE, "start_s": start_s}
        print(json.dumps(figures | {"load": os.getloadavg()[0]}, indent=1))


class _Said:
    """Batches, and when each was given away: (seconds since 1970, events in all)."""

    def __init__(self, batches: list[tuple[str, int, bytes]], before: int) -> None:
        self._batches, self._before = batches, before
        self.log: list[tuple[float, int]] = []

    def __iter__(self) -> Iterator[tuple[str, int, bytes]]:
        for number, batch in enumerate(self._batches, 1):
            yield batch
            self.log.append((time.time(), self._before + number * SIZE))


def _fill(home: Home, batches: Iterable[tuple[str, int, bytes]]) -> None:
    keys: dict[str, bytes] = {}
    now = datetime.now(UTC).isoformat(timespec="milliseconds")

    def key_of(gate: str) -> bytes:
        if gate not in keys:
            number = int(gate.rpartition("-g")[2])
            assert gate == gate_name(number)
            keys[gate] = gate_key(number).verify_key.encode()
        return keys[gate]

    with OfficeStore(home.database) as store:
        store.begin_generation(1)
        while part := list(islice(batches, 2000)):
            found = [decode_batch(payload, key_of) for _, _, payload in part]
            arrivals = [Arrival(b, EXAM, b.gate.rpartition("-")[0]) for b in found]
            with store.transaction():
                store.add_all(arrivals, now)


def _board(home: Home, stack: ExitStack) -> tuple[int, str, float]:
    """Its process, its address, and seconds until it had counted everything."""
    port, began = free_port(), time.monotonic()
    command = [sys.executable, "-m", "office", "board", "--home", str(home.root)]
    process = subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    until(lambda: listens(port), 60)
    return process.pid, f"https://127.0.0.1:{port}", round(time.monotonic() - began, 2)


async def _measured(
    address: str, board: int, broker: int, said: _Said, *, rate: float, clients: int
) -> dict[str, object]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        await _counted(browser, address)
        pages = [await _opened(browser, address, path) for path in _PAGES]
        paint_ms = [await _first_paint_ms(browser, address) for _ in range(5)]
        form = {"by": NAME, "password": PASSWORD}
        cookie = await asyncio.to_thread(posted, address, form)
        plain = [
            PlainClient(address, "/events", cookie, "/", source=f"127.0.1.{n + 1}")
            for n in range(clients)
        ]
        for client in plain:
            client.start()
        await pages[0].evaluate(_WATCH)
        before, began = cpu_s(board), time.monotonic()
        await send(broker, said, rate, 30)
        spent, took = cpu_s(board) - before, time.monotonic() - began
        await asyncio.sleep(3)
        seen = await pages[0].evaluate("seen")
        fetched = sum(client.fetched for client in plain)
        for client in plain:
            await asyncio.to_thread(client.end)
        await browser.close()
    waits = sorted(_waits(said.log, seen))
    if not waits:
        raise SystemExit(f"no page showed an event that was sent: {seen[-5:]}, {said.log[:1]}")
    return {
        "board_cores": round(spent / took, 3),
        "board_rss_mb": round(rss_mb(board)),
        "seconds": round(took, 1),
        "clients": clients,
        "browser_pages": len(_PAGES),
        "pages_fetched_per_client_per_s": round(fetched / max(clients, 1) / took, 2),
        "batches": len(said.log),
        "batches_seen": len(waits),
        "event_to_screen_s": {
            name: round(waits[min(len(waits) - 1, int(share * len(waits)))], 3)
            for name, share in (("median", 0.5), ("p95", 0.95), ("worst", 1.0))
        },
        "first_contentful_paint_ms": [round(ms) for ms in paint_ms],
    }


async def _counted(browser: Browser, address: str) -> None:
    """Until the board has read what the office held."""
    page = await _opened(browser, address, "/")
    await page.get_by_test_id("completeness").wait_for(timeout=300_000)
    await page.get_by_test_id("behind").wait_for(state="detached", timeout=300_000)
    await page.context.close()


async def _opened(browser: Browser, address: str, path: str) -> Page:
    page = await (await browser.new_context(ignore_https_errors=True)).new_page()
    await page.goto(f"{address}/sign-in")
    await page.get_by_test_id("by").fill(NAME)
    await page.get_by_test_id("password").fill(PASSWORD)
    await page.get_by_test_id("sign-in").click()
    await page.get_by_test_id("who").wait_for()
    await page.goto(f"{address}{path}")
    return page


async def _first_paint_ms(browser: Browser, address: str) -> float:
    page = await _opened(browser, address, "/")
    await page.goto("about:blank")
    await page.goto(f"{address}/")
    ms: float = await page.evaluate(
        "() => new Promise(told => new PerformanceObserver(l => l.getEntriesByName("
        "'first-contentful-paint').forEach(e => told(e.startTime))"
        ").observe({type: 'paint', buffered: true}))"
    )
    await page.context.close()
    return ms


def _waits(log: Iterable[tuple[float, int]], seen: list[tuple[float, int]]) -> Iterator[float]:
    """From sending a batch to the first screen that counts it, in seconds; none where that never
    came."""
    screens = iter(seen)
    at, shown = next(screens, (0.0, 0))
    for sent_at, total in log:
        while shown < total:
            found = next(screens, None)
            if found is None:
                return
            at, shown = found
        yield at - sent_at


if __name__ == "__main__":
    main()
