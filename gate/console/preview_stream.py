"""GET /preview.mjpeg: the gate's own picture as a mirror, for its screen and for staff.

Motion JPEG as browsers take it in an `<img>`. Nothing is kept: a browser that is slow gets fewer
pictures, because each is asked for when the one before has been taken.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gate.errors import GateError
from gate.platform.json_lines import follow
from gate.web.open_streams import OpenStream

AGAIN_S = 1.0
MIRRORS_MAX, MIRRORS_FOR_ONE = 4, 2
"""At once: one display, and staff who help to aim. The gate has 4 followers at most."""
_BOUNDARY = "picture"


async def mirror(request: Request) -> Response:
    """Pictures until the browser goes; the gate may come and go meanwhile."""
    pictures = StreamingResponse(
        _parts(request.app.state.shared.runtime / "preview.sock"),
        media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}",
    )
    return OpenStream(pictures, request.app.state.mirrors, request)


async def _parts(socket: Path) -> AsyncIterator[bytes]:
    while True:
        lines = follow(socket, {"ask": "preview"})
        try:
            async for line in lines:
                if "jpeg" in line:
                    yield _part(base64.b64decode(line["jpeg"]))
        except (GateError, ValueError):
            pass
        finally:
            await lines.aclose()
        await asyncio.sleep(AGAIN_S)


def _part(jpeg: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
