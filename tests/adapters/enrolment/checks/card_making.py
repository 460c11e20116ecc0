"""Cards of this test world: drawn, with a portrait where one is given, and photographed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gate.ports import Picture

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
)
WIDTH, HEIGHT = 1280, 808


@dataclass(frozen=True)
class Card:
    name: str
    number: str
    sex: str = ""
    address: str = "湖北省武汉市洪山区珞瑜路一号"


def font(size: int) -> ImageFont.FreeTypeFont:
    for path in FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size)
    pytest.skip("no Chinese font: install fonts-wqy-microhei")


def drawn(card: Card, portrait: Picture | None = None) -> Image.Image:
    """The portrait side, 1280 x 808."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (226, 234, 240))
    pen = ImageDraw.Draw(image)
    for y in range(0, HEIGHT, 14):
        pen.line([(0, y), (WIDTH, y + 9)], fill=(214, 226, 236), width=1)
    blue, black = (74, 120, 160), (24, 24, 28)
    sex = card.sex or ("男" if int(card.number[16]) % 2 else "女")
    born = card.number[6:14]

    def field(at: tuple[int, int], label: str, text: str, size: int = 50) -> None:
        pen.text(at, label, fill=blue, font=font(38))
        pen.text((at[0] + 38 * len(label) + 24, at[1] - 6), text, fill=black, font=font(size))

    field((80, 90), "姓名", card.name)
    field((80, 190), "性别", sex)
    field((330, 190), "民族", "汉")
    pen.text((80, 290), "出生", fill=blue, font=font(38))
    pen.text(
        (180, 284),
        f"{born[:4]} 年 {int(born[4:6])} 月 {int(born[6:])} 日",
        fill=black,
        font=font(44),
    )
    field((80, 390), "住址", card.address[:11], 44)
    pen.text((180, 450), card.address[11:], fill=black, font=font(44))
    pen.text((80, 680), "公民身份号码", fill=blue, font=font(38))
    pen.text((430, 672), card.number, fill=black, font=font(54))
    if portrait is not None:
        face = Image.fromarray(portrait).resize((360, 450))
        image.paste(face, (850, 120))
    return image


def photographed(card: Image.Image, seed: int, hard: float = 1.0) -> Picture:
    """As a telephone sees it inside the guide frame: turned, uneven light, blur, noise, JPEG."""
    rng = np.random.default_rng(seed)
    table = Image.new("RGB", (1400, 900), tuple(int(n) for n in rng.integers(60, 150, 3)))
    table.paste(card, (60, 46))
    angle = float(rng.uniform(-1.5, 1.5)) * hard
    turned = table.rotate(angle, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    scale = float(rng.uniform(0.7, 1.0))
    turned = turned.resize((round(1400 * scale), round(900 * scale)))
    turned = turned.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2)) * hard))
    pixels = np.asarray(turned, np.float32)
    light = np.linspace(*rng.uniform(0.7, 1.1, 2), pixels.shape[1])[None, :, None]
    noise = rng.normal(0, 5 * hard, pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).astype(np.uint8)
