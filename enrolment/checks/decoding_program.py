"""Decodes one upload from standard input to standard output, and can do nothing else.

First come a line of JSON, then pixels, then the sound. Run by `enrolment.checks.decoding`.
"""

import importlib
import io
import json
import pkgutil
import resource
import sys
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from PIL import Image

from gate.errors import PhotoRejected
from gate.models.photo_file import decode_photo
from gate.ports import Picture

MEMORY_BYTES = 1536 << 20
CPU_S = 20
UPLOAD_BYTES_MAX = 32 << 20
FRAMES_A_SECOND = 10
VIDEO_S_MAX = 12.0
LONG_SIDE = 640
PICTURE_SIDE = 2000
SAMPLE_RATE = 16_000

Samples = npt.NDArray[np.float32]
"""(samples,), -1 to 1."""


class CannotDecode(Exception):
    """What is wrong with the upload, in words."""


def main() -> None:
    """0 with the content; 1 with a sentence; a signal where a bound was met."""
    Image.preinit()
    _warm()
    _confine()
    upload = sys.stdin.buffer.read(UPLOAD_BYTES_MAX + 1)
    if len(upload) > UPLOAD_BYTES_MAX:
        sys.exit("it is larger than 32 MB")
    try:
        if sys.argv[1] == "video":
            _video(upload, sys.stdout.buffer)
        else:
            _picture(upload, sys.stdout.buffer)
    except (CannotDecode, PhotoRejected) as e:
        sys.exit(str(e))
    except MemoryError:
        sys.exit("it needs too much memory")
    except (av.FFmpegError, OSError, ValueError, EOFError) as e:
        sys.exit(f"it cannot be decoded: {type(e).__name__}")


def _warm() -> None:
    """Loads what a decoder would load late: afterwards no file can be opened."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    written = io.BytesIO()
    Image.new("RGB", (64, 64)).save(written, "JPEG")
    decode_photo(written.getvalue())


def _confine() -> None:
    """Memory and time are bounded; a new file, socket or process is refused."""
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (bound, bound))


def _picture(upload: bytes, to: BinaryIO) -> None:
    image = Image.fromarray(decode_photo(upload))
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    pixels = np.asarray(image)
    _write(to, [pixels])


def _video(upload: bytes, to: BinaryIO) -> None:
    with _opened(upload) as container:
        if not container.streams.video:
            raise CannotDecode("it is no video")
        frames, times, end = _frames(container)
    if not frames:
        raise CannotDecode("it has no pictures")
    sound = _sound(upload)
    _write(to, frames, {"times_s": times, "duration_s": [end]})
    to.write(sound.astype(np.float32).tobytes())


def _opened(upload: bytes) -> InputContainer:
    """What browsers and telephones record, by its first bytes; no other format is tried."""
    if upload[4:8] == b"ftyp":
        return av.open(io.BytesIO(upload), "r", format="mp4")
    if upload.startswith(b"\x1a\x45\xdf\xa3"):
        return av.open(io.BytesIO(upload), "r", format="matroska")
    raise CannotDecode("it is no MP4 and no WebM")


def _frames(container: InputContainer) -> tuple[list[Picture], list[float], float]:
    """Frames, their times and the end of the last one, in seconds from the first."""
    stream = container.streams.video[0]
    stream.thread_type = "NONE"
    found: list[Picture] = []
    times: list[float] = []
    first, end, step = None, 0.0, 1.0 / FRAMES_A_SECOND
    for frame in container.decode(stream):
        if frame.time is None:
            continue
        first = frame.time if first is None else first
        at = frame.time - first
        end = max(end, at + _length_s(frame.duration, frame.time_base))
        if at > VIDEO_S_MAX:
            break
        if len(found) <= VIDEO_S_MAX * FRAMES_A_SECOND and at >= len(found) * step - 1e-6:
            found.append(_upright(frame))
            times.append(at)
    shapes = {f.shape for f in found}
    if len(shapes) > 1:
        raise CannotDecode("its size changes")
    return found, times, end


def _length_s(duration: int | None, base: Fraction | None) -> float:
    return float(duration * base) if duration and base else 0.0


def _upright(frame: av.VideoFrame) -> Picture:
    scale = min(1.0, LONG_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
    turned: Picture = np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))
    return turned


def _sound(upload: bytes) -> Samples:
    """(samples,), mono at 16 kHz; empty without a sound track."""
    parts: list[Samples] = []
    with _opened(upload) as container:
        if container.streams.audio:
            stream = container.streams.audio[0]
            resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            length = 0
            for frame in container.decode(stream):
                for piece in resampler.resample(frame):
                    parts.append(piece.to_ndarray().reshape(-1).astype(np.float32))
                    length += parts[-1].size
                if length > VIDEO_S_MAX * SAMPLE_RATE:
                    break
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _write(
    to: BinaryIO, pictures: list[Picture], facts: dict[str, list[float]] | None = None
) -> None:
    shape = [len(pictures), *pictures[0].shape[:2]]
    to.write(json.dumps({"shape": shape, **(facts or {})}).encode() + b"\n")
    for picture in pictures:
        to.write(picture.tobytes())


if __name__ == "__main__":
    main()
