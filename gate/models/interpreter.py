"""One way to make an interpreter, whichever TensorFlow Lite runtime is installed."""

import ctypes
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from gate.errors import ModelDamaged

MADV_DONTNEED = 4
STDERR = 2

_one_at_a_time = threading.Lock()


def runtime_name() -> str:
    """`LiteRT` where it is installed, else `tflite-runtime`."""
    return "LiteRT" if find_spec("ai_edge_litert") else "tflite-runtime"


def usable_threads(wanted: int) -> int:
    """At least 1, never above the processors this process may use: one thread too many made an
    inference 130 times slower (measured on two processors)."""
    return max(1, min(wanted, len(os.sched_getaffinity(0))))


def make_interpreter(path: Path, threads: int = 1) -> Any:
    """An interpreter with its tensors allocated. Not thread safe: one owner each. ModelDamaged."""
    try:
        with _notices_dropped():
            interpreter = _interpreter_class()(
                model_path=str(path), num_threads=usable_threads(threads)
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as e:
        raise ModelDamaged(
            f"{path} cannot be loaded ({e}): run exam-gate models build.",
            f"无法加载 {path}：请运行 exam-gate models build。",
            path=str(path),
        ) from e
    return interpreter


@contextmanager
def _notices_dropped() -> Iterator[None]:
    """The runtime tells of its delegate on standard error, past Python and into the middle of a
    progress bar. Lines that begin with INFO are dropped, all others come out afterwards."""
    with _one_at_a_time, TemporaryFile() as said:
        try:
            shown = os.dup(STDERR)
        except OSError:  # a program without standard error
            yield
            return
        os.dup2(said.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(shown, STDERR)
            os.close(shown)
            said.seek(0)
            os.write(STDERR, b"".join(line for line in said if not line.startswith(b"INFO: ")))


def _interpreter_class() -> Any:
    if find_spec("ai_edge_litert"):
        from ai_edge_litert.interpreter import Interpreter
    else:
        from tflite_runtime.interpreter import Interpreter
    return Interpreter


def drop_mapped_pages(path: Path) -> None:
    """Gives back the resident pages of a mapped network file.

    The runtime repacks the weights at the first call and does not read the file again. Yet its
    pages would count as ours for ever (38 MB for the recogniser). They stay valid: a later access
    reads them from the file anew.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in _mappings(path.resolve()):
        libc.madvise(start, end - start, MADV_DONTNEED)


def _mappings(path: Path) -> list[tuple[int, int]]:
    """Read-only mappings of one file in this process, as page-aligned addresses."""
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, rights, *_, name = line.split(maxsplit=5)
        if name == str(path) and rights.startswith("r-"):
            start, end = (int(n, 16) for n in span.split("-"))
            if start % mmap.PAGESIZE == 0:
                found.append((start, end))
    return found
