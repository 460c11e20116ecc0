"""Rosters come by themselves: heard of, waited for, fetched, checked, installed.

What is installed, and what is refused, is decided by the installer that a stick goes through, too.
A running gate takes a new roster up when nobody is being checked.
"""

import asyncio
import json
import logging
import random
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gate.core.backoff import backoff_s
from gate.core.json_types import JsonValue
from gate.core.roster_notice import RosterNotice, delay_s, newest, refusal
from gate.errors import GateError, InputDamaged, InputRejected, RetryLater
from gate.platform.durable_files import write_file
from gate.roster.content_client import ContentClient
from gate.roster.install import Accept, accept_any, install
from gate.roster.manifest import SUFFIX, Manifest, verify
from gate.roster.repository import RosterRepository, storage_refused

log = logging.getLogger(__name__)

POLL_S = 3600.0
"""Between two looks at the server, half to once of it: a notice may never have been heard."""
RETRY_S, RETRY_MAX_S = 2.0, 300.0
"""Before another attempt, doubled for each failure; half to once of it."""
_NOTICES_MAX = 64


class RosterFetcher:
    """Of one unit. `client`: None where gate.toml names no server. `decode`: a notice that the
    office signed; raises InputRejected. `now`: wall time."""

    def __init__(
        self,
        state: Path,
        client: ContentClient | None,
        *,
        gate: str,
        site: str,
        office: bytes,
        sealing: bytes,
        decode: Callable[[bytes], RosterNotice],
        now: Callable[[], datetime],
        accept: Accept = accept_any,
        chance: random.Random | None = None,
    ) -> None:
        self._state, self._client = state, client
        self._gate, self._site = gate, site
        self._office, self._sealing = office, sealing
        self._decode, self._now, self._accept = decode, now, accept
        self._chance = chance or random.Random()
        self._heard: dict[str, RosterNotice] = {}
        self._changed = asyncio.Event()
        self._looks_now = False
        self._given_up: set[str] = set()
        self.fault: str | None = None
        """Why the last attempt came to nothing, in words; None where all is well."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a server to fetch from."""
        return self._client is not None

    def hear(self, payload: bytes) -> None:
        """A notice from the broker. InputRejected, SignatureRefused. From the loop's thread."""
        self._note(self._decode(payload))

    def _note(self, notice: RosterNotice) -> None:
        place = f"{notice.exam}/{notice.site}"
        before = self._heard.get(place)
        if before is not None and before.version >= notice.version:
            return
        if place not in self._heard and len(self._heard) >= _NOTICES_MAX:
            return
        self._heard[place] = notice
        self._changed.set()

    def look_now(self) -> None:
        """Asks the server at once, and waits for no turn. From the loop's thread."""
        self._looks_now = True
        self._given_up.clear()
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled. Survives every fault of network, server and disk."""
        if self._client is None:
            await asyncio.Event().wait()
        failures, polls_at = 0, 0.0
        loop = asyncio.get_running_loop()
        while True:
            at_once, self._looks_now = self._looks_now, False
            self._changed.clear()
            try:
                if at_once or loop.time() >= polls_at:
                    await self._poll()
                    polls_at = loop.time() + POLL_S * self._chance.uniform(0.5, 1)
                await self._fetch_wanted(at_once)
            except RetryLater as e:
                failures += 1
                self._tell(e.en)
                wait_s = backoff_s(failures - 1, RETRY_S, RETRY_MAX_S)
                await self._pause(wait_s * self._chance.uniform(0.5, 1))
                self._looks_now = self._looks_now or at_once
                continue
            failures = 0
            await self._pause(max(0.0, polls_at - loop.time()))

    async def _pause(self, seconds: float) -> None:
        """Shorter where something is heard, or asked for."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _poll(self) -> None:
        """What the server lists. RetryLater; any other refusal is told, and asked anew later."""
        assert self._client is not None
        try:
            listed = _listed(await asyncio.to_thread(self._client.index, self._site))
            for payload in listed:
                self._note(self._decode(payload))
        except RetryLater:
            raise
        except GateError as e:
            self._tell(e.en)

    async def _fetch_wanted(self, at_once: bool) -> None:
        """RetryLater."""
        for notice in newest(self._heard.values()):
            if notice.manifest in self._given_up:
                continue
            known = await asyncio.to_thread(self._known)
            why = refusal(notice, self._site, known)
            if why is None and not at_once:
                await self._turn(notice)
            if why is None:
                await self._taken(notice)
            elif why:
                self._give_up(notice, why)

    async def _turn(self, notice: RosterNotice) -> None:
        """Waits for this gate's place in the spread; a command ends the wait."""
        until = asyncio.get_running_loop().time() + delay_s(self._gate, notice)
        while not self._looks_now:
            left_s = until - asyncio.get_running_loop().time()
            if left_s <= 0:
                return
            await self._pause(left_s)
            if not self._looks_now:
                self._changed.clear()

    async def _taken(self, notice: RosterNotice) -> None:
        try:
            name = await asyncio.to_thread(self._fetched, notice)
        except RetryLater:
            raise
        except InputDamaged as e:  # of the way here: the next attempt may bring it whole
            self._tell(e.en)
            raise RetryLater(e.en, e.zh) from e
        except GateError as e:
            self._give_up(notice, e.en)
        else:
            self.fault = None
            log.info("fetched and installed: %s", name)

    def _fetched(self, notice: RosterNotice) -> str:
        """Blocks. Every error of `install` and of the client."""
        assert self._client is not None
        folder = RosterRepository.of(self._state).root / "incoming"
        raw = self._client.content(notice.manifest, notice.bytes)
        manifest = verify(raw, self._office, f"{self._client.url} {notice.name}")
        _check_same(manifest, notice)
        self._client.fetch(manifest.sha256, manifest.size, folder / manifest.file)
        path = folder / manifest.file.replace(".roster", SUFFIX)
        with storage_refused(folder):
            write_file(path, raw, 0o600)
        done = install(
            path,
            self._state,
            gate=self._gate,
            site=self._site,
            office_public_key=self._office,
            sealing_private_key=self._sealing,
            now=self._now(),
            accept=self._accept,
        )
        shutil.rmtree(folder, ignore_errors=True)
        return done.manifest.name

    def _known(self) -> dict[str, tuple[int, str]]:
        trusted = RosterRepository.of(self._state).trusted()
        return {name: (known["version"], known["digest"]) for name, known in trusted.items()}

    def _give_up(self, notice: RosterNotice, why: str) -> None:
        """Until another version comes, or somebody asks."""
        self._given_up.add(notice.manifest)
        shutil.rmtree(RosterRepository.of(self._state).root / "incoming", ignore_errors=True)
        self._tell(why)

    def _tell(self, why: str) -> None:
        if why != self.fault:
            log.warning("roster: %s", why)
        self.fault = why


def _check_same(manifest: Manifest, notice: RosterNotice) -> None:
    """InputRejected where the manifest is not what the notice names."""
    if (manifest.exam.id, manifest.site, manifest.version) != (
        notice.exam,
        notice.site,
        notice.version,
    ):
        raise InputRejected(
            f"The notice of {notice.name} names the manifest of {manifest.name}.",
            f"通知 {notice.name} 指向的清单属于 {manifest.name}。",
        )


def _listed(raw: bytes) -> list[bytes]:
    """The notices of an index. InputRejected."""
    try:
        found: JsonValue = json.loads(raw)
        rows = found["rosters"]
        return [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise InputRejected(f"The office's list of rosters does not read: {e}.") from e
