"""exam-office keys."""


def keys() -> None:
    """Not built yet."""
    raise NotImplementedError
