"""The lane and its service: record then act, faults, restarts, the order of the end."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.core.events import CardUnreadable
from gate.core.liveness import Liveness, LivenessVerdict
from gate.core.reasons import Reason
from gate.errors import CameraMissing, NoSuchEntry, StorageRefused, UsageError
from gate.models.liveness.layer_set import LayerSet, LayerSource
from gate.ports import StaffVerdict, Typed
from gate.service.lane import Lane
from gate.service.service import Service
from gate.service.supervisors import Supervisors
from gate.service.watchdog import Health
from tests.scenarios.fakes import MATCH, STRANGER, Rig, rig
from tests.scenarios.running import BOUND_S, FAST, running
from tests.unit.gate.models.test_layer_set import Brightness


@pytest.fixture
def parts(tmp_path: Path) -> Rig:
    return rig(tmp_path)


def _service(lane: Lane) -> Service:
    return Service(lane, Supervisors.of(lane), Health({}), FAST)


async def test_a_match_is_recorded_then_shown(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        decided = await gate.decision()
        await gate.phase("showing")
        assert (decided["outcome"], decided["reason"], decided["ticket"]) == ("ADMIT", "OK", "A1")
        assert ("green:steady", decided["seq"]) in parts.signals.history
        assert ("barrier", decided["seq"]) in parts.signals.history
        assert set(decided["ms"]) == {"roster", "match", "rules", "disk", "total"}
        assert parts.matcher.forgotten == 1
        assert decided["fresh"] == decided["frames"] == 3


@pytest.mark.parametrize("source", ["card", "typed"])
async def test_a_face_is_judged_by_what_is_seen_after_it_was_asked_for(
    parts: Rig, source: str
) -> None:
    """Each attempt of a visit is told when its candidate was presented."""
    parts.matcher.verdicts = [STRANGER, STRANGER, MATCH]
    async with running(parts) as gate:
        presented_ns = parts.clock.mono_ns
        if source == "card":
            card = parts.card()
            parts.clock.mono_ns += 700_000_000
            parts.reader.queue.put_nowait(card)
        else:
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        assert (await gate.decision())["attempt"] == 3
        assert parts.matcher.found_ns == [presented_ns] * 3


async def test_liveness_that_is_asked_for_and_not_judged_is_not_pretended(parts: Rig) -> None:
    async with running(parts) as gate:
        status = gate.desk.status()
        said = status["liveness"]
        assert (said["asked"], said["judged"], parts.matcher.asked) == ("passive", "off", "passive")
        assert set(said["layers"]) == {"nir", "network", "geometry", "action"}
        assert all(not layer["judges"] and layer["en"] for layer in said["layers"].values())
        assert any("liveness passive" in warning for warning in status["warnings"])


async def test_status_names_the_layers_that_judge(parts: Rig) -> None:
    starting = LayerSet.awaited([LayerSource("network", Brightness)])
    built = LayerSet.build([LayerSource("network", Brightness)])
    async with running(parts) as gate:
        for layers, judged in ((starting, "off"), (built, "passive")):
            parts.matcher.layers, parts.matcher.fitted = layers.status, layers.fitted
            status = gate.desk.status()
            assert status["liveness"]["judged"] == judged
            assert not any("liveness" in warning for warning in status["warnings"])


async def test_a_face_that_is_not_living_is_for_staff_after_three_attempts(parts: Rig) -> None:
    found = Liveness(LivenessVerdict.ATTACK, {"network": 0.1})
    parts.matcher.verdicts = [replace(MATCH, reason=Reason.LIVENESS_FAILED, liveness=found)]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        decision = await gate.decision()
    told = (decision["outcome"], decision["reason"], decision["doubtful"], decision["attempt"])
    assert told == ("REFER", "LIVENESS_FAILED", True, 3)
    assert decision["evidence"]
    assert decision["liveness"] == {
        "verdict": "attack",
        "layers": {"nir": None, "network": 0.1, "geometry": None, "action": None},
    }


async def test_an_unrecorded_admission_is_never_shown(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.journal.full = True
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("out-of-service")
        assert not any(shown.startswith(("green", "barrier")) for shown, _ in parts.signals.history)
        assert gate.lane.showing["reason"] == "OUT_OF_SERVICE"
        with pytest.raises(StorageRefused):
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))


async def test_a_journal_that_opens_and_takes_nothing_is_out_of_service(parts: Rig) -> None:
    parts.journal.full = True
    async with running(parts) as gate:
        await gate.until(lambda: "journal" in gate.desk.status()["faults"])
        assert gate.desk.status()["phase"] == "out-of-service"
        parts.journal.full = False
        await gate.phase("idle")


async def test_a_healed_journal_tells_of_the_gap_and_admits_again(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.journal.full = True
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("out-of-service")
        parts.journal.full = False
        await gate.phase("idle")
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["outcome"] == "ADMIT"
        kinds = [e["kind"] for e in await parts.journal.read(1, 100)]
        assert "fault" in kinds
        assert "healed" in kinds


async def test_three_mismatches_refer_with_evidence_and_staff_settle(parts: Rig) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        referred = await gate.decision()
        assert (referred["outcome"], referred["reason"]) == ("REFER", "FACE_MISMATCH")
        assert (referred["attempt"], parts.matcher.judged) == (3, 3)
        assert referred["doubtful"]
        assert referred["evidence"] == "ab" * 32
        assert parts.evidence.kept == [referred["id"]]
        given = await gate.desk.settle(
            StaffVerdict(referred["id"], True, "li", "wang", "same person")
        )
        assert (given["reason"], given["decision"]) == (Reason.STAFF_ADMIT, referred["id"])
        assert ("barrier", given["seq"]) in parts.signals.history
        with pytest.raises(NoSuchEntry):
            await gate.desk.settle(StaffVerdict(referred["id"], True, "li"))


async def test_the_picture_of_a_doubt_is_made_once_for_evidence_and_staff(parts: Rig) -> None:
    parts.matcher.verdicts = [STRANGER] * 3
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        decided = await gate.decision()
        assert gate.lane.recorder.live_faces.of(decided["id"]) == b"jpeg"
        assert decided["evidence"]
    assert parts.matcher.pictures == 1


@pytest.mark.parametrize(
    "long", [{"by": "l" * 20_000}, {"second": "l" * 101}, {"note": "l" * 1001}]
)
async def test_a_verdict_too_long_for_the_journal_is_refused_before_it(
    parts: Rig, long: dict[str, str]
) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        referred = await gate.decision()
        with pytest.raises(UsageError):
            await gate.desk.settle(
                StaffVerdict(**{"decision": referred["id"], "admit": True, "by": "li", **long})
            )
        assert (
            await gate.desk.settle(
                StaffVerdict(referred["id"], True, "李" * 100, "王" * 100, "同" * 1000)
            )
        )["ok"]


async def test_an_evidence_file_bears_its_decisions_id_whatever_is_noted_meanwhile(
    parts: Rig,
) -> None:
    parts.matcher.verdicts = [STRANGER]
    async with running(parts) as gate:
        loop, keep = asyncio.get_running_loop(), parts.evidence.keep

        def slowly(jpeg: bytes, name: str) -> str:
            """On its own thread, while something else is noted on the loop."""
            asyncio.run_coroutine_threadsafe(gate.lane.note("clock", {"step_s": 3.0}), loop)
            for _ in range(200):  # turns of the loop: enough for an append that does not wait
                asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(BOUND_S)
            return keep(jpeg, name)

        parts.evidence.keep = slowly  # type: ignore[method-assign]
        parts.reader.queue.put_nowait(parts.card())
        assert parts.evidence.kept == [(await gate.decision())["id"]]


async def test_nobodys_time_is_counted_for_another(parts: Rig) -> None:
    async with running(parts) as gate:
        for number in ("11010519491231002X", "440524188001010014", "440524188001010014"):
            parts.reader.queue.put_nowait(parts.card(number))
            ms = (await gate.decision())["ms"]
            parts.clock.mono_ns += 1_000_000
        assert ms["match"] == 0  # inside already: no face was asked for


async def test_a_decision_is_not_lost_with_its_picture(parts: Rig) -> None:
    def full(jpeg: bytes, name: str) -> str:
        raise StorageRefused("The disk of the evidence is full.")

    parts.matcher.verdicts = [STRANGER]
    parts.evidence.keep = full  # type: ignore[method-assign]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        referred = await gate.decision()
        assert (referred["reason"], referred["doubtful"]) == ("FACE_MISMATCH", True)
        assert (referred["evidence"], referred["evidence_fault"]) == (None, "storage")


async def test_a_mismatch_then_a_match_admits_on_the_second_attempt(parts: Rig) -> None:
    parts.matcher.verdicts = [STRANGER, MATCH]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        decided = await gate.decision()
        assert (decided["outcome"], decided["attempt"]) == ("ADMIT", 2)


async def test_a_restart_remembers_who_is_inside_and_what_is_open(
    parts: Rig, tmp_path: Path
) -> None:
    parts.matcher.verdicts = [MATCH, STRANGER]
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        parts.reader.queue.put_nowait(parts.card("440524188001010014"))
        referred = await gate.decision()
    again = rig(tmp_path)
    async with running(again) as gate:
        assert [u["decision"] for u in gate.desk.status()["unsettled"]] == [referred["id"]]
        again.reader.queue.put_nowait(again.card())
        assert (await gate.decision())["reason"] == "ALREADY_ADMITTED"


async def test_typed_by_staff_goes_the_same_way(parts: Rig) -> None:
    async with running(parts) as gate:
        answer = await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        decided = await gate.decision()
        assert answer == {"ok": True, "ticket": "A1"}
        assert (decided["outcome"], decided["source"], decided["by"]) == ("ADMIT", "typed", "li")
        assert decided["document"] == "temporary"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (Typed("ticket", "nobody", "temporary", "2027-05-01", "li"), NoSuchEntry),
        (Typed("ticket", "A1", "passport", "2027-05-01", "li"), UsageError),
        (Typed("ticket", "A1", "temporary", "soon", "li"), UsageError),
        (Typed("ticket", "A1", "temporary", "2027-05-01", " "), UsageError),
        (Typed("ticket", "A1", "temporary", "2027-05-01", "li" * 9000), UsageError),
    ],
)
async def test_a_bad_request_changes_nothing(
    parts: Rig, typed: Typed, error: type[Exception]
) -> None:
    async with running(parts) as gate:
        before = gate.lane.state
        with pytest.raises(error):
            await gate.desk.type(typed)
        assert gate.lane.state == before


async def test_a_card_that_comes_too_soon_is_served_after(parts: Rig) -> None:
    parts.matcher.hold.clear()
    async with running(parts, timers=0.01) as gate:
        parts.reader.queue.put_nowait(parts.card())
        await gate.phase("matching")
        parts.reader.queue.put_nowait(parts.card("440524188001010014"))
        with pytest.raises(UsageError):
            await gate.desk.type(Typed("ticket", "A1", "temporary", "2027-05-01", "li"))
        parts.matcher.hold.set()
        assert (await gate.decision())["ticket"] == "A1"
        assert (await gate.decision())["ticket"] == "A2"


async def test_a_stalled_camera_is_out_of_service_and_back(parts: Rig) -> None:
    async with running(parts) as gate:
        parts.matcher.stalled_s = 3.0
        await gate.phase("out-of-service")
        parts.reader.queue.put_nowait(parts.card())
        parts.matcher.stalled_s = 0.0
        await gate.phase("idle")
        kinds = [e["kind"] for e in await parts.journal.read(1, 100)]
        assert "decision" not in kinds


async def test_a_camera_that_stays_away_ends_the_process(parts: Rig) -> None:
    parts.matcher.stalled_s = 121.0
    task = asyncio.create_task(_service(Lane(parts.unit, reaction_s=0.0)).run(asyncio.Event()))
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(BOUND_S):
            await task
    assert caught.group_contains(CameraMissing)
    assert parts.signals.closed


async def test_three_bad_readings_refer(parts: Rig) -> None:
    async with running(parts) as gate:
        for _ in range(3):
            parts.reader.queue.put_nowait(CardUnreadable(parts.clock.now(), "lay-again"))
        decided = await gate.decision()
        assert (decided["outcome"], decided["reason"]) == ("REFER", "CARD_UNREADABLE")
        assert decided["ticket"] is None


async def test_the_button_silences_a_refer(parts: Rig) -> None:
    parts.clock.trusted = False
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        assert (await gate.decision())["reason"] == "CLOCK_UNTRUSTED"
        parts.signals.pressed.set()
        await gate.until(lambda: parts.signals.history[-1][0] == "")
        assert gate.desk.status()["unsettled"][0]["acknowledged"]


async def test_a_clock_of_the_year_9999_admits_nobody_by_itself(parts: Rig) -> None:
    """However sure of itself it is; the gate goes on, and every event says so."""
    parts.clock.at = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    async with running(parts) as gate:
        parts.reader.queue.put_nowait(parts.card())
        told = await gate.decision()
    assert (told["reason"], told["clock"]) == ("CLOCK_UNTRUSTED", "untrusted")


async def test_a_step_of_the_clock_and_a_change_of_trust_are_journaled_once(parts: Rig) -> None:
    async with running(parts) as gate:
        head = parts.journal.head.seq
        parts.clock.at += timedelta(seconds=3)
        await gate.until(lambda: parts.journal.head.seq > head)
        parts.clock.trusted = False
        await gate.until(lambda: parts.journal.head.seq > head + 1)
        parts.clock.at += timedelta(seconds=1)  # no more than a correction
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        found = await parts.journal.read(head + 1, 10)
        told = [(e["step_s"], e["trusted"]) for e in found if e["kind"] == "clock"]
        assert told == [(3.0, True), (0.0, False)]


@pytest.mark.parametrize("phase", ["idle", "matching", "showing", "out-of-service"])
async def test_the_end_has_an_order_in_every_phase(parts: Rig, phase: str) -> None:
    async with running(parts) as gate:
        if phase == "matching":
            parts.matcher.hold.clear()
        if phase == "out-of-service":
            parts.matcher.stalled_s = 3.0
        elif phase != "idle":
            parts.reader.queue.put_nowait(parts.card())
        await gate.phase(phase)
        gate.stop.set()
        if phase == "matching":
            parts.matcher.hold.set()
            assert (await gate.decision())["outcome"] == "ADMIT"
    assert parts.signals.closed
    assert parts.signals.history[-1][0] == "safe"
    async with rig(parts.journal._path.parent).journal as journal:
        assert (await journal.read(journal.head.seq, 1))[0]["kind"] == "stop"


async def test_a_judge_that_dies_ends_the_process(parts: Rig) -> None:
    async def broken(*_: object) -> Any:
        raise ZeroDivisionError

    parts.matcher.judge = broken  # type: ignore[method-assign]
    lane = Lane(parts.unit, reaction_s=0.0)
    task = asyncio.create_task(_service(lane).run(asyncio.Event()))
    parts.reader.queue.put_nowait(parts.card())
    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(BOUND_S):
            await task
    assert parts.signals.closed


async def test_a_typed_candidate_is_looked_up_and_unsealed_once(parts: Rig) -> None:
    async with running(parts) as gate:
        roster = gate.lane.roster
        assert roster is not None
        looked: list[str] = []
        find_typed = roster.find_typed

        async def counted(handle: str, value: str, papers: tuple[str, ...]) -> Any:
            looked.append(value)
            return await find_typed(handle, value, papers)

        roster.find_typed = counted  # type: ignore[method-assign]
        typed = Typed("ticket", "A1", "temporary", "2027-05-01", "li")
        assert (await gate.desk.type(typed))["ticket"] == "A1"
        await gate.decision()
    assert looked == ["A1"]


async def test_everybody_who_subscribes_hears_of_each_change(parts: Rig) -> None:
    async with running(parts) as gate:
        heard: list[int] = []
        for number in (1, 2):
            gate.lane.subscribe(lambda number=number: heard.append(number))
        parts.reader.queue.put_nowait(parts.card())
        await gate.decision()
        await gate.until(lambda: {1, 2} <= set(heard))


async def test_the_uplink_is_given_the_exam_of_the_roster_in_use(parts: Rig) -> None:
    async with running(parts) as gate:
        assert gate.lane.roster is not None
        assert parts.unit.uplink.exams == [gate.lane.roster.exam.id]  # type: ignore[attr-defined]
