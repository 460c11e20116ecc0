"""A small set of the handover trials, on the demo's photographs: real watcher, real networks."""

import asyncio

import pytest

from demo import pictures
from gate.bench.handover import DELAYS_MS, Ended, all_played, report
from gate.bench.handover_scenes import KINDS, cast, read_people
from gate.core.reasons import Reason
from gate.models.still_pictures import StillPictures
from tests.networks import networks

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def ended() -> dict[str, list[Ended]]:
    try:
        pictures.fetch(pictures.cache_folder())
    except pictures.PictureFault as e:
        pytest.skip(str(e))
    actors = cast(read_people(pictures.cache_folder()), StillPictures(networks()))
    counts = {"handover": 2 * len(KINDS), "genuine": len(actors), "stranger": 1}
    return asyncio.run(all_played(networks(), actors, counts, lambda *_: None))


def test_nobody_who_takes_the_owners_place_is_let_in(ended: dict[str, list[Ended]]) -> None:
    wrong = [(e.trial.kind, e.trial.found_ms) for e in ended["handover"] if e.wrong]
    assert wrong == []
    assert {e.trial.kind for e in ended["handover"]} == set(KINDS)
    assert min(DELAYS_MS) < 0, "the card may come before the other one, too"


def test_the_owner_who_stays_is_let_in_at_the_first_try(ended: dict[str, list[Ended]]) -> None:
    for own in ended["genuine"]:
        judged = own.attempts[0]
        assert judged.reason is Reason.OK, own
        assert 1 <= judged.fresh <= judged.frames


def test_a_stranger_is_referred_within_six_seconds(ended: dict[str, list[Ended]]) -> None:
    for stranger in ended["stranger"]:
        assert [a.reason for a in stranger.attempts] == [Reason.FACE_MISMATCH] * 3
    assert report(ended)["stranger_s"]["max"] <= 6.0
