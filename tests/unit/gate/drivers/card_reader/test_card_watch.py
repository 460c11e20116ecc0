"""When a card is told, once and no more, on modules that answer differently about a read card.

The watch talks to the simulated module's state table through real frames, without a wire. So each
poll is one call and nothing depends on time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.core.events import CardPresented, CardRemoved, CardUnreadable, Instant
from gate.drivers.card_reader.card_watch import CardWatch
from gate.drivers.card_reader.sdt import (
    Command,
    Decoder,
    Reply,
    RequestDecoder,
    Status,
    StatusRemedy,
    encode_reply,
    encode_request,
)
from gate.drivers.card_reader.serial_link import Silence
from gate.drivers.simulated.sdt_cards import SimulatedCard, card_of
from gate.drivers.simulated.sdt_chip import Chip, Mode
from gate.errors import ReaderMissing, SdtError
from tests.examples import examples

FIRST = SimulatedCard.of(card_of("11010519491231002X", "测试甲"))
SECOND = SimulatedCard.of(card_of("440524188001010014", "测试乙"))


Spoil = Callable[[Command, Reply], Reply | None]


class TickingClock:
    """Every look at it is `tick_s` later."""

    boot = "test"

    def __init__(self, tick_s: float) -> None:
        self._ticks = count(1)
        self._tick_ns = round(tick_s * 1e9)

    def now(self) -> Instant:
        return Instant(datetime(2027, 4, 10, tzinfo=UTC), next(self._ticks) * self._tick_ns, True)


@dataclass
class Wireless:
    """A link without a wire. `spoil` may change, refuse or swallow a reply on its way."""

    chip: Chip
    spoil: Spoil
    asked: list[Command] = field(default_factory=list)
    noisy: list[Command] = field(default_factory=list)

    def ask(self, command: Command) -> Reply:
        self.asked.append(command)
        (request,) = RequestDecoder().feed(encode_request(command))
        reply = self.spoil(command, self.chip.answer(request))
        if reply is None:
            raise Silence("silent")
        frame = bytearray(encode_reply(reply))
        if command in self.noisy:
            self.noisy.remove(command)
            frame[-1] ^= 0x10
        (item,) = Decoder().feed(bytes(frame))
        if isinstance(item, SdtError):
            raise item
        return item

    def ask_twice(self, command: Command) -> Reply:
        try:
            reply = self.ask(command)
        except SdtError:
            return self.ask(command)
        return self.ask(command) if reply.remedy is StatusRemedy.RESEND else reply

    def drain(self) -> None:
        pass

    def revive(self) -> None:
        pass

    def reset(self) -> None:
        self.chip.restart()


class Scene:
    """Polls and what was told: P presented, U unreadable, R removed, with number or reason."""

    def __init__(
        self,
        mode: Mode = Mode.STICKY,
        dwell_s: float = 0.0,
        spoil: Spoil | None = None,
        tick_s: float = 1.0,
    ) -> None:
        self.chip = Chip(mode)
        self.link = Wireless(self.chip, spoil or (lambda command, reply: reply))
        self.events: list[CardPresented | CardUnreadable | CardRemoved] = []
        self.watch = CardWatch(self.link, TickingClock(tick_s), self.events.append, dwell_s)
        self.watch.begin()

    def polls(self, n: int = 3) -> list[str]:
        """What `n` polls told."""
        before = len(self.events)
        for _ in range(n):
            self.watch.poll()
        return [self._word(e) for e in self.events[before:]]

    @staticmethod
    def _word(event: CardPresented | CardUnreadable | CardRemoved) -> str:
        if isinstance(event, CardPresented):
            return "P " + event.card.number
        return "U " + event.reason if isinstance(event, CardUnreadable) else "R"


P1, P2 = "P 11010519491231002X", "P 440524188001010014"
every_mode = pytest.mark.parametrize("mode", Mode)


@every_mode
def test_a_card_is_told_once_however_long_it_lies(mode: Mode) -> None:
    scene = Scene(mode)
    assert scene.polls() == []
    scene.chip.lay(FIRST)
    assert scene.polls(20) == [P1]
    scene.chip.lift()
    assert scene.polls(20) == ["R"]


@every_mode
def test_sought_it_is_told_once_more_with_a_later_instant(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.lay(FIRST)
    for _ in range(3):
        assert scene.polls(5) == [P1]
        scene.watch.find_again()
    assert scene.polls(5) == [P1]
    found = [e.found.mono_ns for e in scene.events if isinstance(e, CardPresented)]
    assert found == sorted(set(found))
    scene.chip.lift()
    assert scene.polls(5) == ["R"]


@every_mode
@pytest.mark.parametrize("dwell_s", [0.0, 3.0])
def test_sought_and_gone_is_told_as_removed(mode: Mode, dwell_s: float) -> None:
    scene = Scene(mode, dwell_s)
    scene.chip.lay(FIRST)
    assert scene.polls(3) == [P1]
    scene.chip.lift()
    scene.watch.find_again()
    assert scene.polls(10) == ["R"]
    scene.watch.find_again()  # nothing lies there
    assert scene.polls(3) == []


@every_mode
def test_sought_and_another_lies_there(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.lay(FIRST)
    assert scene.polls(3) == [P1]
    scene.chip.lay(SECOND)
    scene.watch.find_again()
    assert scene.polls(5) == ["R", P2]


@every_mode
def test_sought_and_missed_once_it_is_found_later(mode: Mode) -> None:
    scene = Scene(mode, dwell_s=100.0)
    scene.chip.lay(FIRST)
    assert scene.polls(3) == [P1]
    scene.watch.find_again()
    scene.chip.faults.add("find-missed")
    assert scene.polls(5) == [P1]


@every_mode
def test_sought_and_unreadable_is_told_so(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.lay(FIRST)
    assert scene.polls(3) == [P1]
    scene.chip.faults.add("unreadable")
    scene.watch.find_again()
    assert scene.polls(3) == ["U lay-again"]
    scene.chip.faults.discard("unreadable")
    assert scene.polls(3) == [P1]


@every_mode
def test_lifted_and_laid_again_is_told_again(mode: Mode) -> None:
    scene = Scene(mode)
    for _ in range(3):
        scene.chip.lay(FIRST)
        assert scene.polls() == [P1]
        scene.chip.lift()
        assert scene.polls() == ["R"]


@every_mode
def test_another_card_between_two_polls_is_told(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.lay(FIRST)
    scene.polls()
    scene.chip.lay(SECOND)
    assert scene.polls() == ["R", P2]


@every_mode
@pytest.mark.parametrize(
    "answer", [Status.READ_FAILED, Status.BAD_COMMAND, Status.NO_SUCH_ITEM, None]
)
def test_modules_that_say_the_same_of_every_newest_address(mode: Mode, answer: int | None) -> None:
    """Refused, unknown, always "no such item", or silence: presence falls back to the find."""
    items = (Command.NEWEST_ADDRESS, Command.CHIP_NUMBER)

    def spoil(command: Command, reply: Reply) -> Reply | None:
        if command not in items:
            return reply
        return None if answer is None else Reply(answer)

    scene = Scene(mode, spoil=spoil)
    scene.chip.lay(FIRST)
    assert scene.polls(6).count(P1) == 1
    scene.chip.lift()
    scene.polls(6)
    scene.chip.lay(SECOND)
    assert scene.polls(6).count(P2) == 1
    scene.chip.lift()
    scene.polls(6)
    scene.chip.lay(SECOND)
    assert scene.polls(6).count(P2) == 1


def test_a_silent_item_is_not_asked_again_and_the_other_one_is() -> None:
    scene = Scene(spoil=lambda c, reply: None if c is Command.NEWEST_ADDRESS else reply)
    for _ in range(2):
        scene.chip.lay(FIRST)
        assert scene.polls() == [P1]
        scene.chip.lift()
        assert scene.polls() == ["R"]
    assert scene.link.asked.count(Command.NEWEST_ADDRESS) == 1
    assert scene.link.asked.count(Command.CHIP_NUMBER) > 4


@every_mode
def test_contact_lost_for_less_than_the_dwell_time_is_the_same_laying(mode: Mode) -> None:
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]
    for _ in range(3):
        scene.chip.lift()
        assert scene.polls(1) == []
        scene.chip.lay(FIRST)
        assert scene.polls() == []


@every_mode
def test_the_dwell_time_counts_from_the_last_contact(mode: Mode) -> None:
    """A card that has lain for an hour may lose contact for a moment as well as a new one."""
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    assert scene.polls(1000) == [P1]
    scene.chip.lift()
    assert scene.polls(1) == []
    scene.chip.lay(FIRST)
    assert scene.polls(1000) == []


@every_mode
def test_another_card_within_the_dwell_time_is_told_at_once(mode: Mode) -> None:
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    scene.polls()
    scene.chip.lift()
    scene.polls(1)
    scene.chip.lay(SECOND)
    assert scene.polls(1) == ["R", P2]


@every_mode
def test_a_second_card_that_cannot_be_read_is_told_though_it_was_there_for_a_moment(
    mode: Mode,
) -> None:
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]
    scene.chip.lift()
    assert scene.polls(1) == []
    scene.chip.faults.add("unreadable")
    scene.chip.lay(SECOND)
    assert scene.polls(2) == []
    scene.chip.lift()
    assert scene.polls(40) == ["R", "U lay-again", "R"]
    scene.chip.faults.clear()
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]


@every_mode
def test_a_second_card_that_is_no_id_card_is_told_at_once(mode: Mode) -> None:
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]
    scene.chip.lift()
    scene.chip.faults.add("wrong-card")
    scene.chip.lay(SECOND)
    assert scene.polls(2) == ["R", "U not-an-id-card"]


@every_mode
def test_a_card_that_is_pulled_away_slowly_is_only_removed(mode: Mode) -> None:
    """It fails, and then nothing is there: no second card came."""
    scene = Scene(mode, dwell_s=60)
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]
    scene.chip.faults.add("unreadable")
    scene.chip.lay(FIRST)
    assert scene.polls(3) == []
    scene.chip.lift()
    assert scene.polls(40) == ["R"]


WOBBLES = st.lists(st.sampled_from(["look", "look", "off", "on", "weak", "good"]), max_size=60)


@examples(150)
@given(st.sampled_from(list(Mode)), WOBBLES)
@example(Mode.STICKY, ["off", "look", "weak", "on", "look", "look"])
def test_no_wobble_within_the_dwell_time_tells_anything(mode: Mode, wobbles: list[str]) -> None:
    """However one card loses contact and fails, it is told once, as long as it comes back."""
    scene = Scene(mode, dwell_s=1e6)
    scene.chip.lay(FIRST)
    scene.polls()
    for what in [*wobbles, "good", "on", "look", "look"]:
        match what:
            case "look":
                scene.watch.poll()
            case "off":
                scene.chip.lift()
            case "on":
                scene.chip.lay(FIRST)
            case "weak":
                scene.chip.faults.add("unreadable")
            case "good":
                scene.chip.faults.clear()
    assert [scene._word(e) for e in scene.events] == [P1]


@every_mode
def test_laid_again_after_the_dwell_time_is_told_again(mode: Mode) -> None:
    scene = Scene(mode, dwell_s=5)
    scene.chip.lay(FIRST)
    scene.polls()
    scene.chip.lift()
    assert scene.polls(5) == ["R"]
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]


def test_a_module_that_finds_a_read_card_again_is_not_made_to_read_it_at_each_look() -> None:
    """Two ticks a look: 100 looks take 20 s, and a find anyway every 5 s gives four reads."""
    for mode in (Mode.FREE, Mode.ALTERNATE):
        scene = Scene(mode, tick_s=0.1)
        scene.chip.lay(FIRST)
        assert scene.polls(100) == [P1]
        assert scene.link.asked.count(Command.READ) <= 6


@every_mode
def test_a_card_that_fails_is_told_once_and_read_when_it_comes_right(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.faults.add("unreadable")
    scene.chip.lay(FIRST)
    assert scene.polls(10) == ["U lay-again"]
    scene.chip.faults.clear()
    assert scene.polls() == [P1]


@every_mode
def test_a_card_that_fails_is_told_again_when_laid_again(mode: Mode) -> None:
    scene = Scene(mode)
    scene.chip.faults.add("unreadable")
    for _ in range(2):
        scene.chip.lay(FIRST)
        assert scene.polls() == ["U lay-again"]
        scene.chip.lift()
        assert scene.polls() == ["R"]


def test_pulled_away_while_read() -> None:
    scene = Scene()
    scene.chip.faults.add("card-pulled")
    scene.chip.lay(FIRST)
    assert scene.polls(10) == ["U lay-again", "R"]


def test_not_an_id_card() -> None:
    scene = Scene()
    scene.chip.faults.add("wrong-card")
    scene.chip.lay(FIRST)
    assert scene.polls(10) == ["U not-an-id-card"]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.CARD_TYPE_UNKNOWN, "U not-an-id-card"),
        (Status.VERIFICATION_FAILED, "U lay-again"),
        (Status.MODULE_NOT_AUTHENTICATED, "U lay-again"),
        (Status.UNRECOGNISED, "U line-noise"),
    ],
)
def test_the_status_of_a_failed_read_gives_the_reason(status: Status, word: str) -> None:
    scene = Scene()
    scene.link.spoil = lambda command, reply: Reply(status) if command is Command.READ else reply
    scene.chip.lay(FIRST)
    assert scene.polls(1) == [word]


def test_a_status_of_the_find_itself_may_tell_a_wrong_card() -> None:
    scene = Scene()
    scene.link.spoil = lambda command, reply: Reply(Status.CARD_TYPE_UNKNOWN)
    assert scene.polls(5) == ["U not-an-id-card"]


@pytest.mark.parametrize("command", [Command.FIND, Command.SELECT, Command.NEWEST_ADDRESS])
def test_noise_on_one_short_reply_costs_nothing(command: Command) -> None:
    scene = Scene()
    scene.link.noisy = [command]
    scene.chip.lay(FIRST)
    assert scene.polls(5) == [P1]
    assert scene.link.noisy == []


@pytest.mark.parametrize("step", [Command.SELECT, Command.READ])
def test_a_card_that_moves_is_tried_again_before_anybody_is_troubled(step: Command) -> None:
    failures = [Status.READ_FAILED]
    scene = Scene(spoil=lambda c, r: Reply(failures.pop()) if c is step and failures else r)
    scene.chip.lay(FIRST)
    assert scene.polls() == [P1]
    assert not failures


def test_noise_on_the_card_itself() -> None:
    """A module that hides what it has read gives it after a reset: nobody lays a card again."""
    for mode in Mode:
        scene = Scene(mode)
        scene.link.noisy = [Command.READ]
        scene.chip.lay(FIRST)
        assert scene.polls(5) == [P1]


def test_noise_without_end_is_a_lost_reader() -> None:
    scene = Scene()
    scene.link.noisy = [Command.FIND] * 100
    with pytest.raises(ReaderMissing):
        scene.polls(10)


def test_one_failed_find_is_tried_again_at_once() -> None:
    scene = Scene()
    misses = [Command.FIND]
    scene.link.spoil = lambda command, reply: (
        Reply(Status.NO_CARD) if command in misses and misses.pop() else reply
    )
    scene.chip.lay(FIRST)
    assert scene.polls(1) == [P1]


def test_a_misread_number_is_nobodys() -> None:
    scene = Scene()
    scene.chip.lay(SimulatedCard.of(card_of("110105194912310029", "测试")))
    assert scene.polls(5) == ["U lay-again"]


def test_a_document_of_an_unknown_type_is_its_owners_all_the_same() -> None:
    """Its number is whole; the odd field refers (tests/unit/gate/core/test_odd_cards.py)."""
    text = bytearray(FIRST.text)
    text[248:250] = "Z".encode("utf-16-le")
    scene = Scene()
    scene.chip.lay(SimulatedCard(bytes(text)))
    assert scene.polls(1) == [P1]


def test_found_is_before_the_read_and_the_last_byte_after() -> None:
    scene = Scene()
    scene.chip.lay(FIRST)
    scene.polls(1)
    (event,) = scene.events
    assert isinstance(event, CardPresented)
    assert event.found.mono_ns < event.read_mono_ns


HANDS = "look look look look lift first second pulled wrong unreadable noise missed"
HAND = st.sampled_from(HANDS.split())


@examples(150)
@given(st.sampled_from(list(Mode)), st.lists(HAND, max_size=40), st.sampled_from([0.0, 3.0, 60.0]))
def test_whatever_hands_do_cards_told_are_cards_laid(
    mode: Mode, hands: list[str], dwell_s: float
) -> None:
    """Each presented card was laid since the one before; removals and cards alternate; and the
    last card comes, if it lies there long enough."""
    scene, laid = Scene(mode, dwell_s), [""]
    for hand in [*hands, "right", "lift", *["look"] * 70, "second", "look", "look", "look"]:
        match hand:
            case "look":
                scene.watch.poll()
            case "lift":
                scene.chip.lift()
            case "first" | "second":
                scene.chip.lay(FIRST if hand == "first" else SECOND)
                laid.append(P1 if hand == "first" else P2)
            case "pulled":
                scene.chip.faults.add("card-pulled")
            case "wrong":
                scene.chip.faults.add("wrong-card")
            case "unreadable":
                scene.chip.faults.add("unreadable")
            case "missed":
                scene.chip.faults.add("find-missed")
            case "noise":
                scene.link.noisy = [Command.READ]
            case "right":
                scene.chip.faults.clear()
                scene.link.noisy = []
        told = [w for e in scene.events if (w := scene._word(e))[0] == "P"]
        assert set(told) <= set(laid)
    words = [scene._word(e)[0] for e in scene.events]
    assert "PP" not in "".join(words).replace("U", "")
    assert [scene._word(e) for e in scene.events][-1] == P2
