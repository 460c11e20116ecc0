"""What staff do with an open case, in one sentence for each reason."""

from gate.core.json_types import JsonFields
from gate.core.reasons import Reason

_LOOK = (
    "请核对证件、准考证相片与本人是否为同一人，再决定放行或不予放行。",
    "Compare card, ticket photo and person, then admit or send away.",
)
_COMPLETE = (
    "材料齐全：请考生再次放置证件。",
    "Notice and health report are in order: the candidate lays the card again.",
)
_AGAIN = (
    "请考生正对摄像头再试一次；仍不行则核对证件、准考证相片与本人。",
    "The candidate faces the camera and tries again. Else compare card, photo and person.",
)

TO_DO: dict[str, tuple[str, str]] = {
    Reason.FACE_MISMATCH: (
        "存疑考生：两名监考员分别核对准考证相片与本人，均签名后方可放行。",
        "Doubtful: two invigilators compare ticket photo and person, and both sign.",
    ),
    Reason.LIVENESS_FAILED: (
        "请确认镜头前是真人而非照片或屏幕，再核对准考证相片与本人。",
        "Make sure that a person stands there, no photo and no screen. Then compare as always.",
    ),
    Reason.ALREADY_ADMITTED: (
        "该证件已入场：请到考场确认座位上是否已有人，再作决定。",
        "This card has entered: look in the room whether somebody sits there, then decide.",
    ),
    Reason.DOCUMENT_EXPIRED: (
        "证件已过期：请查看其他有效证件，再作决定。",
        "The document has expired: look at another valid one, then decide.",
    ),
    Reason.DOCUMENT_NOT_ACCEPTED: (
        "请查看本场考试接受的证件，再作决定。",
        "Look at a document that this paper accepts, then decide.",
    ),
    Reason.CARD_UNREADABLE: (
        "证件读不出：请用手工录入（准考证号、证件后六位或座位）。",
        "The card does not read: type the ticket number, last six of the ID number, or the seat.",
    ),
    Reason.NO_REFERENCE: (
        "名册中没有准考证相片：请人工核对证件与本人。",
        "There is no ticket photo: compare card and person.",
    ),
    Reason.FACE_DECLINED: (
        "考生选择不做人脸核验：两人核对证件、准考证与本人，均签名后方可放行。",
        "Declines the face check: two people compare card, ticket and person, and both sign.",
    ),
    Reason.PAPERS_CHECK: (
        "请查验通知单和健康申报；齐全后登记，考生再次放置证件。",
        "Look at notice and health report and tick them. Then the candidate lays the card again.",
    ),
    Reason.CLOCK_UNTRUSTED: (
        "闸机时钟不可信：请看考场时钟，确认在入场时段内再放行。",
        "The gate's clock is not to be trusted: look at the site's clock, then decide.",
    ),
    Reason.NO_FACE: _AGAIN,
    Reason.SEVERAL_FACES: _AGAIN,
    Reason.FACE_POOR: _AGAIN,
}


def what_to_do(case: JsonFields) -> tuple[str, str]:
    """(Chinese, English) for the `reason` of a case. The gate's own word, where it sends one."""
    papers = case.get("papers")
    if isinstance(papers, dict) and papers.get("complete"):
        return _COMPLETE
    own = case.get("to_do")
    if isinstance(own, dict) and own.get("zh") and own.get("en"):
        return str(own["zh"]), str(own["en"])
    return TO_DO.get(str(case.get("reason")), _LOOK)
