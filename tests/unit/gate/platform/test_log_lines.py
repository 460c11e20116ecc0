"""A log line is one line, whatever stands in it."""

import logging

from gate.platform.log_lines import LineFormatter


def test_text_from_outside_forges_no_line() -> None:
    form = LineFormatter("%(levelname)s %(message)s")
    record = logging.LogRecord(
        "x", logging.WARNING, __file__, 1, "%s says %s", ("g1", "a\n2027 ALARM b\x1b[2J"), None
    )
    said = form.format(record)
    assert said == "WARNING g1 says a\\u000a2027 ALARM b\\u001b[2J"


def test_a_traceback_keeps_its_lines() -> None:
    form = LineFormatter("%(message)s")
    try:
        raise ValueError("\x1b[2J")
    except ValueError as e:
        said = form.formatException((type(e), e, e.__traceback__))
    assert said.count("\n") >= 2
    assert "\x1b" not in said
