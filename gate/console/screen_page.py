"""/screen: what the candidate sees, with its events and the mirror. Nobody signs in here.

It is shown to the unit's own display alone, unless `[console] screen_open` says otherwise. The
events name nobody in full: the gate masks the name before it leaves.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gate.console.page_templates import page_of
from gate.console.speech_files import SpeechFiles
from gate.errors import GateError
from gate.platform.json_lines import follow
from gate.web.client_address import is_loopback
from gate.web.open_streams import OpenStream

AGAIN_S = 1.0
"""Before a gate that is away is looked for again."""
SILENT_S = 12.0
"""A gate tells the screen every 5 s; one that says nothing for so long is away."""
SCREENS_MAX, SCREENS_FOR_ONE = 8, 4
"""At once; one unit has one or two displays."""

_ELSEWHERE = "This screen is shown on the gate's own display. 本页面仅在闸机本机显示。"
_UNSPOKEN = "There is no such recording. 没有该语音。"


def is_for(request: Request) -> bool:
    """Whether this machine may show the candidate's screen."""
    if request.app.state.shared.screen_open:
        return True
    return request.client is not None and is_loopback(request.client.host)


async def screen(request: Request) -> Response:
    """The page; everything in it comes by `/screen/events`."""
    if not is_for(request):
        return PlainTextResponse(_ELSEWHERE, 403)
    speech: SpeechFiles | None = request.app.state.shared.speech
    return page_of(request, "screen.html", languages=speech.languages if speech else ())


async def speech(request: Request) -> Response:
    """One recording of the screen's sentences."""
    if not is_for(request):
        return PlainTextResponse(_ELSEWHERE, 403)
    files: SpeechFiles | None = request.app.state.shared.speech
    language, name = request.path_params["language"], request.path_params["name"]
    sound = files.recording(language, name) if files is not None else None
    if sound is None:
        return PlainTextResponse(_UNSPOKEN, 404)
    return Response(sound, media_type="audio/wav")


async def events(request: Request) -> Response:
    """`screen` at each change, `lost` while the gate does not answer."""
    if not is_for(request):
        return PlainTextResponse(_ELSEWHERE, 403)
    lines = _told(request.app.state.shared.runtime / "staff.sock")
    return OpenStream(EventSourceResponse(lines, ping=60), request.app.state.screens, request)


async def _told(staff_socket: Path) -> AsyncIterator[ServerSentEvent]:
    """Of one page, until it goes. The gate may come and go meanwhile."""
    while True:
        lines = follow(staff_socket, {"ask": "screen", "follow": True})
        try:
            while True:
                async with asyncio.timeout(SILENT_S):
                    line = await anext(lines)
                name = "lost" if "error" in line else "screen"
                yield ServerSentEvent(json.dumps(line, ensure_ascii=False), event=name)
        except (GateError, StopAsyncIteration, TimeoutError):
            yield ServerSentEvent("{}", event="lost")
        finally:
            await lines.aclose()
        await asyncio.sleep(AGAIN_S)
