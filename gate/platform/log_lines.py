"""Log lines of both programs: one line a record, whatever text from outside stands in it."""

import logging

from gate.platform.printable_text import printable


class LineFormatter(logging.Formatter):
    """A traceback keeps its own lines; the message is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The formatted message, with unprintable characters escaped."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """The traceback, with unprintable characters escaped."""
        said = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(printable(line) for line in said.split("\n"))


def log_to_stderr(level: int, form: str) -> None:
    """The root logger writes lines of `form` to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(form))
    logging.basicConfig(level=level, handlers=[handler])
