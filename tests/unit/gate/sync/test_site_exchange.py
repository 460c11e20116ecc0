"""What gates of a site tell each other: signed, once, in order, and whole after any outage."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.core.events import PeersHeard
from gate.core.site_entries import IN, NOT_IN, NOT_OUT, OUT, SiteEntry
from gate.errors import InputRejected, SignatureRefused
from gate.sync.envelope import MAX_BYTES, compact, signed
from gate.sync.site_exchange import SiteExchange
from gate.sync.site_wire import PAGE, SitePage, decode_page, encode_page

EXAM = "hb-2027"
KEYS = {name: SigningKey(bytes([n]) * 32) for n, name in enumerate(("s-g1", "s-g2", "s-g3"), 1)}
PUBLIC = {name: key.verify_key.encode() for name, key in KEYS.items()}


class Unit:
    """A gate's end of the exchange with a journal that keeps everything."""

    def __init__(self, name: str) -> None:
        self.name, self.epoch = name, f"{ord(name[-1]):016x}"
        start = {"kind": "start", "epoch": self.epoch, "at": "2027-04-10T08:00:00.000+08:00"}
        self.journal: list[dict[str, Any]] = [start]
        self.restart()

    def restart(self) -> None:
        self.exchange = SiteExchange(self.name, KEYS[self.name])
        self.exchange.deliver_to(self._heard)
        for event in self.journal:
            self.exchange.add(event)  # type: ignore[arg-type]
        self.exchange.use(EXAM, PUBLIC)

    def write(self, kind: str, **body: Any) -> None:
        event = {"kind": kind, "epoch": self.epoch, "exam": EXAM, **body}
        event.setdefault("at", "2027-04-10T08:45:00.000+08:00")
        self.journal.append(event)
        self.exchange.add(event)  # type: ignore[arg-type]

    def admit(self, n: int) -> None:
        self.write("decision", outcome="ADMIT", paper="am", key=f"{n:064x}")

    def _heard(self, heard: PeersHeard) -> None:
        self.write(
            "heard", from_gate=heard.gate, from_epoch=heard.epoch, to=heard.to,
            entries=[e.key for e in heard.entries],
        )  # fmt: skip

    def knows(self) -> list[str]:
        return [key for e in self.journal if e["kind"] == "heard" for key in e["entries"]]

    def own(self) -> list[str]:
        return [e["key"] for e in self.journal if e["kind"] == "decision"]


class Site:
    """Three gates and a broker that keeps retained messages and may be away for each of them."""

    def __init__(self) -> None:
        self.units = [Unit(name) for name in KEYS]
        self.retained: dict[str, bytes] = {}
        self.away: set[str] = set()
        self.now_s = 0.0
        self.messages: list[tuple[str, bytes]] = []

    def turn(self) -> None:
        self.now_s += 3.0
        for unit in self.units:
            if unit.name in self.away:
                continue
            for payload, retain in unit.exchange.outgoing(self.now_s):
                assert len(payload) <= MAX_BYTES
                self.messages.append((unit.name, payload))
                if retain:
                    self.retained[unit.name] = payload
                for other in self.units:
                    if other.name not in self.away:
                        other.exchange.hear(unit.name, payload, self.now_s)

    def back(self, unit: Unit) -> None:
        self.away.discard(unit.name)
        unit.exchange.connected()
        for gate, payload in self.retained.items():
            unit.exchange.hear(gate, payload, self.now_s)

    def all_know_all(self) -> None:
        for unit in self.units:
            others = [key for u in self.units if u is not unit for key in u.own()]
            assert sorted(set(unit.knows())) == sorted(others)


DOINGS = st.sampled_from(["admit", "many", "away", "back", "restart", "turn"])
STEPS = st.lists(st.tuples(st.integers(0, 2), DOINGS), max_size=40)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_gates_that_were_apart_know_the_same_when_they_meet(steps: list[tuple[int, str]]) -> None:
    site, n = Site(), 0
    for which, what in steps:
        unit = site.units[which]
        if what in ("admit", "many"):
            for _ in range(250 if what == "many" else 1):
                n += 1
                unit.admit(n)
        elif what == "away":
            site.away.add(unit.name)
        elif what == "back" and unit.name in site.away:
            site.back(unit)
        elif what == "restart":
            unit.restart()
        site.turn()
    for unit in site.units:
        site.back(unit)
    for _ in range(60):
        site.turn()
    site.all_know_all()
    before = len(site.messages)
    for _ in range(5):
        site.turn()
    assert len(site.messages) == before, "a site where all know all is silent"


def test_what_is_played_again_says_nothing_new() -> None:
    site = Site()
    first, second, _ = site.units
    for n in range(5):
        first.admit(n)
        site.turn()
    known = list(second.knows())
    for gate, payload in site.messages * 2:
        if gate == first.name:
            second.exchange.hear(gate, payload, 100.0)
    assert second.knows() == known
    assert len(known) == 5


def page(**changed: Any) -> dict[str, Any]:
    return {
        "v": 1, "exam": EXAM, "gate": "s-g1", "epoch": "0" * 16, "from": 1, "to": 1, "total": 1,
        "have": None, "in": [["am", "ab" * 32, "2027-04-10T08:45:00+08:00", "in"]], **changed,
    }  # fmt: skip


def test_a_sound_page_is_believed() -> None:
    unit = Unit("s-g2")
    unit.exchange.hear("s-g1", compact(signed("in", page(), KEYS["s-g1"])), 0.0)
    assert unit.knows() == ["ab" * 32]


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2}, {"exam": "another"}, {"gate": "s-g3"}, {"epoch": "x"}, {"from": 0}, {"from": 2},
        {"to": 2}, {"to": 2, "total": 2}, {"total": 0}, {"in": []}, {"in": {}}, {"in": [["am"]]},
        {"in": [["am", "ab" * 32, "yesterday", "in"]]}, {"in": [["am", "no key", "x", "in"]]},
        {"in": [["am", "ab" * 32, "2027-04-10T08:45:00", "in"]]},
        {"in": [["am", "ab" * 32, "2027-04-10T08:45:00+08:00", "up"]]},
        {"in": [["a\nm", "ab" * 32, "2027-04-10T08:45:00+08:00", "in"]]},
        {"in": [["am", "110105194912310021", "2027-04-10T08:45:00+08:00", "in"]]},
        {"have": 7}, {"have": [[1]]}, {"have": [["s-g2", "x", 1]]},
        {"to": 101, "total": 101, "in": page()["in"] * 101},
        {"back": None}, {"back": "1"}, {"back": [0]}, {"back": [True]}, {"back": ["1"]},
        {"back": [1] * 101},
    ],
)  # fmt: skip
def test_a_page_that_does_not_fit_is_refused_and_counted(changed: dict[str, Any]) -> None:
    unit = Unit("s-g2")
    with pytest.raises(InputRejected):
        unit.exchange.hear("s-g1", compact(signed("in", page(**changed), KEYS["s-g1"])), 0.0)
    assert unit.knows() == []
    assert sum(unit.exchange.refused.values()) == 1


WAYS = st.sampled_from([IN, OUT, NOT_IN, NOT_OUT])
MINUTES = st.integers(0, 59).map(lambda m: f"2027-04-10T08:{m:02d}:00+08:00")
ENTRIES = st.lists(
    st.builds(SiteEntry, st.sampled_from(["am", "pm"]), st.just("ab" * 32), MINUTES, WAYS),
    max_size=PAGE,
)


@given(ENTRIES, st.integers(1, 900))
def test_a_page_is_read_as_it_was_written_and_an_older_gate_can_read_it(
    entries: list[SiteEntry], first: int
) -> None:
    last = first + len(entries) - 1
    said = SitePage(EXAM, "s-g1", "0" * 16, first, last, 999, tuple(entries), None)
    payload = encode_page(said, KEYS["s-g1"])
    assert len(payload) <= MAX_BYTES
    assert decode_page(payload, PUBLIC) == said
    as_before = json.loads(payload)
    assert {way for *_, way in as_before["in"]} <= {IN, OUT}
    assert [e[:3] for e in as_before["in"]] == [[e.paper, e.key, e.at] for e in entries]


def test_what_is_taken_back_is_signed() -> None:
    said = SitePage(
        EXAM, "s-g1", "0" * 16, 1, 1, 1,
        (SiteEntry("am", "ab" * 32, "2027-04-10T08:45:00+08:00", NOT_IN),), None,
    )  # fmt: skip
    payload = json.loads(encode_page(said, KEYS["s-g1"]))
    for back in ([], [2]):
        with pytest.raises(SignatureRefused):
            decode_page(compact(payload | {"back": back}), PUBLIC)
    del payload["back"]
    with pytest.raises(SignatureRefused):
        decode_page(compact(payload), PUBLIC)


def test_a_double_of_an_earlier_run_is_told_until_the_office_has_it() -> None:
    unit = Unit("s-g2")
    facts = {"other_gate": "s-g1", "paper": "am", "key": "ab" * 32, "seq": 7}
    unit.write("double", **facts)
    (now,) = unit.exchange.alerts
    assert not now.is_told(unit.epoch, 7), "found in this run: it is told, whatever the receipt"
    exchange = SiteExchange(unit.name, KEYS[unit.name])
    for event in unit.journal:
        exchange.add(event, this_run=False)  # type: ignore[arg-type]
    (then,) = exchange.alerts
    assert then.is_told(unit.epoch, 7)
    assert not then.is_told(unit.epoch, 6)
    assert not then.is_told("f" * 16, 7)


def test_only_a_gate_of_the_site_is_believed_and_only_of_itself() -> None:
    unit = Unit("s-g2")
    stranger = SigningKey(b"x" * 32)
    for payload in (
        compact(signed("in", page(gate="s-g9"), stranger)),
        compact(signed("in", page(), stranger)),
        compact(signed("in", page(), KEYS["s-g3"])),
        compact(signed("batch", page(), KEYS["s-g1"])),
        compact(signed("in", page(), KEYS["s-g1"]) | {"total": 9}),
    ):
        with pytest.raises(SignatureRefused):
            unit.exchange.hear("s-g1", payload, 0.0)
    assert unit.knows() == []


@pytest.mark.parametrize("seed", range(300))
def test_spoiled_bytes_are_refused_in_words(seed: int) -> None:
    chance, unit = Random(seed), Unit("s-g2")
    payload = bytearray(compact(signed("in", page(have=[["s-g2", "0" * 16, 3]]), KEYS["s-g1"])))
    for _ in range(chance.randint(1, 4)):
        payload[chance.randrange(len(payload))] = chance.randrange(256)
    try:
        unit.exchange.hear("s-g1", bytes(payload), 0.0)
    except InputRejected:
        assert unit.knows() == []
    else:
        assert json.loads(payload)["in"] == page()["in"]


def test_a_gate_that_begins_ever_new_journals_is_not_listened_to() -> None:
    unit = Unit("s-g2")
    for n in range(8):
        unit.exchange.hear(
            "s-g1", compact(signed("in", page(epoch=f"{n:016x}"), KEYS["s-g1"])), 0.0
        )
    with pytest.raises(InputRejected):
        unit.exchange.hear("s-g1", compact(signed("in", page(epoch="f" * 16), KEYS["s-g1"])), 0.0)
