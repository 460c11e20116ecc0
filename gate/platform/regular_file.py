"""Reading a file that somebody hands in: a regular one only, and no more of it than is expected.

A name on a stick or in a folder may lead anywhere: a pipe waits for ever, a device never ends.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


class FileTooLarge(OSError):
    """More bytes than allowed."""


def open_regular(path: Path) -> BufferedReader:
    """Open for reading, without waiting for a writer. OSError, also for what is no regular file."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(handle, "rb")


def read_regular(path: Path, bytes_max: int) -> bytes:
    """The whole content. FileTooLarge, OSError."""
    with open_regular(path) as file:
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise FileTooLarge(errno.EFBIG, f"more than {bytes_max} bytes", str(path))
    return content
