"""What candidates are told by SMS, at each change that needs them."""

from enrolment.core.reasons import Sentence

MESSAGES = {
    "closed_to_manual": Sentence(
        "线上核验已三次未通过：请登录申请人工核验",
        "Three checks failed: sign in and ask for the manual check",
    ),
    "manual_approved": Sentence(
        "人工核验通过：请登录上传准考证相片", "Manual check passed: sign in, upload the photo"
    ),
    "verified": Sentence(
        "身份核验通过：请登录提交证明材料", "Identity confirmed: sign in, hand in the documents"
    ),
    "correction_asked": Sentence(
        "资格审核需补正：请登录一次补齐全部材料",
        "Correction needed: sign in, hand in everything that lacks, once",
    ),
    "refused": Sentence("审核未通过：请登录查看原因", "Not accepted: sign in to read the reason"),
    "fee_due": Sentence(
        "资格审核通过：请在缴费期内登录缴费", "Accepted: sign in and pay within the fee period"
    ),
    "registered": Sentence(
        "报名成功：请登录查看准考证号", "Registered: sign in to see the ticket number"
    ),
    "double_payment": Sentence(
        "您的考试费重复支付：已登记，工作人员将与您联系",
        "The fee was paid twice: it is noted, staff will contact you",
    ),
    "locked": Sentence("该报名号已被锁定：请联系考区", "Locked: contact the district's office"),
    "expired": Sentence("报名期已结束，报名无效", "The period is over, the application is void"),
}
