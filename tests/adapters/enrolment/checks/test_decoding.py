"""Uploads of strangers: what breaks a decoder ends its process and nothing else."""

import contextlib
import io
import os
import random
import struct
import subprocess
import sys
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from enrolment.checks import decoding
from enrolment.checks.decoding import decode_picture, decode_video
from enrolment.errors import MediaRejected

pytestmark = pytest.mark.system


def recorded(seconds: float = 1.0, kind: str = "mp4", sound: bool = True) -> bytes:
    """A grey video that gets lighter, with a tone."""
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = container.add_stream("libx264" if kind == "mp4" else "libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        voice = None
        if sound:
            codec = "aac" if kind == "mp4" else "libopus"
            voice = container.add_stream(codec, rate=48000, layout="mono")
        for n in range(round(25 * seconds)):
            picture = np.full((240, 320, 3), 40 + n, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
        if voice is not None:
            tone = np.sin(np.arange(round(48000 * seconds)) / 20).astype(np.float32)[None] * 0.3
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.rate = 48000
            cut = av.AudioResampler(voice.format, "mono", 48000, voice.frame_size or 960)
            for part in [*cut.resample(frame), *cut.resample(None)]:
                container.mux(voice.encode(part))
            container.mux(voice.encode())
    return out.getvalue()


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_recording_is_decoded(kind: str) -> None:
    seen = decode_video(recorded(kind=kind))
    assert seen.frames[0].shape == (240, 320, 3)
    assert 9 <= len(seen.frames) <= 10
    assert seen.duration_s == pytest.approx(1.0, abs=0.05)
    assert seen.sound.size == pytest.approx(16_000, abs=1500)
    assert list(seen.times_s) == sorted(seen.times_s)


def test_a_recording_without_sound_has_none() -> None:
    assert decode_video(recorded(sound=False)).sound.size == 0


def test_a_sideways_picture_stands_upright() -> None:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 40)).save(written, "JPEG", exif=exif)
    assert decode_picture(written.getvalue()).shape == (80, 40, 3)


def bomb() -> bytes:
    """A PNG that says it is 60,000 x 60,000."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\0\0\0\0IDAT"
    )


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"\0" * 5000,
        b"#EXTM3U\nhttp://127.0.0.1:9/x\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"\0\0\0\x18ftypmp42" + b"\xff" * 4000,
        b"\x1a\x45\xdf\xa3" + b"\xff" * 4000,
        bomb(),
    ],
    ids=["empty", "zeros", "playlist", "concat", "mp4", "webm", "bomb"],
)
def test_hostile_uploads_are_refused_in_words(upload: bytes) -> None:
    for decode in (decode_picture, decode_video):
        with pytest.raises(MediaRejected) as told:
            decode(upload)
        assert told.value.facts["why"]


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_damaged_recordings_decode_or_are_refused(kind: str) -> None:
    """Bytes are changed and the end is cut off; nothing else may come of it."""
    whole, drawn = recorded(0.4, kind), random.Random(7)
    for _ in range(12):
        broken = bytearray(whole[: drawn.randint(len(whole) // 3, len(whole))])
        for _ in range(drawn.randint(1, 40)):
            broken[drawn.randrange(len(broken))] = drawn.randrange(256)
        with contextlib.suppress(MediaRejected):
            assert decode_video(bytes(broken)).frames


def test_a_decoder_that_is_killed_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_PROGRAM", "enrolment.checks.no_such_program")
    with pytest.raises(MediaRejected):
        decode_picture(b"x")


def test_the_decoder_can_open_no_file_and_no_socket() -> None:
    """The same bounds, and then what a broken decoder might try."""
    program = """
import socket, sys
from enrolment.checks import decoding_program as d
d._warm(); d._confine()
for attempt in (lambda: open("/etc/hostname"), socket.socket, lambda: bytearray(3 << 30)):
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    sys.exit("it was allowed")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
