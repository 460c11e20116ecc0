"""exam-office receive."""


def receive() -> None:
    """Not built yet."""
    raise NotImplementedError
