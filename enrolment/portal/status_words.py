"""What each state means to the candidate: its name, and what to do next."""

from typing import NamedTuple

from enrolment.core.reasons import Sentence
from enrolment.core.status import Status

_S = Status


class StatusWords(NamedTuple):
    """`name` of the state, `next`: what the candidate does or waits for."""

    name: Sentence
    next: Sentence


STATUS_WORDS = {
    _S.DRAFT: StatusWords(
        Sentence("预注册待填写", "Begun"), Sentence("请填写报名信息", "Fill in your data")
    ),
    _S.SUBMITTED: StatusWords(
        Sentence("预注册待验证", "Pre-registered, awaiting confirmation"),
        Sentence("请拍摄身份证人像面", "Photograph the portrait side of your ID card"),
    ),
    _S.CARD_READ: StatusWords(
        Sentence("身份证已识别", "The card was read"),
        Sentence("请录制朗读数字的视频", "Record the video and say the digits"),
    ),
    _S.LIVE_CHECKED: StatusWords(
        Sentence("本人核验通过", "The video was confirmed"),
        Sentence("请上传蓝底准考证相片", "Upload the ticket photo with a blue background"),
    ),
    _S.PHOTO_ACCEPTED: StatusWords(
        Sentence("准考证相片通过", "The ticket photo was accepted"),
        Sentence("请手写签名", "Sign by hand"),
    ),
    _S.SIGNED: StatusWords(
        Sentence("已签名，身份核验中", "Signed, identity is being checked"),
        Sentence("请稍候，结果会在此显示", "Wait, the result is shown here"),
    ),
    _S.VERIFIED: StatusWords(
        Sentence("身份已核验", "Identity confirmed"),
        Sentence("请提交证明材料", "Hand in the documents"),
    ),
    _S.UNDER_REVIEW: StatusWords(
        Sentence("资格审核中", "Under review"),
        Sentence("请等待审核结果", "Wait for the reviewer"),
    ),
    _S.ACCEPTED: StatusWords(
        Sentence("审核通过", "Accepted"), Sentence("正在生成缴费单", "The fee is being prepared")
    ),
    _S.CORRECTION_ASKED: StatusWords(
        Sentence("需补正", "Correction asked"),
        Sentence("请一次补齐全部材料", "Hand in everything that lacks, once"),
    ),
    _S.RESUBMITTED: StatusWords(
        Sentence("已补正", "Corrected"), Sentence("请等待审核结果", "Wait for the reviewer")
    ),
    _S.REFUSED: StatusWords(
        Sentence("审核未通过", "Not accepted"),
        Sentence("如有疑问请联系考区", "Ask the district's office if in doubt"),
    ),
    _S.FEE_DUE: StatusWords(
        Sentence("待缴费", "Fee due"), Sentence("请在缴费期内缴费", "Pay within the fee period")
    ),
    _S.PAID: StatusWords(
        Sentence("已缴费", "Paid"), Sentence("正在生成准考证号", "The ticket number is being made")
    ),
    _S.REGISTERED: StatusWords(
        Sentence("报名成功", "Registered"),
        Sentence("可下载报名登记表；考场编排后可下载考试通知单",
                 "The registration sheet is ready; the exam notice follows with the seats"),
    ),
    _S.SEATED: StatusWords(
        Sentence("考场已编排", "Seated"), Sentence("请下载考试通知单", "Download the exam notice")
    ),
    _S.CLOSED_TO_MANUAL: StatusWords(
        Sentence("线上核验已关闭", "The online path is closed"),
        Sentence("三次未通过：请上传证明材料，申请人工核验",
                 "Three checks failed: upload proofs and ask for the manual check"),
    ),
    _S.MANUAL_REVIEW: StatusWords(
        Sentence("人工核验中", "Manual check"),
        Sentence("请等待工作人员核验", "Wait for the staff"),
    ),
    _S.LOCKED: StatusWords(
        Sentence("已锁定", "Locked"), Sentence("请联系考区", "Contact the district's office")
    ),
    _S.EXPIRED: StatusWords(
        Sentence("已失效", "Void"),
        Sentence("报名期已结束", "The period is over"),
    ),
}  # fmt: skip
"""Every state has its words (tested)."""
