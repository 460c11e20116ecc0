"""What `exam-gate bench` refuses before it measures anything."""

import pytest
from typer.testing import CliRunner

from gate.commands.bench import app


@pytest.mark.parametrize(
    "words", ["card --cards 0", "card --polling-s 0", "journal --appends 1", "pipeline --rounds 0"]
)
def test_nothing_to_measure_is_wrong_usage(words: str) -> None:
    assert CliRunner().invoke(app, words.split()).exit_code == 2
