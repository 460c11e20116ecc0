"""An event loop without a selector: time passes when it is told to."""

import asyncio
import contextvars
import heapq
import itertools
from collections.abc import Callable
from typing import Any


class VirtualLoop(asyncio.BaseEventLoop):
    """Callbacks run in the order they were asked for, timers in the order of their time.

    Timers of one time run in the order they were asked for. Whatever would go to a thread runs at
    once. Nothing here depends on the machine. `bugs`: errors that nobody caught.
    """

    def __init__(self) -> None:
        super().__init__()
        self._virtual_s = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
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
        until, timers = self._virtual_s + seconds, self._timers
        self._run_ready()
        while timers and timers[0][0] <= until:
            when, _, timer = heapq.heappop(timers)
            if not timer._cancelled:
                self._virtual_s = max(self._virtual_s, when)
                timer._run()
                self._run_ready()
        self._virtual_s = until

    def _run_ready(self) -> None:
        ready = self._ready
        while ready:
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    # -- as asyncio's, without its checks for debuggers and other threads ------------------------

    def call_soon(
        self,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_at(
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

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
