"""The gate's end of the wire: sends what the journal holds until the office has receipted it."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from nacl.signing import SigningKey

from gate.core.configuration import Configuration
from gate.core.office_commands import Command, CommandAnswer
from gate.ports import Journal, UplinkStatus
from gate.sync import outbox
from gate.sync.command_wire import encode_result
from gate.sync.link import Address
from gate.sync.session import Session
from gate.sync.site_exchange import SiteExchange
from gate.sync.uplink_state import UplinkState
from gate.sync.wire import Topics

log = logging.getLogger(__name__)

_POLL_S = 1.0


class MqttUplink:
    """Obeys `gate.ports.Uplink`.

    `signing`: Ed25519 seed, 32 bytes. `office_public`: the key that receipts are signed with.
    Nothing is sent before `use_exam`. When the exam changes, sending goes on under the new topic.
    `vitals`: what heartbeats say of the unit (see `gate.sync.heartbeat`). `chance`: draws the waits
    between attempts. `inbox`: a file where `exam-gate journal receipt` leaves what came
    by stick. `site_exchange`: what the gates of the site tell each other.

    `status` has more than the port's keys. `error_kind`: class of `last_error`. `office`: `online`,
    `offline` or None. `refused`: refused receipts by reason. `broker_refused`: batches that the
    broker did not take, by MQTT's reason code. `refused_topics`: any message that it did not take,
    by the last part of its topic. `alarm`: a sentence once two journals of this gate
    and epoch exist. A PUBACK proves nothing: only receipts advance.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        ca: Path,
        certificate: Path,
        key: Path,
        gate: str,
        site: str,
        journal: Journal,
        signing: bytes,
        office_public: bytes,
        vitals: Callable[[], Mapping[str, object]] = dict,
        chance: random.Random | None = None,
        inbox: Path | None = None,
        site_exchange: SiteExchange | None = None,
    ) -> None:
        self._site = site
        self._exam: str | None = None
        self._at_work = False
        self._chance = chance or random.Random()
        self._state = UplinkState(
            Address(host, port, ca, certificate, key, name=gate),
            journal,
            SigningKey(signing),
            office_public,
            vitals,
            self._chance,
            inbox,
            site_exchange,
        )

    @property
    def status(self) -> UplinkStatus:
        """The state of the uplink at this moment; keys as above."""
        state = self._state
        return {
            "connected": state.connected,
            "unsent": self._unsent(),
            "receipted": state.receipted,
            "last_error": state.error.en if state.error else None,
            "error_kind": type(state.error).__name__ if state.error else None,
            "office": state.office,
            "refused": dict(state.refused),
            "broker_refused": dict(state.broker_refused),
            "refused_topics": dict(state.refused_topics),
            "alarm": state.alarm,
        }

    @property
    def office_time(self) -> datetime | None:
        """The latest time in a message that the office signed and this process received.

        None before there is one.
        """
        return self._state.office_time

    def use_exam(self, exam: str) -> None:
        """The id of the exam whose topics count from now on."""
        self._exam = exam

    def deliver_commands_to(self, take: Callable[[Command], None]) -> None:
        """Who is given each command that the office signed, on the loop's thread."""
        self._state.take_command = take

    def deliver_rosters_to(self, hear: Callable[[bytes], None]) -> None:
        """Who is given each notice of a roster, unchecked, on the loop's thread. It may raise
        InputRejected."""
        self._state.take_notice = hear

    def answer(self, answer: CommandAnswer, at: str) -> None:
        """Tells the office what became of a command, now or when the link stands again. `at`:
        RFC 3339."""
        state = self._state
        state.answers.append(encode_result(answer, state.address.name, at, state.signing))

    def send_again(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Sends these events once more, both ends included, receipted or not."""
        self._state.asked.extend(ranges)

    def use_configuration(self, configuration: Configuration, command: str | None) -> None:
        """What is in force from now on, and the id of the command that asked for it."""
        self._state.configuration, self._state.configured_by = configuration, command

    def _unsent(self) -> int | None:
        """None before and after the work: the journal may not be open then, staff may ask all the
        same."""
        if not self._at_work:
            return None
        return outbox.backlog(self._state.journal.head.seq, self._state.receipt)

    async def run(self) -> None:
        """Until cancelled; then the goodbye takes at most two seconds. StorageBroken."""
        self._state.receipt = await self._state.journal.receipt()
        self._at_work = True
        try:
            await self._work()
        finally:
            self._at_work = False

    async def _work(self) -> None:
        failures = 0
        while True:
            exam = self._exam
            if exam is None:
                await asyncio.sleep(_POLL_S)
                continue
            topics = Topics(exam, self._site, self._state.address.name)
            stood = await Session(self._state, topics, lambda: self._exam).run()
            failures = 0 if stood else failures + 1
            await asyncio.sleep(outbox.reconnect_delay_s(failures, self._chance.random()))
