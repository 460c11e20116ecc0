"""Every request of simulator.sock over the real socket, on the real simulated devices."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gate.core.card import DocumentKind, Expiry, IdCard
from gate.drivers.card_reader.sdt_text import parse_card
from gate.drivers.serial_port import opened
from gate.drivers.simulated.camera import SimulatedCamera
from gate.drivers.simulated.clock import SimulatedClock
from gate.drivers.simulated.control import Simulator
from gate.drivers.simulated.line_module import LineModule
from gate.drivers.simulated.signals import SimulatedSignals
from gate.errors import CameraMissing, UsageError
from gate.platform.json_lines import ask, serve

SETTINGS = {
    "red": 5,
    "yellow": 6,
    "green": 13,
    "buzzer": 19,
    "barrier": 26,
    "acknowledge": 21,
    "open_s": 5.0,
    "open_wheelchair_s": 15.0,
    "barrier_rest": "released",
}


@dataclass
class Module:
    """What the socket asks of the simulated reader, which has tests of its own."""

    laid: list[IdCard | None] = field(default_factory=list)
    faults: list[tuple[str, bool]] = field(default_factory=list)

    def lay(self, card: IdCard) -> None:
        self.laid.append(card)

    def lift(self) -> None:
        self.laid.append(None)

    def fault(self, name: str, on: bool) -> None:
        if name != "reader-unplugged":
            raise UsageError("No such fault.", "", names=("reader-unplugged",))
        self.faults.append((name, on))


@dataclass
class World:
    path: Path
    clock: SimulatedClock
    camera: SimulatedCamera
    module: Module
    signals: SimulatedSignals

    async def __call__(self, **request: Any) -> dict[str, Any]:
        return await ask(self.path, request)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(
        tmp_path / "simulator.sock",
        SimulatedClock(),
        SimulatedCamera(fps=500),
        Module(),
        SimulatedSignals(**SETTINGS),
    )
    simulator = Simulator(
        clock=made.clock, camera=made.camera, module=made.module, signals=made.signals
    )
    with made.camera:
        async with made.signals, serve(made.path, simulator.answer):
            yield made


@pytest.fixture
def picture(tmp_path: Path) -> str:
    Image.new("RGB", (250, 250), "red").save(tmp_path / "a.png")
    return str(tmp_path / "a.png")


async def test_the_clock_in_any_combination(world: World) -> None:
    at = "2027-04-10T08:45:00.000+08:00"
    answer = await world(do="clock", at=at, run=False)
    assert (answer["at"], answer["trusted"]) == (at, True)
    assert world.clock.now().at == datetime.fromisoformat(at)
    assert (await world(do="clock", trusted=False))["at"] == at
    assert not world.clock.now().trusted
    await world(do="clock", run=True, trusted=True)
    assert world.clock.now().at > datetime.fromisoformat(at)


async def test_cards_are_laid_and_lifted(world: World) -> None:
    number = "11010519491231002X"
    assert await world(do="card", number=number, name="张三", valid_to="长期") == {"ok": True}
    await world(
        do="card",
        number=number,
        valid_to="2026-01-31",
        valid_from="2006-01-31",
        kind="residence-permit",
    )
    await world(do="lift")
    assert [x and parse_card(x.text) for x in world.module.laid] == [
        IdCard(DocumentKind.RESIDENT, number, "张三", None, Expiry.LONG_TERM),
        IdCard(DocumentKind.RESIDENCE_PERMIT, number, "", date(2006, 1, 31), date(2026, 1, 31)),
        None,
    ]


async def test_codes_are_scanned_and_scanners_unplugged(tmp_path: Path) -> None:
    with LineModule(kind="qr", paced=False) as door, LineModule(kind="mrz", paced=False) as desk:
        simulator = Simulator(
            clock=SimulatedClock(),
            camera=None,
            module=None,
            signals=None,
            scanners={"door": door, "desk": desk},
        )
        async with serve(tmp_path / "simulator.sock", simulator.answer):
            path = tmp_path / "simulator.sock"
            with opened(door.port, 9600, timeout=0) as port:
                port.timeout = 10
                request = {"do": "scan", "source": "door", "text": "270410000017"}
                assert await ask(path, request) == {"ok": True}
                assert port.read(14) == b"270410000017\r\n"
            for wrong in ({"source": "window", "text": "1"}, {"text": "1"}, {"source": "door"}):
                assert "door, desk" in (await ask(path, {"do": "scan", **wrong}))["error"]
            fault = {"do": "fault", "name": "unplugged", "source": "door"}
            assert await ask(path, fault) == {"ok": True}
            assert not Path(door.port).exists()
            assert "cut-short" in (await ask(path, fault | {"name": "fire"}))["error"]


async def test_people_come_and_go(world: World, picture: str) -> None:
    nobody = world.camera.capture(2.0).pixels
    for request in (
        {"do": "person", "pictures": [picture]},
        {"do": "people", "pictures": [[picture], [picture, picture]]},
    ):
        assert await world(**request) == {"ok": True}
        assert (world.camera.capture(2.0).pixels != nobody).any()
    await world(do="nobody")
    assert world.camera.capture(2.0).pixels is nobody


async def test_faults_reach_the_camera_or_the_reader(world: World) -> None:
    await world(do="fault", name="camera-unplugged", on=True)
    with pytest.raises(CameraMissing):
        world.camera.capture(2.0)
    await world(do="fault", name="camera-unplugged", on=False)
    world.camera.capture(2.0)
    await world(do="fault", name="reader-unplugged", on=True)
    assert world.module.faults == [("reader-unplugged", True)]


async def test_the_history_of_every_output_and_the_button(world: World) -> None:
    answer = await world(ask="signals")
    assert set(answer) == {"mono_ms", "red", "yellow", "green", "buzzer", "barrier"}
    [[ms, state]] = answer["barrier"]
    assert state == 0
    assert ms <= answer["mono_ms"]
    await world(do="press")
    await world.signals.acknowledged()


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        ({}, "No such request"),
        ({"do": "dance"}, '{"do":"person"}'),
        ({"do": ["card"]}, "No such request"),
        ({"ask": "clock"}, "No such request"),
        ({"do": "clock", "at": "yesterday"}, "2027-04-10T08:45:00+08:00"),
        ({"do": "clock", "at": "2027-04-10T08:45:00"}, "offset"),
        ({"do": "clock", "at": 8}, "text"),
        ({"do": "clock", "run": "no"}, "true or false"),
        ({"do": "card"}, "number"),
        ({"do": "card", "number": 7}, "text"),
        ({"do": "card", "number": "11010519491231002X", "kind": "passport"}, "passport"),
        ({"do": "card", "number": "11010519491231002X", "valid_to": "soon"}, "soon"),
        ({"do": "card", "number": "11010519491231002X", "valid_from": "soon"}, "soon"),
        ({"do": "person"}, "pictures"),
        ({"do": "person", "pictures": []}, "at least one picture"),
        ({"do": "person", "pictures": "a.jpg"}, "pictures"),
        ({"do": "person", "pictures": ["missing.jpg"]}, "missing.jpg"),
        ({"do": "people", "pictures": ["a.jpg"]}, "pictures"),
        ({"do": "people"}, "pictures"),
        ({"do": "fault", "name": "gremlins"}, "camera-dark, camera-backlit, reader-unplugged"),
        ({"do": "fault"}, "camera-frozen"),
    ],
)
async def test_what_does_not_fit_is_told_and_the_next_one_served(
    world: World, request_: dict[str, Any], part: str
) -> None:
    assert part in (await ask(world.path, request_))["error"]
    assert world.module.laid == []
    assert "ok" in await world(do="nobody")


async def test_a_real_reader_cannot_be_moved(tmp_path: Path) -> None:
    path = tmp_path / "simulator.sock"
    simulator = Simulator(clock=SimulatedClock(), camera=None, module=None, signals=None)
    async with serve(path, simulator.answer):
        for request in ("card", "lift", "person", "people", "nobody", "press"):
            answer = await ask(path, {"do": request, "number": "1", "pictures": []})
            assert "real one" in answer["error"]
