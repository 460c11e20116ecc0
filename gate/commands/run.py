"""exam-gate run."""


def run() -> None:
    """Not built yet."""
    raise NotImplementedError
