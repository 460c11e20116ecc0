"""Whatever the network does to batches and receipts, the office ends with every event, once."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.ports import Receipt
from gate.sync import outbox
from gate.sync.outbox import SendWindow, Sent, Slice
from tests.examples import examples

EPOCH, HASH = "0" * 16, "0" * 64


def receipt(high: int, *missing: tuple[int, int], top: int = 0, generation: int = 1) -> Receipt:
    return Receipt(generation, "g", EPOCH, high, HASH, missing, "", top or high)


def under_way(*parts: tuple[int, int], live_from: int = 1, **other: object) -> SendWindow:
    sent = tuple(Sent(Slice(a, b, False), 0.0) for a, b in parts)
    return SendWindow(live_from, sent=sent, **other)


@pytest.mark.parametrize(
    ("head", "known", "window", "expected"),
    [
        (0, None, SendWindow(1), None),
        (3, None, SendWindow(1), Slice(1, 3, False)),
        (3, None, SendWindow(4), Slice(1, 3, True)),
        (200, None, SendWindow(201), Slice(1, 50, True)),
        (5, receipt(5), SendWindow(1), None),
        (5, receipt(4), SendWindow(1), Slice(5, 5, False)),
        # live before backlog, though the backlog is older
        (120, receipt(10), SendWindow(118), Slice(118, 120, False)),
        (120, receipt(10), under_way((118, 120), live_from=118), Slice(11, 60, True)),
        # what the receipt misses before what was never sent
        (120, receipt(10, (15, 20), top=60), SendWindow(121), Slice(15, 20, True)),
        (
            120,
            receipt(10, (15, 20), top=60),
            under_way((15, 20), live_from=121),
            Slice(61, 110, True),
        ),
        # nothing that is under way goes twice, and the parts beside it go
        (50, receipt(0), under_way((10, 40)), Slice(1, 9, False)),
        (50, receipt(0), under_way((1, 9), (10, 40)), Slice(41, 50, False)),
        # the backlog leaves one place to the living
        (500, None, under_way((1, 50), (51, 100), (101, 150), live_from=501), None),
        (
            501,
            None,
            under_way((1, 50), (51, 100), (101, 150), live_from=501),
            Slice(501, 501, False),
        ),
        (9, None, under_way((1, 1), (2, 2), (3, 3), (4, 4)), None),
        # an office that has said it is away gets one batch at a time
        (9, None, SendWindow(10, listening=False), Slice(1, 9, True)),
        (90, None, under_way((1, 50), live_from=91, listening=False), None),
        # one event makes a database that may not know us answer
        (5, receipt(5), SendWindow(6, strange=True), Slice(5, 5, True)),
        (5, receipt(5), under_way((5, 5), live_from=6, strange=True), None),
        (5, receipt(4), SendWindow(5, strange=True), Slice(5, 5, False)),
        (0, receipt(0), SendWindow(1, strange=True), None),
    ],
)
def test_what_goes_next(
    head: int, known: Receipt | None, window: SendWindow, expected: Slice | None
) -> None:
    assert outbox.next_slice(head, known, window) == expected


def test_a_batch_without_a_receipt_goes_again_after_a_longer_time_each_time() -> None:
    window, waits, now = SendWindow(1), [], 0.0
    for _ in range(8):
        part = outbox.next_slice(3, None, window)
        assert part == Slice(1, 3, False)
        window = outbox.note_sent(window, part, now)
        assert outbox.next_slice(3, None, window) is None
        (sent,) = window.sent
        due = sent.at_s + window.timeout_s
        assert outbox.note_time(window, due - 0.001) == window
        waits.append(due - now)
        window, now = outbox.note_time(window, due), due
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_the_window_narrows_while_no_receipt_comes_and_opens_with_one() -> None:
    assert [SendWindow(1, unheard=n).width for n in (0, 1, 2, 3, 50)] == [4, 2, 1, 1, 1]
    assert outbox.next_slice(900, None, SendWindow(901, unheard=2)) == Slice(1, 50, True)
    assert outbox.next_slice(900, None, under_way((1, 50), live_from=901, unheard=2)) is None
    heard = outbox.note_receipt(SendWindow(901, unheard=2), None, receipt(50))
    assert heard.width == outbox.WINDOW


def test_what_moved_no_receipt_goes_behind_what_was_not_tried() -> None:
    """An office that cannot receipt the lowest events must still be sent all the others."""
    window, seen, now = SendWindow(1, unheard=2), [], 0.0
    for _ in range(6):
        part = outbox.next_slice(120, None, window)
        assert part is not None
        seen.append((part.first, part.last))
        window = outbox.note_sent(window, part, now)
        now += window.timeout_s
        window = outbox.note_time(window, now)
        assert len(window.tried) <= 1
    assert seen == [(1, 50), (51, 100), (101, 120)] * 2


def test_a_forked_journal_is_sent_whole_once() -> None:
    window, seen = SendWindow(1), []
    while part := outbox.next_slice(120, None, window):
        seen.append((part.first, part.last))
        window = outbox.note_fork(outbox.note_sent(window, part, 0.0))
    assert seen == [(1, 50), (51, 100), (101, 120)]
    assert outbox.next_slice(121, None, window) == Slice(121, 121, False)


def test_live_events_are_collected_for_a_second_and_no_longer() -> None:
    window = outbox.note_grown(SendWindow(10), now_s=100.0)
    assert outbox.next_slice(10, receipt(9), window, 100.0) is None
    window = outbox.note_grown(window, now_s=100.9)
    assert outbox.next_slice(12, receipt(9), window, 100.99) is None
    assert outbox.next_slice(12, receipt(9), window, 101.0) == Slice(10, 12, False)
    assert outbox.next_slice(59, receipt(9), window, 100.5) == Slice(10, 59, False)  # a full batch
    assert outbox.next_slice(12, receipt(7), window, 100.5) == Slice(
        8, 9, True
    )  # backlog meanwhile
    again = outbox.note_grown(window, now_s=101.5)
    assert outbox.next_slice(13, receipt(12), again, 101.6) is None


def test_reconnecting_waits_a_random_part_of_a_bounded_time() -> None:
    assert [outbox.reconnect_delay_s(n, 1.0) for n in (0, 1, 4, 5, 10_000)] == [1, 2, 16, 30, 30]
    assert outbox.reconnect_delay_s(7, 0.0) == 0.0
    assert outbox.reconnect_delay_s(7, 0.25) == 7.5


def test_a_receipt_ends_the_backing_off_and_clears_what_it_covers() -> None:
    window = under_way((1, 50), (51, 60), unheard=3)
    heard = outbox.note_receipt(window, None, receipt(50))
    assert (heard.unheard, [s.part.first for s in heard.sent]) == (0, [51])


def test_a_restored_office_is_sent_again_from_its_mark() -> None:
    window = under_way((90, 99), live_from=80)
    restored = receipt(40, generation=2)
    again = outbox.note_receipt(window, receipt(89), restored)
    assert again.sent == ()
    assert outbox.next_slice(99, restored, again) == Slice(80, 99, False)
    assert outbox.backlog(99, restored) == 59


def test_a_receipt_of_the_new_generation_ends_the_probing() -> None:
    window = outbox.note_office(SendWindow(1), True, just_now=True, strange=True)
    assert window.strange
    assert outbox.note_receipt(window, receipt(5), receipt(5)).strange
    assert not outbox.note_receipt(window, receipt(5), receipt(0, generation=2)).strange


def test_an_office_that_has_just_come_is_sent_everything_at_once() -> None:
    window = under_way((1, 9), unheard=4)
    assert outbox.note_office(window, True, just_now=True).sent == ()
    assert outbox.note_office(window, True, just_now=False) == window
    away = outbox.note_office(window, False, just_now=True)
    assert outbox.note_office(away, True, just_now=False).sent == ()


@dataclass
class World:
    """A gate, an office and a network that may do anything to what is on its way."""

    head: int = 0
    known: Receipt | None = None
    window: SendWindow = field(default_factory=lambda: SendWindow(1))
    now: float = 0.0
    stored: set[int] = field(default_factory=set)
    backup: set[int] = field(default_factory=set)
    generation: int = 1
    batches: list[Slice] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    arrived: list[int] = field(default_factory=list)

    def send(self) -> None:
        while part := outbox.next_slice(self.head, self.known, self.window):
            self.batches.append(part)
            self.window = outbox.note_sent(self.window, part, self.now)

    def arrive(self, part: Slice) -> None:
        self.stored |= set(range(part.first, part.last + 1))
        self.receipts.append(self.office_says())

    def office_says(self) -> Receipt:
        high = next(n for n in range(self.head + 2) if n + 1 not in self.stored)
        top = max(self.stored, default=0)
        gaps: list[tuple[int, int]] = []
        for n in (n for n in range(high + 1, top) if n not in self.stored):
            if gaps and gaps[-1][1] == n - 1:
                gaps[-1] = (gaps[-1][0], n)
            else:
                gaps.append((n, n))
        return receipt(high, *gaps, top=top, generation=self.generation)

    def hear(self, told: Receipt) -> None:
        """As receipts.accept lets them through."""
        known = self.known
        if known is not None:
            older = told.high < known.high
            if told.generation < known.generation or (
                told.generation == known.generation and older
            ):
                return
        self.window, self.known = outbox.note_receipt(self.window, known, told), told

    def restore_office(self) -> None:
        self.stored, self.generation = set(self.backup), self.generation + 1

    def nothing_is_forgotten(self) -> None:
        """What the gate counts as stored is stored, by the office that said so."""
        if self.known is None or self.known.generation != self.generation:
            return
        wanted = {n for a, b in outbox.unstored(self.head, self.known) for n in range(a, b + 1)}
        assert set(range(1, self.head + 1)) - wanted <= self.stored


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "append",
                "send",
                "arrive",
                "lose batch",
                "double",
                "hear",
                "lose receipt",
                "wait",
                "reconnect",
                "back up",
                "restore",
            ]
        ),
        st.integers(0, 120),
    ),
    max_size=60,
)


def take(queue: list, at: int, keep: bool = False) -> object:
    return queue[at % len(queue)] if keep else queue.pop(at % len(queue))


def play(world: World, step: str, n: int) -> None:
    if step == "append":
        world.head += n
    elif step == "send":
        world.send()
    elif step in ("arrive", "double") and world.batches:
        world.arrive(take(world.batches, n, keep=step == "double"))
    elif step == "lose batch" and world.batches:
        take(world.batches, n)
    elif step == "hear" and world.receipts:
        world.hear(take(world.receipts, n, keep=n % 2 == 0))
    elif step == "lose receipt" and world.receipts:
        take(world.receipts, n)
    elif step == "wait":
        world.now += n
        world.window = outbox.note_time(world.window, world.now)
    elif step == "reconnect":
        world.batches.clear()
        world.window = SendWindow(live_from=world.head + 1)
    elif step == "back up":
        world.backup = set(world.stored)
    elif step == "restore":
        world.restore_office()


@examples(150)
@given(STEPS)
def test_everything_arrives_whatever_happened(steps: list[tuple[str, int]]) -> None:
    world = World()
    for step, n in steps:
        play(world, step, n)
        world.nothing_is_forgotten()
        assert len(world.window.sent) <= outbox.WINDOW
    settle(world)
    assert world.stored == set(range(1, world.head + 1))
    assert outbox.backlog(world.head, world.known) == 0


def settle(world: World) -> None:
    """A network that has healed: everything arrives, in order, and is answered."""
    for _ in range(5 + 2 * (world.head // 50 + len(world.stored)) + 60):
        world.send()
        while world.batches:
            world.arrive(world.batches.pop(0))
        world.receipts = [world.office_says()]
        world.hear(world.receipts.pop())
        if not outbox.backlog(world.head, world.known) and world.known is not None:
            return
        world.now += outbox.RESEND_MAX_S
        world.window = outbox.note_time(world.window, world.now)
    raise AssertionError("the gate and the office do not come to terms")


def test_a_forked_journal_goes_on_where_the_last_connection_ended() -> None:
    """Two cards of one name push each other off the broker after a few batches each."""
    reached: set[int] = set()
    tried: tuple[outbox.Range, ...] = ()
    for _ in range(4):
        window = outbox.begin(8 * outbox.MAX_EVENTS, None, tried)
        while part := outbox.next_slice(8 * outbox.MAX_EVENTS, None, window):
            window = outbox.note_sent(window, part, 0.0)
            reached |= set(range(part.first, part.last + 1))
        tried = outbox.tried_so_far(window)
    assert reached == set(range(1, 8 * outbox.MAX_EVENTS + 1))
    assert outbox.begin(9, None, ((1, 9),)).tried == ()  # from the start where nothing is left


def test_an_office_that_speaks_is_there_whatever_was_said_of_it() -> None:
    away = under_way((1, 1), listening=False, unheard=2, tried=((1, 1),))
    assert outbox.note_alive(away) == SendWindow(1)
    there = under_way((1, 1))
    assert outbox.note_alive(there) is there


def test_what_the_office_asks_for_goes_once_more_whatever_is_receipted() -> None:
    window = outbox.note_asked(SendWindow(101), [(10, 20), (90, 100)])
    sent = []
    while part := outbox.next_slice(100, receipt(100), window):
        sent.append((part.first, part.last))
        window = outbox.note_sent(window, part, 0.0)
        window = outbox.note_receipt(window, receipt(100), receipt(100))
    assert sent == [(10, 20), (90, 100)]
    assert window.asked == ()


def test_what_was_tried_in_vain_is_sent_when_the_office_asks_for_it() -> None:
    window = outbox.note_asked(SendWindow(51, tried=((1, 50),)), [(1, 5)])
    assert outbox.next_slice(50, None, window) == Slice(1, 5, True)
