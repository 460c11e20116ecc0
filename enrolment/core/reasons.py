"""Why a check did not pass, and the sentence that tells the candidate what to do."""

from enum import StrEnum
from typing import NamedTuple


class CandidateReason(StrEnum):
    """Reasons that candidates are told; the value stands in records."""

    NAME_DIFFERS = "NAME_DIFFERS"
    NUMBER_DIFFERS = "NUMBER_DIFFERS"
    CARD_UNREADABLE = "CARD_UNREADABLE"
    CARD_EXPIRED = "CARD_EXPIRED"
    CARD_RECAPTURED = "CARD_RECAPTURED"
    FACE_DIFFERS = "FACE_DIFFERS"
    FACE_POOR = "FACE_POOR"
    SEVERAL_FACES = "SEVERAL_FACES"
    NO_FACE = "NO_FACE"
    RECAPTURED = "RECAPTURED"
    NOT_LIVE = "NOT_LIVE"
    DIGITS_DIFFER = "DIGITS_DIFFER"
    DIGITS_UNHEARD = "DIGITS_UNHEARD"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    BACKGROUND = "BACKGROUND"
    EYES_CLOSED = "EYES_CLOSED"
    OCCLUDED = "OCCLUDED"
    TOO_SMALL = "TOO_SMALL"
    BLURRED = "BLURRED"
    EXPOSURE = "EXPOSURE"
    POSE = "POSE"
    TWO_NUMBERS_ONE_FACE = "TWO_NUMBERS_ONE_FACE"


class Sentence(NamedTuple):
    """One sentence in each language."""

    zh: str
    en: str


_R = CandidateReason
SENTENCES = {
    _R.NAME_DIFFERS: Sentence(
        "姓名与证件不一致：请核对并更正姓名后重新提交",
        "The name is not that of the document: correct the name and submit again",
    ),
    _R.NUMBER_DIFFERS: Sentence(
        "身份证号与证件不一致：请核对并更正号码后重新提交",
        "The ID number is not that of the document: correct the number and submit again",
    ),
    _R.CARD_UNREADABLE: Sentence(
        "身份证照片无法识别：请在光线均匀处对准边框重新拍摄",
        "The card cannot be read: photograph it again in even light, inside the frame",
    ),
    _R.CARD_EXPIRED: Sentence(
        "身份证已过有效期：请换用有效证件，或到现场确认点办理",
        "The card has expired: use a valid one, or go to an office on site",
    ),
    _R.CARD_RECAPTURED: Sentence(
        "请直接拍摄身份证原件，不要拍摄屏幕或复印件",
        "Photograph the card itself, not a screen or a copy",
    ),
    _R.FACE_DIFFERS: Sentence(
        "人像比对未通过：请本人在光线充足处重新拍摄",
        "The face was not matched: the candidate in person repeats it in good light",
    ),
    _R.FACE_POOR: Sentence(
        "人像不够清晰：请正对镜头、光线均匀后重新拍摄",
        "The face is not clear enough: face the camera in even light and repeat",
    ),
    _R.SEVERAL_FACES: Sentence(
        "画面中有多张人脸：请单独一人重新拍摄",
        "There is more than one face: repeat it alone in the picture",
    ),
    _R.NO_FACE: Sentence(
        "未找到人脸：请将面部置于画面中央后重新拍摄",
        "No face was found: keep the face in the middle and repeat",
    ),
    _R.RECAPTURED: Sentence(
        "请上传原始照片，不要翻拍照片或屏幕",
        "Upload the original photo, not a picture of a photo or of a screen",
    ),
    _R.NOT_LIVE: Sentence(
        "未能确认为本人现场录制：请本人按提示重新录制视频",
        "It was not confirmed that you were filmed live: record the video again as shown",
    ),
    _R.DIGITS_DIFFER: Sentence(
        "朗读的数字与屏幕显示不一致：请按新显示的数字重新录制",
        "The digits are not those shown: record again with the new digits",
    ),
    _R.DIGITS_UNHEARD: Sentence(
        "未听清朗读的数字：请打开麦克风，在安静处用普通话重新录制",
        "The digits were not heard: switch the microphone on and record in a quiet place",
    ),
    _R.TOO_SHORT: Sentence(
        "视频过短：请录制 3 至 5 秒", "The video is too short: record 3 to 5 seconds"
    ),
    _R.TOO_LONG: Sentence(
        "视频过长：请录制 3 至 5 秒", "The video is too long: record 3 to 5 seconds"
    ),
    _R.BACKGROUND: Sentence(
        "背景不符合要求：请上传蓝色背景的证件照",
        "The background is not as asked: upload a photo with a plain blue background",
    ),
    _R.EYES_CLOSED: Sentence(
        "未睁眼：请睁开双眼后重新拍摄", "The eyes are closed: repeat it with open eyes"
    ),
    _R.OCCLUDED: Sentence(
        "面部有遮挡：请摘下口罩、帽子或墨镜后重新拍摄",
        "The face is covered: take off mask, hat or sunglasses and repeat",
    ),
    _R.TOO_SMALL: Sentence(
        "人像过小：请靠近镜头或上传更大的照片",
        "The face is too small: come nearer or upload a larger photo",
    ),
    _R.BLURRED: Sentence(
        "照片模糊：请保持不动并重新对焦拍摄",
        "The picture is blurred: hold still, focus and repeat",
    ),
    _R.EXPOSURE: Sentence(
        "照片过亮或过暗：请换到光线均匀处重新拍摄",
        "The picture is too bright or too dark: repeat it in even light",
    ),
    _R.POSE: Sentence(
        "头部偏转：请正对镜头、保持头部端正",
        "The head is turned: look straight into the camera, head upright",
    ),
    _R.TWO_NUMBERS_ONE_FACE: Sentence(
        "该人像已用于另一身份证号：请申请人工核验",
        "This face is registered under another number: ask for the manual check",
    ),
}
"""Every reason has its sentences (tested)."""

DATA_DIFFER = frozenset({_R.NAME_DIFFERS, _R.NUMBER_DIFFERS})
"""What a corrected form mends."""
