"""What may be wrong with a ticket photo, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

UNUSABLE = frozenset("damaged too-large no-face several-faces too-small occluded crashed".split())  # noqa: SIM905
"""Reasons for which there is no template: the candidate stays without a reference. With every other
reason the photo can be used."""

HINTS = frozenset({"recapture"})
"""Reasons that are too unsure to send a photo back: somebody looks at it."""


@dataclass(frozen=True, slots=True)
class PortraitFinding:
    """One thing that is wrong, in one sentence that says what to do. `covered_by`: of occluded."""

    reason: str
    en: str
    zh: str
    covered_by: tuple[str, ...] = ()


_WORDS = {
    "no-face": ("shows no face: hand in a portrait", "未检测到人脸：请提供正面相片"),
    "several-faces": (
        "shows several faces: hand in one of the candidate alone",
        "检测到多张人脸：请提供单人相片",
    ),
    "too-small": ("shows too small a face: hand in a larger picture", "人脸过小：请提供更大的相片"),
    "occluded": (
        "shows a face that is covered ({what}): hand in one that shows the whole face",
        "中的脸部被遮挡（{what}）：请提供露出整张脸的相片",
    ),
    "pose": (
        "shows a face that is turned or tilted: look straight into the camera, head upright",
        "中的头部偏转或倾斜：请正对镜头、端正头部重新拍摄",
    ),
    "eyes-closed": (
        "seems to show closed eyes: look at it, and take it again with both eyes open",
        "疑似闭眼：请查看，并睁开双眼重新拍摄",
    ),
    "recapture": (
        "has a fine pattern all over it, as when a screen is photographed: look at it, and ask for "
        "the original if it is one",
        "整幅有细密条纹，疑似翻拍屏幕：请人工查看，如属翻拍请提供原始相片",
    ),
    "blurred": ("is blurred: hand in a sharp one", "模糊：请提供清晰的相片"),
    "too-dark": ("is too dark: take it again with more light", "过暗：请在光线充足处重新拍摄"),
    "too-bright": ("is overexposed: take it again with less light", "过曝：请减弱光线后重新拍摄"),
    "background-plain": (
        "has a background that is not plain: take it again before an empty wall",
        "背景不是纯色：请在纯色背景前重新拍摄",
    ),
    "background-blue": (
        "has not the plain blue background that is asked: take it again before one",
        "背景不是要求的纯蓝色：请在蓝色背景前重新拍摄",
    ),
    "background-white": (
        "has not the plain white background that is asked: take it again before one",
        "背景不是要求的纯白色：请在白色背景前重新拍摄",
    ),
    "animated": ("is an animation: hand in a still picture", "是动图：请提供静态相片"),
    "crashed": (
        "ends the program that reads it: save it again as JPEG and hand that in",
        "导致读取程序中断：请另存为 JPEG 后重新提交",
    ),
}

_COVERED_BY = {
    "mask": ("mask, scarf or hand over nose and mouth", "口罩等遮住口鼻"),
    "hat": ("hat over the forehead", "帽子等遮住额头"),
    "sunglasses": ("sunglasses", "墨镜等遮住眼睛"),
    "fringe": ("hair over the eyes", "头发遮住眼睛"),
}


def finding(reason: str) -> PortraitFinding:
    """The finding of that name; occluded has its own function."""
    en, zh = _WORDS[reason]
    return PortraitFinding(reason, f"The photo {en}.", f"相片{zh}。")


def occluded(covered_by: Sequence[str]) -> PortraitFinding:
    """The finding of a covered face.

    `covered_by`: mask, hat, sunglasses, fringe.
    """
    en, zh = _WORDS["occluded"]
    what, what_zh = zip(*(_COVERED_BY[name] for name in covered_by), strict=True)
    return PortraitFinding(
        "occluded",
        f"The photo {en.format(what=', '.join(what))}.",
        f"相片{zh.format(what='，'.join(what_zh))}。",
        tuple(covered_by),
    )
