"""Things over a face, each in many shapes and stuffs, and things beside it that cover nothing.

Every function takes a random generator, the model and the head as painted so far, and gives the
head with one thing more. Shapes are in eye distances (`textures.UNIT`).
"""

from collections.abc import Callable, Sequence

import numpy as np
from shapes import Point, arch, drawn, ellipse, filled, laid_over
from textures import Model, Pixels, cloth, colour, flat, hair, paper, patch, skin

Rng = np.random.Generator
Thing = Callable[[Rng, Model, Pixels], Pixels]


def _stuff(rng: Rng, model: Model, *kinds: Callable[[Rng, Model], Pixels]) -> Pixels:
    return kinds[rng.integers(len(kinds))](rng, model)


def _blur(rng: Rng) -> float:
    return float(rng.uniform(0, 2.0))


# -- over the lower face ---------------------------------------------------------------------------


def mask(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Surgical, shell or cloth mask, over the nose or below it, with or without ear loops."""
    top, side = rng.uniform(0.12, 0.82), rng.uniform(0.25, 0.95)
    half, chin = rng.uniform(0.75, 1.2), rng.uniform(1.55, 2.15)
    upper = arch(rng, half, top, max(side, top - 0.2))
    lower = arch(rng, half * rng.uniform(0.6, 1.0), chin, rng.uniform(1.0, 1.6))
    if rng.random() < 0.5:
        side_y = max(side, top)
        head = laid_over(
            head,
            drawn([[(-1.3, 0.05), (-half, side_y)], [(1.3, 0.05), (half, side_y)]], 0.05, 0.7),
            flat(rng, model),
        )
    texture = _stuff(rng, model, flat, flat, cloth, patch)
    painted = laid_over(head, filled([upper + lower[::-1]], _blur(rng)), texture)
    if rng.random() < 0.5:  # pleats, seam or the fold over the nose
        lines = [
            arch(rng, half * 0.9, y, y + rng.uniform(-0.1, 0.05))
            for y in rng.uniform(top + 0.1, chin - 0.1, int(rng.integers(1, 5)))
        ]
        shade = 0.75 * painted if rng.random() < 0.7 else np.minimum(255, 1.2 * painted)
        painted = laid_over(painted, drawn(lines, 0.03, 0.7) * 0.7, shade.astype(np.uint8))
    return painted


def scarf(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Round the neck and up over mouth or nose."""
    top, half = rng.uniform(0.15, 0.85), rng.uniform(1.0, 2.2)
    upper = arch(rng, half, top, top + rng.uniform(-0.5, 0.4))
    shape = [*upper, (half, 4.0), (-half, 4.0)]
    return laid_over(head, filled([shape], _blur(rng)), _stuff(rng, model, cloth, cloth, patch))


def hand(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Fingers and palm over mouth and nose, from below or from the side."""
    texture = skin(rng, model)
    turn = rng.uniform(-1.2, 1.2)
    middle = (rng.uniform(-0.25, 0.25), rng.uniform(0.95, 1.3))
    painted = laid_over(
        head,
        filled([ellipse(middle, rng.uniform(0.5, 0.8), rng.uniform(0.4, 0.65), 2.5, turn)], 1.0),
        texture,
    )
    dark = (0.72 * texture).astype(np.uint8)
    for n in range(4):
        along = np.array([np.cos(turn), np.sin(turn)])
        across = np.array([-along[1], along[0]])
        begin = middle + (n - 1.5) * 0.26 * across - 0.3 * along
        end = begin + rng.uniform(0.8, 1.3) * along * (1 if rng.random() < 0.9 else -1)
        line = [tuple(begin), tuple(end)]
        painted = laid_over(painted, drawn([line], 0.29, 0.8), dark)
        painted = laid_over(painted, drawn([line], 0.24, 0.8), texture)
    return painted


def held_up(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Paper, book, telephone or cup before mouth and nose."""
    top, bottom = rng.uniform(0.15, 0.8), rng.uniform(1.5, 3.2)
    half = rng.uniform(0.5, 1.9)
    middle = (rng.uniform(-0.2, 0.2), (top + bottom) / 2)
    shape = ellipse(middle, half, (bottom - top) / 2, rng.uniform(3, 12), rng.uniform(-0.25, 0.25))
    return laid_over(head, filled([shape], _blur(rng)), _stuff(rng, model, paper, flat, patch))


# -- over the forehead -----------------------------------------------------------------------------


def cap(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A dome with a peak, and the shadow of the peak."""
    edge, half = rng.uniform(-1.0, -0.35), rng.uniform(1.05, 1.4)
    top = rng.uniform(-2.3, -1.75)
    dome = [*arch(rng, half, edge, edge + rng.uniform(-0.2, 0.35)), *_dome(half, edge, top)[::-1]]
    painted = _shadow(rng, head, edge, half) if rng.random() < 0.6 else head
    painted = laid_over(painted, filled([dome], _blur(rng)), _stuff(rng, model, flat, cloth, cloth))
    if rng.random() < 0.85:
        wide, deep = rng.uniform(0.8, 1.35), rng.uniform(0.12, 0.4)
        peak = ellipse(
            (rng.uniform(-0.2, 0.2), edge - 0.05),
            wide,
            deep,
            rng.uniform(2, 4),
            rng.normal(0, 0.06),
        )
        painted = laid_over(painted, filled([peak], _blur(rng)), _stuff(rng, model, flat, cloth))
    return painted


def beanie(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A close cap, helmet or beret without a peak, lower at the ears or straight."""
    edge, half = rng.uniform(-1.0, -0.3), rng.uniform(1.0, 1.45)
    ears = edge + rng.uniform(-0.15, 0.9)
    top = rng.uniform(-2.6, -1.8)
    shape = [*arch(rng, half, edge, ears), *_dome(half, ears, top)[::-1]]
    painted = laid_over(head, filled([shape], _blur(rng)), _stuff(rng, model, flat, cloth, patch))
    if rng.random() < 0.4:
        band = [*arch(rng, half, edge, ears), *arch(rng, half, edge - 0.35, ears - 0.35)[::-1]]
        painted = laid_over(painted, filled([band], 0.7), _stuff(rng, model, flat, cloth))
    return painted


def brim(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A hat with a brim all round."""
    edge, crown = rng.uniform(-1.0, -0.4), rng.uniform(0.8, 1.2)
    texture = _stuff(rng, model, flat, cloth)
    painted = _shadow(rng, head, edge, 1.1)
    high = [(-crown, edge), (-crown * 0.85, -3.2), (crown * 0.85, -3.2), (crown, edge)]
    wide, deep = rng.uniform(1.5, 2.6), rng.uniform(0.1, 0.35)
    around = ellipse((0.0, edge - deep / 2), wide, deep, 2.0, rng.normal(0, 0.08))
    return laid_over(painted, filled([high, around], _blur(rng)), texture)


def hood(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A hood or cloth drawn down over the forehead."""
    edge, half = rng.uniform(-0.75, -0.3), rng.uniform(0.85, 1.15)
    return _wrapped(
        rng, head, edge, half, _stuff(rng, model, cloth, flat, patch), rng.uniform(1.5, 3.2)
    )


def headband(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A broad band, bandage or towel round the forehead."""
    edge, half = rng.uniform(-0.75, -0.3), rng.uniform(1.0, 1.3)
    high = edge - rng.uniform(0.45, 0.9)
    sides = rng.uniform(-0.2, 0.2)
    shape = [*arch(rng, half, edge, edge + sides), *arch(rng, half, high, high + sides)[::-1]]
    return laid_over(head, filled([shape], _blur(rng)), _stuff(rng, model, flat, cloth))


def _dome(half: float, edge: float, top: float) -> list[Point]:
    angle = np.linspace(np.pi, 2 * np.pi, 21)
    return list(zip(half * np.cos(angle), edge + (edge - top) * np.sin(angle), strict=True))


def _shadow(rng: Rng, head: Pixels, edge: float, half: float) -> Pixels:
    """What a peak throws on the brows, now and then down to the mouth."""
    depth = rng.uniform(0.15, 1.0)
    shape = [*arch(rng, half, edge, edge), *arch(rng, half, edge + depth, edge + depth)[::-1]]
    dark = (head * rng.uniform(0.3, 0.85)).astype(np.uint8)
    return laid_over(head, filled([shape], rng.uniform(2, 6)), dark)


def _wrapped(
    rng: Rng, head: Pixels, edge: float, half: float, texture: Pixels, bottom: float
) -> Pixels:
    """Cloth all round an opening for the face."""
    around = filled(
        [ellipse((0.0, 0.4), 1.9, 2.7, 2.4), [(-2.4, 1.5), (2.4, 1.5), (3, 5), (-3, 5)]]
    )
    opening = filled(
        [ellipse((0.0, (edge + bottom) / 2), half, (bottom - edge) / 2, rng.uniform(2, 3))], 1.0
    )
    return laid_over(head, np.clip(around - opening, 0, 1), texture)


# -- over the eyes ---------------------------------------------------------------------------------


def _lenses(rng: Rng) -> list[list[Point]]:
    """A pair of glasses in one of several shapes."""
    width, height = rng.uniform(0.33, 0.5), rng.uniform(0.22, 0.42)
    drop, apart = rng.uniform(-0.03, 0.12), rng.uniform(0.46, 0.56)
    power, turn = rng.choice([2.0, 2.5, 3.5, 6.0]), rng.uniform(-0.15, 0.3)
    if rng.random() < 0.12:  # one shield
        return [ellipse((0.0, drop), 1.0, height, 4.0)]
    return [
        ellipse((side * apart, drop), width, height, float(power), side * turn) for side in (-1, 1)
    ]


def _framed(rng: Rng, head: Pixels, lenses: Sequence[list[Point]], texture: Pixels) -> Pixels:
    outlines = [[*lens, lens[0]] for lens in lenses]
    bridge = [(-0.15, rng.uniform(-0.1, 0.05)), (0.15, rng.uniform(-0.1, 0.05))]
    temples = [[(-0.95, -0.05), (-1.25, 0.0)], [(0.95, -0.05), (1.25, 0.0)]]
    return laid_over(
        head, drawn([*outlines, bridge, *temples], rng.uniform(0.02, 0.1), 0.6), texture
    )


def _tinted(
    rng: Rng, head: Pixels, lenses: Sequence[list[Point]], least: float, most: float
) -> Pixels:
    """Dark glass; `least` and `most`: of its opacity at the upper edge."""
    tint = np.array(colour(rng)) * rng.uniform(0.05, 0.35)
    glass = np.broadcast_to(tint, head.shape).astype(np.uint8)
    fade = np.linspace(1, rng.uniform(0.6, 1.0), head.shape[0], dtype=np.float32)[:, None]
    opacity = rng.uniform(least, most) * (fade if rng.random() < 0.4 else 1.0)
    return laid_over(head, filled(lenses, 0.7) * opacity, glass)


def _glinting(rng: Rng, head: Pixels, lenses: Sequence[list[Point]], strength: float) -> Pixels:
    """Reflections on the glass: a lamp, a window."""
    spots = [
        ellipse(
            (rng.uniform(-0.9, 0.9), rng.uniform(-0.25, 0.25)),
            rng.uniform(0.04, 0.25),
            rng.uniform(0.03, 0.15),
            2.5,
            rng.uniform(-1, 1),
        )
        for _ in range(int(rng.integers(1, 4)))
    ]
    light = np.full(head.shape, rng.uniform(170, 255), np.uint8)
    return laid_over(head, filled(spots, 1.5) * filled(lenses) * strength, light)


def sunglasses(rng: Rng, model: Model, head: Pixels) -> Pixels:
    lenses = _lenses(rng)
    if rng.random() < 0.1:  # mirrored
        texture = _stuff(rng, model, patch, cloth)
        painted = laid_over(head, filled(lenses, 0.7) * rng.uniform(0.85, 1), texture)
    else:
        painted = _tinted(rng, head, lenses, 0.75, 1.0)
    if rng.random() < 0.5:
        painted = _glinting(rng, painted, lenses, rng.uniform(0.2, 0.7))
    return _framed(rng, painted, lenses, flat(rng, model)) if rng.random() < 0.8 else painted


def bar(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A hand, a cloth, a card before the eyes."""
    middle = (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.15))
    shape = ellipse(middle, rng.uniform(0.9, 1.6), rng.uniform(0.22, 0.5), 8.0, rng.normal(0, 0.08))
    return laid_over(
        head, filled([shape], _blur(rng)), _stuff(rng, model, flat, skin, patch, cloth, paper)
    )


def fringe(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Hair over both eyes, or over one and most of the other."""
    return _hanging(
        rng, model, head, rng.uniform(0.12, 0.6), rng.uniform(0.12, 0.6), rng.uniform(0.75, 1.0)
    )


def _hanging(
    rng: Rng, model: Model, head: Pixels, left: float, right: float, dense: float
) -> Pixels:
    """Strands from the hairline down to `left` and `right`."""
    locks = []
    half, step = rng.uniform(0.85, 1.1), rng.uniform(0.08, 0.25)
    lean = rng.uniform(-0.25, 0.25)
    for x in np.arange(-half, half, step):
        if rng.random() > dense:
            continue
        end = left + (right - left) * (x + half) / (2 * half) + rng.normal(0, 0.06)
        tip = x + lean + rng.normal(0, 0.05)
        locks.append(
            [
                (x - step * 0.7, -1.4),
                (x + step * 0.9, -1.4),
                (tip + step * 0.6, end - 0.15),
                (tip, end),
                (tip - step * 0.5, end - 0.15),
            ]
        )
    if not locks:
        return head
    return laid_over(head, filled(locks, rng.uniform(0.3, 1.2)), hair(rng, model))


# -- what covers nothing ---------------------------------------------------------------------------


def spectacles(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Clear or lightly tinted, with reflections."""
    lenses = _lenses(rng)
    painted = _tinted(rng, head, lenses, 0.0, 0.3) if rng.random() < 0.4 else head
    if rng.random() < 0.5:
        painted = _glinting(rng, painted, lenses, rng.uniform(0.2, 0.9))
    return _framed(rng, painted, lenses, flat(rng, model))


def beard(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Over jaw and lip, the mouth free."""
    top = rng.uniform(0.75, 1.1)
    jaw = [
        *arch(rng, rng.uniform(0.85, 1.05), top, rng.uniform(0.2, 0.8)),
        *arch(rng, 0.85, rng.uniform(1.8, 2.4), 1.0)[::-1],
    ]
    mouth = ellipse((0.0, 1.17), rng.uniform(0.34, 0.5), rng.uniform(0.1, 0.2))
    cheeks = ellipse((0.0, 0.55), rng.uniform(0.6, 0.85), rng.uniform(0.35, 0.5), 2.5)
    where = filled([jaw], 2.5) * (1 - filled([mouth], 1.5)) * (1 - filled([cheeks], 3.0))
    return laid_over(head, where * rng.uniform(0.35, 0.95), hair(rng, model))


def headscarf(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Round hair, ears and neck; the face free from above the brows to the chin."""
    edge, half = rng.uniform(-1.35, -0.8), rng.uniform(0.9, 1.15)
    return _wrapped(
        rng, head, edge, half, _stuff(rng, model, cloth, flat, cloth), rng.uniform(1.75, 2.1)
    )


def short_fringe(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Hair on the forehead, the eyes free; or a few strands over one of them."""
    if rng.random() < 0.3:
        return _hanging(
            rng, model, head, rng.uniform(-0.6, 0.2), rng.uniform(-0.6, -0.2), rng.uniform(0.1, 0.3)
        )
    return _hanging(
        rng, model, head, rng.uniform(-1.0, -0.28), rng.uniform(-1.0, -0.28), rng.uniform(0.6, 1.0)
    )


def long_hair(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Down both sides of the face, or a beard of another colour behind it."""
    inner, outer = rng.uniform(0.8, 1.1), rng.uniform(1.2, 1.8)
    sides = [
        [(s * inner, -1.2), (s * outer, -1.3), (s * outer, 3.5), (s * rng.uniform(0.8, 1.2), 3.5)]
        for s in (-1, 1)
    ]
    return laid_over(head, filled(sides, 1.5), hair(rng, model))


def collar(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """A scarf, a high collar or a mask pulled down: the mouth free."""
    top, half = rng.uniform(1.6, 2.2), rng.uniform(0.9, 2.2)
    shape = [*arch(rng, half, top, top + rng.uniform(-0.7, 0.2)), (half, 4.0), (-half, 4.0)]
    return laid_over(head, filled([shape], _blur(rng)), _stuff(rng, model, cloth, flat, patch))


def aside(rng: Rng, model: Model, head: Pixels) -> Pixels:
    """Something at the edge: a hand at the cheek, a microphone, a neighbour's shoulder."""
    side = rng.choice([-1, 1])
    middle = (side * rng.uniform(1.3, 2.2), rng.uniform(-1.5, 2.5))
    if rng.random() < 0.3:
        middle = (rng.uniform(-0.6, 0.6), rng.uniform(2.1, 2.6))
    shape = ellipse(
        middle, rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.8), rng.uniform(2, 6), rng.uniform(-1, 1)
    )
    return laid_over(
        head, filled([shape], _blur(rng)), _stuff(rng, model, skin, flat, patch, cloth)
    )


LOWER: tuple[Thing, ...] = (mask, mask, mask, scarf, hand, held_up)
UPPER: tuple[Thing, ...] = (cap, cap, beanie, beanie, brim, hood, headband)
DARK: tuple[Thing, ...] = (sunglasses, sunglasses, sunglasses, bar)
FREE: tuple[tuple[Thing, float], ...] = (
    (beard, 0.12),
    (long_hair, 0.06),
    (short_fringe, 0.12),
    (headscarf, 0.07),
    (spectacles, 0.2),
    (collar, 0.12),
    (aside, 0.12),
)
"""What may be worn beside anything else, and how often."""
