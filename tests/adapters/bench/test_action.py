"""A small set of the action trials: from geometry, and drawn for the real detector."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from demo import pictures
from gate.__main__ import app
from gate.bench.action import (
    Played,
    heads,
    measure_drawn,
    photographs,
    replays,
    report_of,
    seen_by_geometry,
)
from gate.bench.action_motions import ATTACKS
from tests.networks import networks

FRAME_S, SEED = 0.1, 3


def view(_: int, chance: np.random.Generator):
    return seen_by_geometry(chance)


@pytest.fixture(scope="module")
def people() -> list[Played]:
    return list(heads(10, view, FRAME_S, SEED))


@pytest.mark.slow
def test_heads_are_accepted_and_recordings_of_another_order_are_not(people: list[Played]) -> None:
    assert sum(p.accepted for p in people) >= 9
    shown = list(replays(people, 20, SEED))
    assert len(shown) == 20
    assert not any(p.accepted for p in shown)


@pytest.mark.slow
def test_no_kind_of_moved_photograph_is_accepted() -> None:
    played = list(photographs(len(ATTACKS), view, FRAME_S, SEED))
    assert {p.kind for p in played} == set(ATTACKS)
    assert report_of(played)["accepted"] == 0


@pytest.mark.slow
def test_the_command_gives_json_and_fails_when_too_few_people_pass() -> None:
    run = CliRunner().invoke(app, ["bench", "action", "--trials", "2", "--json"])
    figures = json.loads(run.stdout)["geometry"]
    assert figures["photographs"]["trials"] == figures["replays"]["trials"] == 2
    more = ["bench", "action", "--trials", "2", "--heads-min", "1.1"]
    assert CliRunner().invoke(app, more).exit_code == 1


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_drawn_photographs_are_not_accepted_by_the_real_detector() -> None:
    try:
        pictures.fetch(pictures.cache_folder())
    except pictures.PictureFault as e:
        pytest.skip(str(e))
    found = measure_drawn(
        pictures.cache_folder(), networks(), len(ATTACKS), 3, seed=SEED, show=lambda *_: None
    )
    assert found["looks_at_photographs"]["taken_for_a_turn"] == 0
    assert found["photographs"]["accepted"] == 0
    assert found["replays"]["accepted"] == 0
    assert found["heads"]["accepted"] >= 2
    assert 0 < found["noise"]["x_px"] < 3
