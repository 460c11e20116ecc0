"""A progress bar on standard error, so that standard output stays a result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def with_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields `show(done, total)`."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
