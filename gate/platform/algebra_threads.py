"""How many threads numpy's linear algebra (OpenBLAS) takes."""

import os

VARIABLE = "OPENBLAS_NUM_THREADS"


def one_algebra_thread() -> None:
    """One, unless the environment says otherwise. To be called before numpy is imported.

    A gate's matrices are small. With a thread for each processor these wait for each other. On a
    busy unit a frame of two cameras took 2 to 5 s instead of 0.3.
    """
    os.environ.setdefault(VARIABLE, "1")
