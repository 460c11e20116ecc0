"""What an upload is, by its first bytes; what a browser says of it is not believed."""

from enrolment.errors import UploadRefused
from enrolment.store.check_tasks import CheckKind

JPEG, PNG, WEBM, MP4 = "image/jpeg", "image/png", "video/webm", "video/mp4"
PICTURES, VIDEOS = (JPEG, PNG), (WEBM, MP4)
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def media_type(content: bytes) -> str:
    """The media type; empty for what the portal does not take."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM
    if content[4:8] == b"ftyp":
        return "image/heic" if content[8:12] in _HEIC else MP4
    return ""


def check_kind_of(kind: CheckKind, content: bytes) -> None:
    """UploadRefused for a video where a picture is needed, and the other way round."""
    if kind is CheckKind.VIDEO:
        if media_type(content) not in VIDEOS:
            raise UploadRefused(
                "This is no video of a kind that is taken: record it with this page, or choose "
                "MP4 or WebM.",
                "该文件不是可用的视频：请用本页面录制，或选择 MP4、WebM 格式。",
            )
        return
    check_picture(content)


def check_picture(content: bytes) -> None:
    """UploadRefused for what is no JPEG or PNG."""
    found = media_type(content)
    if found == "image/heic":
        raise UploadRefused(
            "This is a HEIC picture: choose JPEG. On an iPhone: Settings, Camera, Formats, Most "
            "Compatible; or take the picture with this page.",
            "该相片为 HEIC 格式：请改用 JPEG。苹果手机：设置—相机—格式—兼容性最佳；"
            "或用本页面拍摄。",
        )
    if found not in PICTURES:
        raise UploadRefused(
            "This is no picture of a kind that is taken: choose JPEG or PNG.",
            "该文件不是可用的图片：请选择 JPEG 或 PNG 格式。",
        )
