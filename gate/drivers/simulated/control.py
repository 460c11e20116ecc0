"""simulator.sock: how a script, a demo or a test moves the world of a simulated gate.

The requests are those of formats.md, Control sockets; `{"do": "press"}` presses the acknowledge
button; a card may have `"fields"`, as `exam-gate simulate reader` has. `{"do": "frames",
"pictures": [...], "second": [...]}` shows whole frames of the camera, and of the second one. What
is done answers `{"ok": true}`, the clock its new time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from gate.drivers.simulated.clock import SimulatedClock
from gate.drivers.simulated.line_module import LineModule
from gate.drivers.simulated.sdt_cards import chip_of
from gate.drivers.simulated.sdt_module import SdtModule
from gate.drivers.simulated.signals import SimulatedSignals
from gate.errors import UsageError
from gate.platform.json_lines import Message

DONE: Message = {"ok": True}


class ShownCamera(Protocol):
    """A simulated camera, or a pair of them: what a script shows it."""

    @property
    def FAULTS(self) -> tuple[str, ...]:
        """Names of `fault`."""

    def person(self, pictures: Sequence[Path]) -> None:
        """One person walks up. InputDamaged."""

    def people(self, pictures: Sequence[Sequence[Path]]) -> None:
        """Several walk up side by side. InputDamaged, UsageError."""

    def frames(self, pictures: Sequence[Path], second: Sequence[Path] = ()) -> None:
        """Whole frames, one after another; the last one stays. InputDamaged, UsageError."""

    def nobody(self) -> None:
        """The empty background."""

    def fault(self, name: str, on: bool) -> None:
        """Begin or end a fault. UsageError for a name that is not in FAULTS."""


class Simulator:
    """`answer` is the handler of simulator.sock. `module` is None where a real reader is used;
    `camera` and `signals` likewise: their requests are then answered with an error. `readers`: the
    exit readers of kind sdt, for `card`, `lift` and `fault` with a `source`.

    Pictures and the reader's thread are waited for off the event loop, which is the gate's own.
    """

    def __init__(
        self,
        *,
        clock: SimulatedClock,
        camera: ShownCamera | None,
        module: SdtModule | None,
        signals: SimulatedSignals | None,
        scanners: Mapping[str, LineModule] | None = None,
        readers: Mapping[str, SdtModule] | None = None,
    ) -> None:
        self._clock = clock
        self._camera = camera
        self._module = module
        self._signals = signals
        self._scanners = scanners or {}
        self._readers = readers or {}
        self._verbs: Mapping[tuple[str, str], Callable[[Message], Awaitable[Message]]] = {
            ("do", "clock"): self._set_clock,
            ("do", "card"): self._lay,
            ("do", "lift"): self._lift,
            ("do", "scan"): self._scan,
            ("do", "person"): self._person,
            ("do", "people"): self._people,
            ("do", "frames"): self._frames,
            ("do", "nobody"): self._nobody,
            ("do", "fault"): self._fault,
            ("do", "press"): self._press,
            ("ask", "signals"): self._history,
        }

    async def answer(self, request: Message, _connection: object = None) -> Message:
        """What a client gets for `request`. UsageError for one that does not fit its form."""
        for key in ("do", "ask"):
            verb = request.get(key)
            if isinstance(verb, str) and (key, verb) in self._verbs:
                return await self._verbs[key, verb](request)
        known = ", ".join(f'{{"{key}":"{verb}"}}' for key, verb in self._verbs)
        raise UsageError(f"No such request: use one of {known}.", f"未知请求，可用：{known}。")

    async def _set_clock(self, request: Message) -> Message:
        at, run, trusted = (
            _optional(request, "at", str),
            _optional(request, "run", bool),
            _optional(request, "trusted", bool),
        )
        now = self._clock.set(None if at is None else _instant(at), run, trusted)
        return DONE | {
            "at": now.at.isoformat(timespec="milliseconds"),
            "trusted": now.trusted,
            "mono_ms": now.mono_ns // 1_000_000,
        }

    async def _lay(self, request: Message) -> Message:
        module = self._reader(request)
        words = {
            name: _optional(request, name, str)
            for name in ("number", "name", "valid_to", "kind", "valid_from")
        }
        if words["number"] is None:
            raise UsageError('A card needs a "number".', "证件需要号码（number）。")
        fields = request.get("fields", {})
        if not isinstance(fields, dict) or not all(isinstance(v, str) for v in fields.values()):
            raise UsageError(
                '"fields" must be {"birth":"19900101",...}.', "fields 应为字段与文本。"
            )
        given = {k: v for k, v in words.items() if v is not None}
        card = chip_of(**(given | fields))
        await asyncio.to_thread(module.lay, card)
        return DONE

    async def _lift(self, request: Message) -> Message:
        await asyncio.to_thread(self._reader(request).lift)
        return DONE

    def _reader(self, request: Message) -> SdtModule:
        """The card reader of the entry, or the exit reader that `source` names."""
        name = _optional(request, "source", str)
        if name is None:
            return _present(self._module, "reader", "读卡器")
        if name not in self._readers:
            known = ", ".join(self._readers) or "none"
            raise UsageError(
                f"No simulated exit reader {name!r} of kind sdt; there are: {known}.",
                f"没有名为 {name} 的模拟离场读卡器，现有：{known}。",
            )
        return self._readers[name]

    async def _scan(self, request: Message) -> Message:
        """`text` under the scanner named `source`, which may be left out where there is one."""
        text, name = _optional(request, "text", str), _optional(request, "source", str)
        if name is None and len(self._scanners) == 1:
            name = next(iter(self._scanners))
        module = self._scanners.get(name or "")
        if module is None or not text:
            known = ", ".join(self._scanners) or "none"
            raise UsageError(
                f'A scan needs a "text" and a "source" with port "simulated"; there are: {known}.',
                f"扫码需要 text 和 source（端口为 simulated），现有：{known}。",
            )
        await asyncio.to_thread(module.scan, text)
        return DONE

    async def _person(self, request: Message) -> Message:
        camera = _present(self._camera, "camera", "摄像头")
        await asyncio.to_thread(camera.person, _paths(request.get("pictures")))
        return DONE

    async def _people(self, request: Message) -> Message:
        camera = _present(self._camera, "camera", "摄像头")
        people = request.get("pictures")
        if not isinstance(people, list):
            raise _no_pictures()
        await asyncio.to_thread(camera.people, [_paths(person) for person in people])
        return DONE

    async def _frames(self, request: Message) -> Message:
        """Both cameras see what they are given; one alone only `pictures`."""
        camera = _present(self._camera, "camera", "摄像头")
        pictures, second = _paths(request.get("pictures")), _paths(request.get("second", []))
        await asyncio.to_thread(camera.frames, pictures, second)
        return DONE

    async def _nobody(self, _: Message) -> Message:
        _present(self._camera, "camera", "摄像头").nobody()
        return DONE

    async def _fault(self, request: Message) -> Message:
        name = _optional(request, "name", str) or ""
        on = _optional(request, "on", bool)
        of_camera = self._camera.FAULTS if self._camera else ()
        if self._camera and name in of_camera:
            self._camera.fault(name, on is not False)
            return DONE
        scanner = self._scanners.get(_optional(request, "source", str) or "")
        if scanner is not None:
            await asyncio.to_thread(scanner.fault, name, on is not False)
            return DONE
        module = self._reader(request) if request.get("source") else self._module
        of_module: tuple[str, ...] = ()
        if module is not None:
            try:
                await asyncio.to_thread(module.fault, name, on is not False)
            except UsageError as e:
                names = e.facts.get("names", ())
                of_module = names if isinstance(names, tuple) else ()
            else:
                return DONE
        known = ", ".join((*of_camera, *of_module))
        raise UsageError(f"No fault {name!r}: use one of {known}.", f"未知故障，可用：{known}。")

    async def _press(self, _: Message) -> Message:
        _present(self._signals, "signals", "信号灯").press_acknowledge()
        return DONE

    async def _history(self, _: Message) -> Message:
        signals = _present(self._signals, "signals", "信号灯")
        return {"mono_ms": time.monotonic_ns() // 1_000_000, **signals.history()}


_Part = TypeVar("_Part")
_Kind = TypeVar("_Kind", str, bool)


def _present(part: _Part | None, name: str, zh: str) -> _Part:
    if part is None:
        raise UsageError(
            f"The {name} of this gate is a real one and cannot be moved by a script.",
            f"此闸机使用真实{zh}，不能由脚本控制。",
            part=name,
        )
    return part


def _optional(request: Message, key: str, kind: type[_Kind]) -> _Kind | None:
    value = request.get(key)
    if value is not None and not isinstance(value, kind):
        raise UsageError(
            f"{key!r} must be {_KINDS[kind]}, not {value!r}.", f"{key} 的类型不正确：{value!r}。"
        )
    return value


_KINDS = {str: "a text", bool: "true or false"}


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as e:
        raise UsageError(
            f"{text!r} is no time: write 2027-04-10T08:45:00+08:00.",
            f"{text!r} 不是有效时间：请写 2027-04-10T08:45:00+08:00。",
        ) from e


def _paths(names: object) -> list[Path]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _no_pictures()
    return [Path(name) for name in names]


def _no_pictures() -> UsageError:
    return UsageError(
        '"pictures" must list files: ["a.jpg","b.jpg"]; for people one such list for each.',
        "pictures 应为文件列表；多人时每人一个列表。",
    )
