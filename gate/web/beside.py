"""What runs beside the pages for as long as they are served."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette

Following = Callable[[], Coroutine[None, None, None]]


def beside(
    following: Following | None,
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The lifespan of an application. `following` runs until it ends; where it fails, the
    application ends too."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if following is None:
            yield
            return
        async with asyncio.TaskGroup() as group:
            task = group.create_task(following(), name="beside the pages")
            try:
                yield
            finally:
                task.cancel()

    return lifespan
