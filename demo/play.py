"""Plays one row: does its steps and collects what sockets and lamps really showed."""

import time

from demo import judge, watch
from demo.board import BoardPages
from demo.cast import Person, Row, Step
from demo.console import PINS, ConsolePages
from demo.gate import EXIT, SCANNED, Gate
from demo.judge import Seen
from demo.sockets import Message, NotAnswered, told
from demo.stage import Stage

DECISION_S = 40.0
VERDICT_S = 5.0
STATE_S = 30.0
AWAY_S = 0.7
"""The reader takes a card that cannot be read, sooner after another, for a wobble of that one."""
FACE_S = 0.9
"""Long enough for somebody to walk up and for a few frames to be looked at."""


class Player:
    """One row at a time, in order. The stage may be restarted between them."""

    def __init__(self, stage: Stage, cast: dict[str, Person]) -> None:
        self._stage = stage
        self.pages: ConsolePages | None = None
        self.board: BoardPages | None = None
        self.cast = cast
        self._seen: Seen
        self._following: Row | None = None
        self._here: Gate = stage.gates[0]
        self._standing: dict[str, list[str]] = {}
        self._standing_since_s = 0.0
        self._cut_s = 0.0
        self._inside_before = 0

    def play(self, row: Row, following: Row | None = None) -> Seen:
        """What the row showed. `following` steps up while the last lamp of this row is watched, as
        in a queue. A socket that does not answer is a difference, not an end."""
        self._seen, self._following = Seen(row), following
        self._here = self._stage.gates[row.at - 1]
        self._begin()
        began = self._cut_s
        try:
            for step in row.steps:
                if step is row.last_shown:
                    self._next_steps_up()
                getattr(self, f"_{step.verb}")(step)
            if row.hold_s is not None:
                self._seen.held_s = watch.held(self._here, row.expect.lamps, self._cut_s)
            self._seen.stray = self._stray_decisions()
        except NotAnswered as e:
            self._seen.wrong.append(str(e))
        self._clear()
        self._seen.took_s = round(time.monotonic() - began, 2)
        if not row.is_at_board:
            units = [gate.unit for gate in self._stage.gates]
            judge.judge(self._seen, self.cast[row.card], self._here.state, units)
        return self._seen

    def _clear(self) -> None:
        if self._seen.row.is_at_board or not self._here.is_open:
            return
        try:
            self._simulate(do="lift")
            self._simulate(do="lift", source=EXIT)
            if self._following is None or self._following.at != self._seen.row.at:
                self._place([])
        except NotAnswered as e:
            self._seen.wrong.append(str(e))

    def _next_steps_up(self) -> None:
        following = self._following
        if following is None or following.at != self._seen.row.at:
            return
        if following.stands_first is not None:
            self._place(following.stands_first)

    # -- the world --

    def _simulate(self, **request: object) -> Message:
        return told(self._here.simulator, request)

    def _clock(self, step: Step) -> None:
        """At every gate that runs."""
        at = {"at": step.argument, "run": bool(step.more.get("run")), "trusted": True}
        for gate in self._running:
            told(gate.simulator, {"do": "clock", **at})

    def _trusted(self, step: Step) -> None:
        self._simulate(do="clock", trusted=step.argument)

    def _stand(self, step: Step) -> None:
        if step.argument != self._standing.get(self._here.unit):
            self._place(step.argument)
        if step.argument and self._seen.row.expect.attempt is not None:
            stood_s = time.monotonic() - self._standing_since_s
            self._here.pause(max(0.0, FACE_S - stood_s))

    def _place(self, names: list[str]) -> None:
        """These people, and nobody else, before the camera."""
        sets = [[str(self._stage.photos[p]) for p in self.cast[who].live] for who in names]
        match sets:
            case []:
                self._simulate(do="nobody")
            case [alone]:
                self._simulate(do="person", pictures=alone)
            case _:
                self._simulate(do="people", pictures=sets)
        self._standing[self._here.unit] = names
        self._standing_since_s = time.monotonic()

    def _lay(self, step: Step) -> None:
        self._simulate(**self._card(step))

    def _pull(self, step: Step) -> None:
        self._here.pause(AWAY_S)
        self._simulate(do="fault", name="card-pulled", on=True)
        self._simulate(**self._card(step))

    def _card(self, step: Step) -> Message:
        person = self.cast[step.argument]
        valid_to = step.more.get("valid_to", "长期")
        return {"do": "card", "number": person.number, "name": person.name, "valid_to": valid_to}

    def _lift(self, step: Step) -> None:
        self._simulate(do="lift")

    def _leave(self, step: Step) -> None:
        self._inside_before = self._here.inside()
        self._simulate(**self._card(step), source=EXIT)

    def _scan(self, step: Step) -> None:
        self._simulate(do="scan", text=f"{SCANNED}{self.cast[step.argument].ticket}")

    def _type(self, step: Step) -> None:
        by = step.more["by"]
        ticket = self.cast[step.argument].ticket
        request = {"do": "type", "ticket": ticket, "pin": PINS[by], **step.more}
        told(self._here.staff, request)

    def _papers(self, step: Step) -> None:
        """Staff have looked at what the paper requires."""
        pin, ticket = PINS[step.more["by"]], self.cast[step.argument].ticket
        told(self._here.staff, {"do": "papers", "ticket": ticket, "pin": pin, **step.more})

    def _begin(self) -> None:
        """Whatever was shown before belongs to the row before."""
        if self._here.follower:
            self._here.follower.drain()
        self._cut_s = time.monotonic()

    def _broker(self, step: Step) -> None:
        if step.argument == "stop":
            self._stage.crew.stop("broker")
        else:
            self._stage.start_broker()

    def _gate(self, step: Step) -> None:
        match step.argument:
            case "kill":
                self._here.kill()
                self._standing.pop(self._here.unit, None)
            case "launch":
                self._here.launch()
            case "await":
                self._here.await_service()
            case _:
                self._here.start()

    def _disk(self, step: Step) -> None:
        if self._stage.disk_fault:
            raise NotAnswered(f"not shown: {self._stage.disk_fault}")
        if step.argument == "fill":
            self._stage.disk.fill()
        else:
            self._stage.disk.free()

    # -- the office --

    def _board(self, step: Step) -> None:
        """What a page of the office's board must come to show."""
        self._seen.wrong += self._at_board.look(step.argument, step.more["shows"])
        self._seen.board |= {f"{step.argument} {k}": v for k, v in step.more["shows"].items()}

    def _take(self, step: Step) -> None:
        """The operator takes an alert of this kind."""
        self._at_board.take(step.argument)

    @property
    def _at_board(self) -> BoardPages:
        if self.board is None:
            raise NotAnswered("no page of the board is open")
        return self.board

    # -- staff --

    def _settle(self, step: Step) -> None:
        decision = self._seen.decision or {}
        case, more = str(decision.get("id")), step.more
        self._console.settle(case, step.argument, more["by"], more.get("reason", ""))
        if "second" in more:
            self._console.sign(case, more["second"])
        verdict = self._follow("verdict", VERDICT_S)
        self._cut_s = verdict["mono_ms"] / 1000
        self._seen.verdict = verdict

    def _correct(self, step: Step) -> None:
        """Another verdict on the case of this row, by as many people as signed the first one."""
        case, more = str((self._seen.decision or {}).get("id")), step.more
        about = {"do": "correct", "decision": case, "verdict": step.argument}
        self._sign(about | {"reason": more["reason"]}, more["by"])
        if "second" in more:
            self._sign({"do": "sign", "case": case}, more["second"])

    def _reassign(self, step: Step) -> None:
        """This gate serves these rooms from now on; none: every room."""
        self._sign({"do": "reassign", "rooms": step.argument}, step.more["by"])

    def _sign(self, request: Message, by: str) -> None:
        told(self._here.staff, request | {"by": by, "pin": PINS[by]})

    @property
    def _console(self) -> ConsolePages:
        if self.pages is None:
            raise NotAnswered("no page of the console is open")
        return self.pages

    def _acknowledge(self, step: Step) -> None:
        told(self._here.staff, {"do": "acknowledge", "by": step.argument})
        if not watch.goes_dark(self._here):
            self._seen.wrong.append("the lamps went on after the acknowledgement")

    # -- what comes of it --

    def _decided(self, step: Step) -> None:
        began = self._cut_s
        decision = self._follow("decision", DECISION_S)
        self._cut_s = decision["mono_ms"] / 1000
        self._seen.decision = decision
        self._seen.asked = watch.asked(self._here, began, self._cut_s)
        self._seen.unsent = self._here.unsent() > 0

    def _shown(self, step: Step) -> None:
        """Lamps and buzzer of the decision, or of the verdict once there is one."""
        expect = self._seen.row.expect
        target = expect.then if self._seen.verdict and expect.then else expect
        shown = watch.shown(self._here, self._cut_s, target)
        if target is expect:
            self._seen.shown = shown
        else:
            self._seen.then_shown = shown

    def _await(self, step: Step) -> None:
        match step.argument:
            case "asked-again":
                watch.asked_again(self._here, self._cut_s)
            case "out-of-service":
                self._here.until(step.argument, self._here.out_of_service, STATE_S)
                self._cut_s = watch.first_lit(self._here, "red", self._cut_s)
            case "in-service":
                self._here.until(step.argument, lambda: not self._here.out_of_service(), STATE_S)
            case "left":
                before = self._inside_before
                self._here.until("left", lambda: self._here.inside() < before, STATE_S)
            case "offline":
                self._here.until(step.argument, lambda: not self._here.connected(), STATE_S)
            case "double":
                self._here.until(step.argument, self._all_tell_a_double, STATE_S)
            case "all-receipted":
                for gate in self._running:
                    gate.until(step.argument, gate.all_receipted, STATE_S)

    def _all_tell_a_double(self) -> bool:
        """Every gate of this site."""
        return all(g.doubles() for g in self._running if g.site == self._here.site)

    @property
    def _running(self) -> list[Gate]:
        return [gate for gate in self._stage.gates if gate.is_open]

    def _follow(self, kind: str, timeout_s: float) -> Message:
        if self._here.follower is None:
            raise NotAnswered("the gate is not running")
        try:
            return self._here.follower.wait(lambda m: m.get("kind") == kind, timeout_s)
        except NotAnswered as e:
            raise NotAnswered(f"no {kind}: {e}") from e

    def _stray_decisions(self) -> int:
        """Decisions that nobody waited for."""
        said = self._here.follower.drain() if self._here.follower else []
        return sum(m.get("kind") in ("decision", "verdict") for m in said)
