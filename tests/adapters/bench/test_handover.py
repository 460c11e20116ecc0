"""A small set of the handover trials, on the demo's photographs: real watcher, real networks."""

import asyncio
import logging
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from demo import pictures
from gate.bench.handover import DELAYS_MS, Ended, all_played, references_of, report
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


def test_who_has_no_ticket_photo_is_left_out_and_the_others_go_on(
    ended: dict[str, list[Ended]], caplog: pytest.LogCaptureFixture
) -> None:
    owner = ended["genuine"][0].trial.owner
    covered = replace(owner, name="covered", ticket=without_a_face())
    with caplog.at_level(logging.WARNING):
        assert set(references_of(networks(), [covered, owner])) == {owner.name}
    assert "covered is left out" in caplog.text


def without_a_face() -> bytes:
    grey = BytesIO()
    Image.new("RGB", (240, 320), (120, 120, 120)).save(grey, "JPEG")
    return grey.getvalue()
