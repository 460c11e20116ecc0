"""Rooms at a gate at work: counts, the absent of one room, one candidate, other rooms."""

from pathlib import Path
from typing import Any

import pytest

from gate.console.staff_requests import request_of
from gate.errors import NoSuchEntry, Refused, UsageError
from gate.service.desk import Desk
from tests.scenarios.fakes import NUMBERS, PAPER, FakeRoster, Rig, rig
from tests.scenarios.running import running
from tests.staff_making import PINS, member

ALL = len(NUMBERS)


class Connection:
    signed_in: str | None = None
    id = 1


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


async def asked(desk: Desk, **message: Any) -> Any:
    return await request_of(message).perform(desk, Connection())


async def room(desk: Desk) -> Any:
    (paper,) = (await asked(desk, ask="rooms"))["papers"]
    return paper["rooms"][0]


async def test_counts_add_up_and_open_nobodys_row(parts: Rig) -> None:
    async with running(parts) as gate:
        nobody = {"expected": ALL, "inside": 0, "left": 0, "absent": ALL, "doubtful": 0}
        assert await room(gate.desk) == {"room": "03", "served": True, **nobody}
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        assert await room(gate.desk) == {
            "room": "03", "served": True, **nobody, "inside": 1, "absent": ALL - 1,
        }  # fmt: skip
        assert gate.lane.roster.opened == []  # type: ignore[union-attr]


async def test_the_absent_of_a_room_are_named_and_nobody_else(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        said = await asked(gate.desk, ask="rooms", paper=PAPER.id, room="第3考场")
        tickets = {row["ticket"] for row in said["absent_list"]}
        assert tickets == set(NUMBERS.values()) - {"A1"}
        assert said["absent"] == len(tickets)
        assert "key-A1" not in gate.lane.roster.opened  # type: ignore[union-attr]


async def test_one_candidate_is_found_with_state_and_seat(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        said = await asked(gate.desk, ask="find", ticket="A1")
        (paper,) = said["papers"]
        assert (said["ticket"], paper["room"], paper["state"]) == ("A1", "03", "inside")
        assert paper["entered"]
        with pytest.raises(NoSuchEntry):
            await asked(gate.desk, ask="find", ticket="none")


@pytest.mark.parametrize(
    "message",
    [
        {"ask": "rooms", "paper": PAPER.id},
        {"ask": "rooms", "room": "03"},
        {"ask": "find"},
        {"ask": "find", "ticket": "A1", "seat": "03-12"},
        {"ask": "find", "name": "测试"},
        {"do": "reassign", "rooms": ["99"], "by": "li"},
        {"do": "reassign", "rooms": ["  "], "by": "li"},
        {"do": "reassign", "rooms": ["03\u202e"], "by": "li"},
        {"do": "reassign", "rooms": "03", "by": "li"},
        {"do": "reassign", "rooms": [str(n) for n in range(3001)], "by": "li"},
        {"do": "reassign", "rooms": [str(n) for n in range(500)], "by": "li"},
    ],
)
async def test_what_does_not_fit_is_said_in_a_sentence(parts: Rig, message: dict[str, Any]) -> None:
    async with running(parts) as gate:
        with pytest.raises(UsageError):
            await asked(gate.desk, **message)
        assert gate.desk.status()["rooms"]["now"] == []


async def test_names_are_for_who_has_signed_in(parts: Rig) -> None:
    parts.rosters.next = FakeRoster((member("li"),))
    async with running(parts) as gate:
        with pytest.raises(Refused):
            await asked(gate.desk, ask="find", ticket="A1")
        with pytest.raises(Refused):
            await asked(gate.desk, ask="rooms", paper=PAPER.id, room="03")
        with pytest.raises((Refused, UsageError)):
            await asked(gate.desk, do="reassign", rooms=[], by="li")
        assert (await room(gate.desk))["expected"] == ALL


async def test_other_rooms_are_journaled_and_outlive_a_restart(parts: Rig, tmp_path: Path) -> None:
    async with running(parts) as gate:
        said = await asked(gate.desk, do="reassign", rooms=["３"], by="li")
        assert (said["kind"], said["rooms"], said["by"]) == ("reassigned", ["３"], "li")
        assert (await room(gate.desk))["served"]
    async with running(rig(tmp_path)) as gate:
        assert gate.desk.status()["rooms"] == {"now": ["３"], "configured": []}
        await asked(gate.desk, do="reassign", rooms=[], by="li")
        assert gate.desk.status()["rooms"]["now"] == []


async def test_the_chief_examiner_signs_the_numbers(parts: Rig) -> None:
    parts.rosters.next = FakeRoster((member("li"), member("chief")))
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        parts.matcher.stalled_s = 5.0
        await gate.phase("out-of-service")
        parts.matcher.stalled_s = 0.0
        await gate.until(lambda: not gate.lane.state.faults)
        numbers = await asked(gate.desk, ask="report", paper=PAPER.id)
        wanted = {"expected": ALL, "admitted": 1, "inside": 1, "left": 0, "absent": ALL - 1}
        assert wanted.items() <= numbers.items()
        assert [o["what"] for o in numbers["outages"]] == ["camera"]
        with pytest.raises(Refused):
            await asked(gate.desk, do="report", paper=PAPER.id, by="li", pin=PINS["li"])
        with pytest.raises(NoSuchEntry):
            await asked(gate.desk, ask="report", paper="another")
        signed = await asked(gate.desk, do="report", paper=PAPER.id, by="chief", pin=PINS["chief"])
        assert (signed["kind"], signed["by"], signed["absent"]) == ("report", "chief", ALL - 1)
