"""Live faces are few, and go with the verdict."""

from gate.service.live_faces import KEPT, LiveFaces


def test_the_oldest_goes_and_the_settled() -> None:
    faces = LiveFaces()
    for n in range(KEPT + 1):
        faces.keep(f"e-{n}", bytes([n]))
    assert faces.of("e-0") is None
    assert faces.of("e-1") == b"\x01"
    faces.drop(["e-1", "e-unknown"])
    assert faces.of("e-1") is None
