"""What every site answers where a request fits nothing, or nobody waits for the answer."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Words = Mapping[int, tuple[str, str]]
"""HTTP status to a sentence in Chinese and English."""
Handler = Callable[[Request, Exception], Awaitable[Response]]

_EVERYWHERE: Words = {
    404: ("没有此页面。", "There is no such page."),
    405: ("此页面不接受该操作。", "This page does not take that."),
}
_OTHERS = ("请求有误。", "The request does not fit.")


def refusing(page_of: Callable[..., Response], words: Words) -> Handler:
    """The handler of HTTPException: the page refused.html of the site that `page_of` renders.
    `words`: its own beside those of every site."""
    said = {**_EVERYWHERE, **words}

    async def refuse(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        zh, en = said.get(fault.status_code, _OTHERS)
        return page_of(request, "refused.html", fault.status_code, zh=zh, en=en)

    return refuse


async def client_gone(request: Request, fault: Exception) -> Response:
    """Nobody reads it: the client left in the middle of its form."""
    return Response(status_code=400)
