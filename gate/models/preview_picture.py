"""One camera picture as a mirror shows it: small, left and right exchanged, JPEG. Pure."""

import io

from PIL import Image, ImageOps

from gate.ports.values import Picture

HEIGHT = 240
"""Pixels at most of 2 * HEIGHT - 1: whole steps are cheap, and the screen scales the rest."""
QUALITY = 70


def preview_jpeg(pixels: Picture) -> bytes:
    """The JPEG of `pixels` (RGB uint8, (height, width, 3)), mirrored: 32 to 43 kB if drawn.

    It is HEIGHT to 2 * HEIGHT - 1 pixels high, or as high as a lower picture.
    """
    picture = Image.fromarray(pixels)
    small = picture.reduce(max(1, picture.height // HEIGHT))
    out = io.BytesIO()
    ImageOps.mirror(small).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
