"""The office's queue by gate, its own heartbeat, and what it tells and hears of the guard."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputRejected
from gate.sync.link import Down, Message, Up
from gate.sync.wire import Topics
from office.home import Home
from office.keys.enrolment import Enrolment, revoke, write_enrolment
from office.receiving.fair_queue import AT_ONCE, OF_ONE, WAITING_MAX, FairQueue
from office.receiving.guard_enrolments import LOOK_EVERY_S, EnrolmentFiles, messages
from office.receiving.guard_report import GuardReport, decode_report
from office.receiving.own_heartbeat import DEAF_S, EVERY_S, OwnHeartbeat


def message(gate: str, mid: int) -> Message:
    return Message(Topics("exam", "site", gate).ev, b"", mid, False)


def test_one_gates_flood_is_refused_and_the_others_come_in_turn() -> None:
    refused: list[Message] = []
    link_queue = FairQueue(refused.append)
    for mid in range(1000):
        link_queue.post(message("flood", mid))
    for n in range(20):
        link_queue.post(message(f"g{n}", 2000 + n))
    first = link_queue.next(0)
    assert isinstance(first, list)
    assert {m.mid for m in first} >= set(range(2000, 2020))
    assert [m.mid for m in first if "flood" in m.topic] == list(range(OF_ONE))
    assert [m.mid for m in refused] == list(range(WAITING_MAX, 1000))
    assert link_queue.refused() == {"flood": 1000 - WAITING_MAX}
    assert link_queue.refused() == {}


@given(st.lists(st.integers(0, 30), max_size=300))
def test_each_gates_messages_come_once_and_in_their_order(senders: list[int]) -> None:
    refused: list[Message] = []
    link_queue = FairQueue(refused.append)
    for mid, sender in enumerate(senders):
        link_queue.post(message(f"g{sender}", mid))
    taken: list[Message] = []
    while isinstance(some := link_queue.next(0), list):
        assert len(some) <= AT_ONCE
        taken += some
    assert sorted(m.mid for m in taken + refused) == list(range(len(senders)))
    for gate in {m.topic for m in taken}:
        own = [m.mid for m in taken if m.topic == gate]
        assert own == sorted(own)


def test_a_change_of_the_connection_comes_first() -> None:
    link_queue = FairQueue(lambda _: None)
    link_queue.post(message("g1", 1))
    link_queue.post(Up())
    link_queue.post(Down(None))
    assert isinstance(link_queue.next(0), Up)
    assert isinstance(link_queue.next(0), Down)
    assert isinstance(link_queue.next(0), list)
    assert link_queue.next(0) is None


def test_an_office_that_does_not_hear_itself_is_deaf() -> None:
    own = OwnHeartbeat("this", 0.0)
    assert own.due(0.0)
    own.say(0.0)
    assert not own.due(EVERY_S - 1)
    assert not own.is_deaf(DEAF_S)
    own.hear({"session": "an earlier one"}, DEAF_S)
    assert own.is_deaf(DEAF_S + EVERY_S + 1)
    own.hear({"session": "this"}, DEAF_S)
    assert not own.is_deaf(DEAF_S + EVERY_S + 1)


def test_the_guards_counts_add_up_over_a_broker_that_begins_anew() -> None:
    guard = GuardReport()
    for count in (3, 10, 10, 4):
        guard.hear(json.dumps({"names": {"g1": {"topic": count}}}).encode(), 0.0)
    assert guard.by_name() == {"g1": {"topic": 14}}


@pytest.mark.parametrize(
    "names",
    [None, [], {"g1": 3}, {"g1": {"topic": "3"}}, {"g1": {"topic": -1}}, {"g1": {"a": True}}],
)
def test_a_report_of_another_form_is_refused(names: object) -> None:
    with pytest.raises(InputRejected):
        decode_report(json.dumps({"names": names}).encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_report_or_refused(payload: bytes) -> None:
    with contextlib.suppress(InputRejected):
        decode_report(payload)


def enrolled(gate: str, site: str = "s1", exams: tuple[str, ...] = ("e1", "e2")) -> Enrolment:
    return Enrolment(gate, site, b"k" * 32, b"k" * 32, exams)


def test_the_guard_is_told_who_is_enrolled_when_that_changes(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.gates.mkdir(parents=True)
    write_enrolment(home, enrolled("g1"))
    write_enrolment(home, enrolled("g2", exams=()))
    home.enrolment("g0").write_text("no enrolment")
    files = EnrolmentFiles(home)
    assert files.changes(0.0) == [b"g1 s1 e1,e2\ng2 s1\n"]
    assert files.changes(LOOK_EVERY_S) == []
    revoke(home, "g1", "lost")
    assert files.changes(LOOK_EVERY_S + 1) == []
    assert files.changes(2 * LOOK_EVERY_S) == [b"g1 s1 !\ng2 s1\n"]
    files.forget()
    assert files.changes(2 * LOOK_EVERY_S) == [b"g1 s1 !\ng2 s1\n"]


def test_names_that_the_guard_would_read_otherwise_are_not_told() -> None:
    many = [enrolled(f"g{n}", "s" * 64, ("e" * 64,) * 10) for n in range(300)]
    told = list(
        messages([enrolled("g1\ng2"), enrolled("g1", "a b"), enrolled("g", "s", ("!",)), *many])
    )
    assert all(len(one) <= 30_000 for one in told)
    assert b"".join(told).count(b"\n") == 300
