"""glibc's allocator told to give back what a day-long process frees.

Left alone it raises its own mmap threshold to the largest block ever freed (a decoded photograph, a
camera frame) and keeps such blocks for ever, in an arena for each thread: 187 MB resident where
168 MB do (measured, tflite-runtime, six people walking up). Numbers: mallopt(3).
"""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEPT_BYTES = 128 * 1024


def give_back_early() -> bool:
    """Call once, before the first thread. False where the C library has no mallopt."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    told = [
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES),
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES),
        mallopt(M_ARENA_MAX, 1),
    ]
    return all(told)
