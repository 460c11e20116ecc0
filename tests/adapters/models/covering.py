"""Draws things over a face in a whole picture, for tests and for the error rates in the documents.

In a style of its own: nothing here is shared with `scripts/occlusion`, which draws what the network
is trained on. Dots, slanted stripes, lozenges, a tall hat with a band, cat-eye glasses and bent
locks do not occur there. Places are in eye distances from the middle between the eyes, along the
line of the eyes (x) and down the face (y).
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFilter

Picture = npt.NDArray[np.uint8]
Landmarks = npt.NDArray[np.float32]
Point = tuple[float, float]


class Face:
    """A picture to draw on, and where its face is."""

    def __init__(self, picture: Picture, landmarks: Landmarks, seed: int) -> None:
        self.image = Image.fromarray(picture).convert("RGB")
        self.rng = np.random.default_rng(seed)
        right, left = landmarks[0].astype(float), landmarks[1].astype(float)
        self._along = left - right
        self._down = np.array([-self._along[1], self._along[0]])
        self._middle = (right + left) / 2
        self.unit = float(np.hypot(*self._along))

    def at(self, point: Point) -> tuple[float, float]:
        x, y = self._middle + point[0] * self._along + point[1] * self._down
        return float(x), float(y)

    def colour(self, low: int = 20, high: int = 235) -> tuple[int, ...]:
        """Half of them near grey, as most clothes are."""
        colour = self.rng.integers(low, high, 3).astype(float)
        if self.rng.random() < 0.5:
            colour = colour.mean() + 0.15 * (colour - colour.mean())
        return tuple(int(n) for n in colour)

    def mean(self, point: Point, half: float = 0.12) -> tuple[int, ...]:
        """The colour round a place; grey outside the picture."""
        x, y = self.at(point)
        r = max(1, round(half * self.unit))
        pixels = np.asarray(self.image)[
            max(0, round(y) - r) : max(0, round(y) + r), max(0, round(x) - r) : max(0, round(x) + r)
        ]
        return (
            tuple(int(n) for n in pixels.reshape(-1, 3).mean(axis=0)) if pixels.size else (90,) * 3
        )

    def fill(
        self, shapes: Sequence[Sequence[Point]], stuff: Image.Image, soft: float = 0.015
    ) -> None:
        """`stuff`, as large as the picture, inside of the shapes."""
        where = Image.new("L", self.image.size)
        draw = ImageDraw.Draw(where)
        for shape in shapes:
            draw.polygon([self.at(p) for p in shape], fill=255)
        self.image.paste(stuff, mask=where.filter(ImageFilter.GaussianBlur(soft * self.unit)))

    def plain(self, colour: tuple[int, ...]) -> Image.Image:
        return Image.new("RGB", self.image.size, colour)

    def lozenges(self) -> Image.Image:
        """Two colours crosswise, turned by 45 degrees."""
        x, y = np.meshgrid(*(np.arange(n) / self.unit for n in self.image.size))
        step = self.rng.uniform(0.2, 0.4)
        odd = (np.floor((x + y) / step) + np.floor((x - y) / step)) % 2
        return self._two(odd)

    def slanted(self) -> Image.Image:
        x, y = np.meshgrid(*(np.arange(n) / self.unit for n in self.image.size))
        return self._two(np.floor((x * 0.8 + y) / self.rng.uniform(0.1, 0.3)) % 2)

    def dotted(self) -> Image.Image:
        x, y = np.meshgrid(*(np.arange(n) / self.unit for n in self.image.size))
        step = self.rng.uniform(0.2, 0.35)
        dots = np.hypot(x % step - step / 2, y % step - step / 2) < 0.3 * step
        return self._two(dots)

    def _two(self, odd: npt.NDArray[np.float64] | npt.NDArray[np.bool_]) -> Image.Image:
        one, other = np.array(self.colour()), np.array(self.colour())
        return Image.fromarray(np.where(odd[..., None] > 0, one, other).astype(np.uint8))

    def any_stuff(self) -> Image.Image:
        kinds = (self.lozenges, self.slanted, self.dotted, lambda: self.plain(self.colour()))
        return kinds[self.rng.integers(len(kinds))]()


def ring(middle: Point, width: float, height: float, turn: float = 0.0) -> list[Point]:
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    x, y = width * np.cos(angle), height * np.sin(angle)
    c, s = np.cos(turn), np.sin(turn)
    return list(zip(middle[0] + c * x - s * y, middle[1] + s * x + c * y, strict=True))


def mask(face: Face) -> None:
    """A beaked mask with a seam down its middle, from the bridge of the nose to under the chin."""
    top, chin = face.rng.uniform(0.2, 0.5), face.rng.uniform(1.75, 2.05)
    half = face.rng.uniform(0.85, 1.05)
    shape = [
        (-half, 0.55),
        (-0.4, top + 0.12),
        (0.0, top),
        (0.4, top + 0.12),
        (half, 0.55),
        (half * 0.9, 1.2),
        (0.45, chin - 0.12),
        (0.0, chin),
        (-0.45, chin - 0.12),
        (-half * 0.9, 1.2),
    ]
    face.fill([shape], face.any_stuff())
    seam = [(-0.02, top), (0.02, top), (0.02, chin), (-0.02, chin)]
    face.fill([seam], face.plain(face.colour()))


def scarf(face: Face) -> None:
    """Wound twice, its upper edge slanted."""
    left, right = face.rng.uniform(0.2, 0.75, 2)
    stuff = face.slanted()
    face.fill(
        [[(-1.6, left + 0.1), (0.0, (left + right) / 2), (1.6, right + 0.1), (1.9, 4), (-1.9, 4)]],
        stuff,
    )
    face.fill([[(-1.7, 2.0), (1.7, 1.8), (1.9, 4), (-1.9, 4)]], face.slanted())


def hand(face: Face) -> None:
    """Four upright fingers before mouth and nose, the back of the hand below."""
    skin = face.plain(tuple(int(0.9 * n) for n in face.mean((0.5, 0.45))))
    shade = face.plain(tuple(int(0.6 * n) for n in face.mean((0.5, 0.45))))
    tip = face.rng.uniform(0.3, 0.6)
    for n in range(4):
        x = (n - 1.5) * 0.27
        face.fill([ring((x, tip + 0.6 + 0.05 * abs(n - 1.5)), 0.15, 0.62)], shade)
        face.fill([ring((x, tip + 0.6 + 0.05 * abs(n - 1.5)), 0.125, 0.6)], skin)
    face.fill([ring((0.0, tip + 1.45), 0.62, 0.55)], skin)


def paper(face: Face) -> None:
    """A sheet with lozenges held before the lower face."""
    top, half = face.rng.uniform(0.25, 0.7), face.rng.uniform(0.8, 1.5)
    lean = face.rng.uniform(-0.15, 0.15)
    shape = [(-half, top - lean), (half, top + lean), (half, 3.0), (-half, 3.0)]
    face.fill([shape], face.plain((238, 236, 228)))
    inner = [
        (-half * 0.8, top + 0.3 - lean),
        (half * 0.8, top + 0.3 + lean),
        (half * 0.8, 2.6),
        (-half * 0.8, 2.6),
    ]
    face.fill([inner], face.lozenges())


def hat(face: Face) -> None:
    """A tall crown that widens upwards, a band, and a brim bent down at the sides."""
    edge = face.rng.uniform(-0.85, -0.5)
    crown = [(-1.05, edge), (-1.25, edge - 1.7), (1.25, edge - 1.7), (1.05, edge)]
    face.fill([crown], face.any_stuff())
    band = [(-1.06, edge), (-1.09, edge - 0.3), (1.09, edge - 0.3), (1.06, edge)]
    face.fill([band], face.plain(face.colour()))
    x = np.linspace(-1.5, 1.5, 15)
    under = list(zip(x, edge + 0.1 * x**2, strict=True))
    over = list(zip(x[::-1], edge - 0.18 + 0.1 * x[::-1] ** 2, strict=True))
    face.fill([under + over], face.plain(face.colour()))


def sunglasses(face: Face) -> None:
    """Cat-eye glasses, darker at the rim than in the middle."""
    dark = face.plain(face.colour(0, 55))
    lenses = []
    for side in (-1, 1):
        lens = [
            (0.1, -0.18),
            (0.55, -0.28),
            (0.98, -0.36),
            (0.9, 0.05),
            (0.7, 0.27),
            (0.35, 0.28),
            (0.14, 0.12),
        ]
        lenses.append([(side * x, y) for x, y in lens])
    face.fill(lenses, dark)
    middle = face.plain(face.colour(20, 90))
    face.fill([ring((side * 0.52, 0.0), 0.2, 0.13) for side in (-1, 1)], middle, soft=0.08)
    face.fill([[(-0.14, -0.1), (0.14, -0.1), (0.14, -0.03), (-0.14, -0.03)]], dark)


def fringe(face: Face) -> None:
    """Bent locks of the person's own hair from the crown down over both eyes."""
    own = np.array(face.mean((0.0, -1.5), 0.15))
    for x in np.arange(-0.95, 0.96, 0.07):
        end = face.rng.uniform(0.2, 0.5)
        bend = face.rng.uniform(-0.12, 0.12)
        y = np.linspace(-1.5, end, 9)
        middle = x + bend * np.sin(np.linspace(0, np.pi, 9))
        width = 0.08 * np.linspace(1.0, 0.4, 9)
        left = list(zip(middle - width, y, strict=True))
        right = list(zip(middle + width, y, strict=True))
        shade = np.clip(own * face.rng.uniform(0.7, 1.3), 0, 255).astype(int)
        face.fill([left + right[::-1]], face.plain(tuple(int(n) for n in shade)), soft=0.01)


def spectacles(face: Face) -> None:
    """Clear cat-eye glasses: nothing is covered."""
    colour = face.colour(0, 120)
    draw = ImageDraw.Draw(face.image)
    for side in (-1, 1):
        lens = [
            (0.1, -0.18),
            (0.55, -0.28),
            (0.95, -0.33),
            (0.9, 0.05),
            (0.7, 0.27),
            (0.35, 0.28),
            (0.14, 0.12),
        ]
        points = [face.at((side * x, y)) for x, y in [*lens, lens[0]]]
        draw.line(points, fill=colour, width=max(1, round(0.05 * face.unit)))
    draw.line(
        [face.at((-0.12, -0.08)), face.at((0.12, -0.08))],
        fill=colour,
        width=max(1, round(0.05 * face.unit)),
    )


def headscarf(face: Face) -> None:
    """Over hair, ears and neck, the face free from the hairline to the chin: nothing is covered."""
    stuff = face.any_stuff()
    outer = ring((0.0, 0.3), 1.75, 2.6)
    hole = ring((0.0, 0.42), 1.02, 1.5)
    face.fill([[*outer, outer[0], hole[0], *hole[::-1]]], stuff)
    face.fill([[(-1.0, 1.8), (0.0, 1.95), (1.0, 1.8), (1.8, 4), (-1.8, 4)]], stuff)


Drawing = Callable[[Face], None]

COVERED: dict[str, tuple[Drawing, ...]] = {
    "hat and mask": (hat, mask),
    "mask": (mask,),
    "hat": (hat,),
    "sunglasses": (sunglasses,),
    "scarf": (scarf,),
    "hand": (hand,),
    "paper": (paper,),
    "fringe": (fringe,),
}

UNCOVERED: dict[str, tuple[Drawing, ...]] = {
    "nothing": (),
    "spectacles": (spectacles,),
    "headscarf": (headscarf,),
}


def drawn(picture: Picture, landmarks: Landmarks, things: Sequence[Drawing], seed: int) -> Picture:
    """The picture with `things` over its face, one after another."""
    face = Face(picture, landmarks, seed)
    for thing in things:
        thing(face)
    return np.asarray(face.image)


def on_a_photograph(name: str, things: Sequence[Drawing], seed: int = 4) -> Picture:
    """One of the demo's fetched photographs with `things` over its face; skips without it."""
    from demo.pictures import PictureFault, cache_folder, fetch
    from gate.models.photo_file import decode_photo
    from gate.models.still_pictures import StillPictures
    from tests.networks import networks

    try:
        path = fetch(cache_folder())[name]
    except PictureFault as e:
        pytest.skip(str(e))
    picture = decode_photo(path.read_bytes())
    face = StillPictures(networks()).most_central_face(picture)
    assert face is not None
    return drawn(picture, face.landmarks, things, seed)
