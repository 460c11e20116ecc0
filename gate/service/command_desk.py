"""Commands of the office at a running gate: judged, journaled, carried out, answered.

What is begun is in the journal before it is done, and how it ended before it is told. So a command
is carried out once, whatever restarts in between.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gate.core import events
from gate.core.command_args import (
    ArgsRefused,
    Close,
    Configure,
    FetchRoster,
    Resend,
    Restart,
    Rollback,
    ShowMessage,
    Task,
    Update,
    task_of,
)
from gate.core.configuration import Configuration, read_changes
from gate.core.entry_windows import entry_windows
from gate.core.exam import entry_window
from gate.core.local_time import in_fixed_offset
from gate.core.office_commands import (
    Command,
    CommandAnswer,
    KnownCommands,
    Place,
    Result,
    Verb,
    judge,
    replayed,
    room_made,
)
from gate.core.office_messages import OfficeMessages
from gate.core.records import JournalEvent
from gate.core.staff_and_fault_transitions import out_of_service
from gate.errors import GateError, NoSuchEntry
from gate.service.lane import Lane
from gate.service.site_report import report_of
from gate.service.staff_words import name_of

log = logging.getLogger("gate.service")

WAITING_MAX = 100
"""Commands that wait here; further ones are dropped, and the office asks again."""
_NO_JOURNAL = "The journal takes no entry. 日志故障。"


class _CannotDo(Exception):
    """Why a command is refused after all, in one sentence."""


class CommandDesk:
    """Of one lane. `work` carries out, one after the other, what `take` was given."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._known: KnownCommands = {}
        self._waiting: asyncio.Queue[Command] = asyncio.Queue(WAITING_MAX)
        self._end: Callable[[], None] | None = None
        self._subscribers: list[Callable[[], None]] = []
        self.configuration = Configuration()
        self.closed: dict[tuple[str | None, str], str] = {}
        """When each paper was closed, by exam and paper, as the journal has it."""
        self.messages = OfficeMessages()
        lane.adapters.uplink.deliver_commands_to(self.take)

    def ends_by(self, end: Callable[[], None]) -> None:
        """`end` ends the process in good order; what starts it again is not our business."""
        self._end = end

    def subscribe(self, changed: Callable[[], None]) -> None:
        """`changed` is called after each command, in the loop's thread."""
        self._subscribers.append(changed)

    def take(self, command: Command) -> None:
        """From the loop's thread."""
        try:
            self._waiting.put_nowait(command)
        except asyncio.QueueFull:
            log.warning("a command of the office is dropped: %d wait already", WAITING_MAX)

    def replay(self, page: Sequence[JournalEvent]) -> None:
        """What the journal knows of commands, in order."""
        for event in page:
            self._known = replayed(self._known, event)
            self.messages = self.messages.after(event)
            if event["kind"] == "paper_closed":
                self.closed[event.get("exam"), str(event.get("paper"))] = event["at"]
            elif event["kind"] == "command_done" and event.get("set"):
                self._use(event)

    def _use(self, event: JournalEvent) -> None:
        """A configuration that the journal holds; a newer release's keys may stand there."""
        try:
            self.configuration = self.configuration.changed(read_changes(event.get("set")))
        except ValueError as e:
            log.warning("a configuration in the journal is passed over: %s", e)
            return
        self._apply(str(event.get("command")))

    def _apply(self, command: str) -> None:
        self._lane.adapters.uplink.use_configuration(self.configuration, command)
        logging.getLogger().setLevel(self.configuration.log_level.upper())

    async def work(self, timeout_s: float) -> None:
        """Take one command, if one comes in time, and answer it."""
        try:
            async with asyncio.timeout(timeout_s):
                command = await self._waiting.get()
        except TimeoutError:
            return
        answer = await self._answered(command)
        self._lane.adapters.uplink.answer(answer, self._now().isoformat(timespec="seconds"))
        log.info("command %s %s: %s (%s)", command.id, command.verb, answer.result, answer.detail)
        for changed in self._subscribers:
            changed()
        if answer.result is Result.DONE and command.verb == Verb.RESTART:
            self._restart()

    async def _answered(self, command: Command) -> CommandAnswer:
        place = self._place()
        answer = judge(command, self._known, place)
        if answer is not None and answer.result is Result.REPLAYED:
            return answer
        self._known = room_made(self._known, place)
        try:
            task = None if answer is not None else task_of(command.verb, command.args)
        except ArgsRefused as e:
            task, answer = None, CommandAnswer(command.id, Result.REFUSED, str(e))
        if not await self._note("command", _began(command, answer, self._lane.exam_id)):
            return CommandAnswer(command.id, Result.REFUSED, _NO_JOURNAL)
        if task is None:
            assert answer is not None
            return answer
        try:
            answer = CommandAnswer(command.id, Result.DONE, await self._done(command, task))
        except _CannotDo as e:
            answer = CommandAnswer(command.id, Result.REFUSED, str(e))
        except GateError as e:
            answer = CommandAnswer(command.id, Result.REFUSED, f"{e.en} {e.zh}"[:400])
        await self._note("command_done", _ended(answer, task, self._lane.exam_id))
        return answer

    async def _note(self, kind: str, body: dict[str, object]) -> bool:
        event = await self._lane.recorder.note(kind, body)
        if event is not None:
            self.replay([event])
        else:
            self._lane.put(events.RecordRefused())
        return event is not None

    def _place(self) -> Place:
        it, now = self._lane.adapters, self._lane.adapters.clock.now()
        at = now.at if now.trusted else None
        return Place(it.id, it.site, self._lane.exam_id, at, it.uplink.office_time)

    def _now(self) -> datetime:
        return in_fixed_offset(self._lane.adapters.clock.now().at, self._lane.zone)

    # -- one for each verb -----------------------------------------------------------------------

    async def _done(self, command: Command, task: Task) -> str:
        """What was done, in one sentence. _CannotDo, GateError."""
        match task:
            case Resend():
                said = self._resend(task)
            case Close(paper=paper):
                said = await self._close(command, paper)
            case ShowMessage():
                said = "It is shown to staff until somebody has read it. 已向工作人员显示。"
            case Configure(changes=changes):
                said = f"In force: {', '.join(sorted(changes))}. 配置已生效。"
            case FetchRoster():
                said = self._fetch()
            case Restart():
                said = self._may_restart()
            case Update(version=version):
                said = self._stage(version)
            case Rollback():
                said = self._stage(None)
        return said

    def _resend(self, task: Resend) -> str:
        head = self._lane.adapters.journal.head
        if task.epoch is not None and task.epoch != head.epoch:
            raise _CannotDo(f"This journal is {head.epoch}, not {task.epoch}. 日志编号不符。")
        ranges = [(a, min(b, head.seq)) for a, b in task.ranges if a <= head.seq]
        if not ranges:
            raise _CannotDo(f"The journal ends at event {head.seq}. 日志没有这些事件。")
        self._lane.adapters.uplink.send_again(ranges)
        total = sum(b - a + 1 for a, b in ranges)
        return f"{total} events are sent again. 正在重新发送 {total} 条事件。"

    async def _close(self, command: Command, paper_id: str) -> str:
        lane, roster, now = self._lane, self._lane.roster, self._lane.adapters.clock.now()
        already = self.closed.get((lane.exam_id, paper_id))
        if already is not None:
            return f"It was closed already, at {already}. 该场次此前已关闭。"
        if roster is None:
            raise _CannotDo("No roster is in use here. 本机没有可用名册。")
        paper = next((p for p in roster.exam.papers if p.id == paper_id), None)
        if paper is None:
            raise _CannotDo(f"No paper {paper_id} in this exam. 本次考试没有场次 {paper_id}。")
        rooms = ("", *{e.room or "" for e in roster.exam.extensions if e.paper == paper_id})
        closes = max(entry_window(paper, r, roster.exam.extensions).closes for r in rooms)
        if now.at < closes:
            said = in_fixed_offset(closes, roster.exam.zone).isoformat(timespec="minutes")
            raise _CannotDo(f"Entry is open until {said}: a reissued exam ends it. 入场尚未截止。")
        report = (await report_of(lane, roster, paper_id)).numbers
        closing = {
            "exam": lane.exam_id,
            "command": command.id,
            "by": command.by,
            "unsettled": sum(u.facts["paper"] == paper_id for u in lane.state.unsettled),
            **{k: v for k, v in report.items() if k != "outages"},
        }
        if not await self._note("paper_closed", closing):
            raise _CannotDo(_NO_JOURNAL)
        return f"Closed: {report['admitted']} admitted of {report['expected']}. 场次已关闭。"

    def _fetch(self) -> str:
        fetch = self._lane.adapters.roster_fetch
        if fetch is None:
            raise _CannotDo("gate.toml names no [office] url. 未配置 [office] url。")
        fetch.look_now()
        return "A newer roster is looked for now; the heartbeat tells it. 正在获取名册。"

    def _stage(self, version: str | None) -> str:
        """Ask for `version`, None for the one before; a root helper does it."""
        ask = self._lane.adapters.ask_for_version
        if ask is None:
            raise _CannotDo(
                "This gate is not installed as a package: update the unit by hand. "
                "本机未以软件包安装，请手工更新。"
            )
        if self._entry_is_open():
            raise _CannotDo("Entry is open: another version waits for its end. 入场时段内不更新。")
        ask(version)
        what = "the version before" if version is None else version
        return f"Staged: {what}; the heartbeat tells what is in use. 已安排，版本见心跳。"

    def _entry_is_open(self) -> bool:
        now = self._lane.adapters.clock.now()
        return any(
            datetime.fromisoformat(w["opens"]) <= now.at < datetime.fromisoformat(w["closes"])
            for w in entry_windows(self._lane.state.exam, now)
        )

    def _may_restart(self) -> str:
        lane = self._lane
        if self._end is None or not lane.adapters.is_supervised:
            raise _CannotDo("systemd does not run this gate: nothing starts it again. 无人值守。")
        if self._entry_is_open() and not lane.state.faults:
            raise _CannotDo("Entry is open and nothing is at fault: it helps nobody. 无需重启。")
        return "The gate ends in good order, and systemd starts it. 闸机正在重启。"

    def _restart(self) -> None:
        """The end waits for the visit under way; the uplink's goodbye takes the answer along."""
        if self._end is not None:
            self._end()

    async def read(self, message: str, by: str) -> Mapping[str, object]:
        """`by` has read the message: it is shown no more. The journal's entry. NoSuchEntry;
        StorageRefused where the journal took no entry."""
        if message not in self.messages.unread:
            raise NoSuchEntry(f"No message {message[:40]} is open.", "没有这条未读消息。")
        body = {"command": message, "by": name_of(by)}
        event = await self._lane.recorder.note("message_read", body)
        if event is None:
            raise out_of_service()
        self.replay([event])
        for changed in self._subscribers:
            changed()
        return {"ok": True, **event}


def _began(command: Command, answer: CommandAnswer | None, exam: str | None) -> dict[str, object]:
    return {
        "exam": exam,
        "command": command.id,
        "verb": command.verb[:40],
        "args": dict(command.args) if answer is None else {},
        "addressed": command.to,
        "by": command.by,
        "issued": command.issued.isoformat(timespec="seconds"),
        "expires": command.expires.isoformat(timespec="seconds"),
        "result": None if answer is None else str(answer.result),
        "detail": "" if answer is None else answer.detail,
    }


def _ended(answer: CommandAnswer, task: Task, exam: str | None) -> dict[str, object]:
    body: dict[str, object] = {
        "exam": exam,
        "command": answer.id,
        "result": str(answer.result),
        "detail": answer.detail,
    }
    if isinstance(task, Configure) and answer.result is Result.DONE:
        body["set"] = dict(task.changes)
    return body
