"""The states of an application."""

from enum import StrEnum


class Status(StrEnum):
    """Where an application stands; the value stands in records."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CARD_READ = "card_read"
    LIVE_CHECKED = "live_checked"
    PHOTO_ACCEPTED = "photo_accepted"
    SIGNED = "signed"
    VERIFIED = "verified"
    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    CORRECTION_ASKED = "correction_asked"
    RESUBMITTED = "resubmitted"
    REFUSED = "refused"
    FEE_DUE = "fee_due"
    PAID = "paid"
    REGISTERED = "registered"
    SEATED = "seated"
    CLOSED_TO_MANUAL = "closed_to_manual"
    MANUAL_REVIEW = "manual_review"
    LOCKED = "locked"
    EXPIRED = "expired"


FINAL = frozenset({Status.REFUSED, Status.REGISTERED, Status.SEATED, Status.LOCKED, Status.EXPIRED})
"""No period ends these. `paid` is not among them, but never expires: the fee was taken."""

CHECKED = (Status.SUBMITTED, Status.CARD_READ, Status.LIVE_CHECKED, Status.SIGNED)
"""Where a check may fail; the third failure closes the online path."""

BEFORE_VERIFIED = frozenset(
    {
        Status.DRAFT,
        Status.SUBMITTED,
        Status.CARD_READ,
        Status.LIVE_CHECKED,
        Status.PHOTO_ACCEPTED,
        Status.SIGNED,
        Status.CLOSED_TO_MANUAL,
        Status.MANUAL_REVIEW,
    }
)
"""The identity is not settled yet."""
