"""exam-gate selftest."""


def selftest() -> None:
    """Not built yet."""
    raise NotImplementedError
