"""The big screen elsewhere: a browser without a keyboard, opened once with a link.

`/wall?token=TOKEN` leaves a cookie in that browser and leads to `/wall`, so the token stays in no
address. It opens `/wall` and its events, and no other page: those name people. The cookie outlives
a start of the board.
"""

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse

WALL = "/wall"
COOKIE = "__Host-wall"
_LASTS_S = 30 * 24 * 3600


def is_kiosk(request: Request, token: str) -> bool:
    """Whether the browser has shown `token`, now or before; False where `token` is empty."""
    said = (_named(request), request.cookies.get(COOKIE, ""))
    return bool(token) and any(hmac.compare_digest(s.encode(), token.encode()) for s in said)


def kept(request: Request) -> RedirectResponse | None:
    """The way on to `/wall`, with the cookie; None where the link names no token. Only for a
    request that `is_kiosk`."""
    token = _named(request)
    if not token:
        return None
    answer = RedirectResponse(WALL, 303)
    answer.set_cookie(
        COOKIE, token, _LASTS_S, path="/", secure=True, httponly=True, samesite="strict"
    )
    return answer


def _named(request: Request) -> str:
    return request.query_params.get("token", "") if request.url.path == WALL else ""
