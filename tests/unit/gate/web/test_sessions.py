"""Sessions of the console's browsers."""

from gate.web.sessions import KEPT, LASTS_S, Sessions


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_signing_in_makes_a_new_session_and_ends_the_one_before() -> None:
    sessions = Sessions(Clock())
    nobody = sessions.begin()
    signed = sessions.sign_in(nobody, by="i1", name="监考甲", role="invigilator", token="t")
    assert sessions.of(nobody.id) is None
    assert sessions.of(signed.id) is signed
    assert not signed.fits(nobody.csrf)
    assert signed.fits(signed.csrf)


def test_a_session_ends_after_its_time() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    session = sessions.begin()
    clock.s = LASTS_S + 1
    assert sessions.of(session.id) is None


def test_those_of_nobody_make_room_first() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    signed = sessions.sign_in(sessions.begin(), by="i1", name="", role="", token=None)
    for n in range(2 * KEPT):
        clock.s = float(n)
        newest = sessions.begin()
    assert sessions.of(signed.id) is signed
    assert sessions.of(newest.id) is newest


def test_unknown_cookies_are_nobody() -> None:
    sessions = Sessions(Clock())
    assert sessions.of(None) is None
    assert sessions.of("") is None
    assert sessions.of("x" * 64) is None
