"""Draws sheets in a process of their own; what it prints never lies in a file."""

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from gate.core.report_sheet import ReportSheet
from gate.core.seat_sheet import SheetCell, SheetHead
from gate.errors import InputDamaged, RetryLater

DRAWING_S = 60.0
"""A page takes a second, on a Pi some five."""


class DrawingProcess:
    """A `gate.ports.SheetPrinter`. One sheet at a time: a gate has memory for one."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def seat_photo_sheet(self, head: SheetHead, cells: Sequence[SheetCell]) -> bytes:
        """The PDF. InputDamaged without a font or with what cannot be drawn; RetryLater where it
        takes too long."""
        asked = {
            "head": asdict(head),
            "cells": [
                {
                    "seat": c.seat,
                    "ticket": c.ticket,
                    "name": c.name,
                    "photo": None if c.photo is None else base64.b64encode(c.photo).decode(),
                    "state": c.state,
                }
                for c in cells
            ],
        }
        return await self._drawn({"seats": asked})

    async def site_report(self, sheet: ReportSheet) -> bytes:
        """The same of the site's report of one paper."""
        return await self._drawn({"report": asdict(sheet)})

    async def _drawn(self, asked: dict[str, object]) -> bytes:
        async with self._one:
            return await _drawn(json.dumps(asked, ensure_ascii=False).encode())


async def _drawn(asked: bytes) -> bytes:
    drawing = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gate.sheets",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DRAWING_S):
            pdf, said = await drawing.communicate(asked)
    except TimeoutError as e:
        drawing.kill()
        await drawing.wait()
        raise RetryLater(
            f"The sheet took longer than {DRAWING_S:g} s: try again.",
            f"图像单生成超过 {DRAWING_S:g} 秒：请重试。",
        ) from e
    if drawing.returncode != 0:
        raise _failed(said)
    return pdf


def _failed(said: bytes) -> InputDamaged:
    try:
        words = json.loads(said)
        return InputDamaged(str(words["en"]), str(words["zh"]))
    except (ValueError, KeyError, TypeError):
        return InputDamaged("The sheet cannot be drawn.", "图像单无法生成。")
