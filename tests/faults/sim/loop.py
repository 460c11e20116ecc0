"""An event loop without a selector: time passes when it is told to."""

import asyncio
from collections.abc import Callable
from typing import Any


class _NoSelector:
    def select(self, timeout: float | None) -> list[Any]:
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Callbacks run in the order they were asked for, timers in the order of their time; whatever
    would go to a thread runs at once. Nothing here depends on the machine."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _NoSelector()
        self._virtual_s = 0.0
        self.bugs: list[BaseException] = []
        self.set_exception_handler(self._keep)

    def time(self) -> float:
        return self._virtual_s

    def __enter__(self) -> "VirtualLoop":
        asyncio._set_running_loop(self)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio._set_running_loop(None)
        self.close()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, with everything that falls due meanwhile."""
        until = self._virtual_s + seconds
        while True:
            self._settle()
            due = self._next_due()
            if due is None or due > until:
                break
            self._virtual_s = max(self._virtual_s, due)
            self._run_once()
        self._virtual_s = until

    def _settle(self) -> None:
        while self._ready:
            self._run_once()

    def _next_due(self) -> float | None:
        while self._scheduled and self._scheduled[0]._cancelled:
            self._run_once_of_cancelled()
        return self._scheduled[0]._when if self._scheduled else None

    def _run_once_of_cancelled(self) -> None:
        self._ready.append(asyncio.Handle(lambda: None, (), self))  # drops cancelled timers
        self._run_once()

    def _process_events(self, events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as e:  # noqa: BLE001 - handed to the caller, as a thread would
            done.set_exception(e)
        return done

    def _keep(self, _: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            self.bugs.append(error)
