"""exam-gate calibrate."""


def calibrate() -> None:
    """Not built yet."""
    raise NotImplementedError
