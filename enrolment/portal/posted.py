"""How a posted form becomes an action: read here, done beside the loop, told in a sentence."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from enrolment.portal.forms import Form, form_of

Action = Callable[[Request, Form], Response]


def posted(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a form. The database is asked in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(action, request, form)

    return endpoint
