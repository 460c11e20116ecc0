"""What many look at is rendered once."""

from office.board import live_parts
from office.board.live_parts import LivePart, LiveParts


def test_a_part_is_rendered_once_at_each_position() -> None:
    parts, asked = LiveParts(), []

    def render(name: str) -> LivePart:
        asked.append(name)
        return LivePart(name, str(len(asked)))

    for position, path in (
        ("a-1", "/"),
        ("a-1", "/"),
        ("a-1", "/wall"),
        ("a-2", "/"),
        ("a-1", "/"),
    ):
        part = parts.at(position, path, lambda path=path: render(path))
        assert part == LivePart(path, str(len(asked)))
    assert asked == ["/", "/wall", "/", "/"]


def test_parts_are_bounded() -> None:
    parts = LiveParts()
    for number in range(2 * live_parts.PARTS_MAX):
        parts.at("a-1", f"/sites/{number}", lambda: LivePart("", ""))
    assert len(parts._parts) <= live_parts.PARTS_MAX
