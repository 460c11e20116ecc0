"""Whether a card lies on the reader, as a table: what a look showed, and what is told of it.

Three laws. A card is told once a laying, however long it lies and however its module answers, and
once more each time that it is sought. A
contact that is lost for less than the dwell time is no removal: the same number found again is the
same laying. Another number ends the laying before it, whatever was seen between the two.
"""

from enum import StrEnum


class Lying(StrEnum):
    """What the watch knows between two looks."""

    EMPTY = "empty"  # nothing lies there
    READ = "read"  # a card that was presented
    LIFTED = "lifted"  # it does not answer; the dwell time runs
    UNREAD = "unread"  # one that could not be read
    SOUGHT = "sought"  # what was read is to be found anew


class Sight(StrEnum):
    """What one look showed."""

    NOTHING = "nothing found"
    STILL = "answers as read"
    SAME = "same number read"
    NEW = "new number read"
    UNREADABLE = "found, not read"
    DWELL_OVER = "dwell time over"


class Tell(StrEnum):
    """What is told, in this order."""

    REMOVED = "CardRemoved"
    PRESENTED = "CardPresented"
    UNREADABLE = "CardUnreadable"


TABLE: dict[tuple[Lying, Sight], tuple[Lying, tuple[Tell, ...]]] = {
    (Lying.EMPTY, Sight.NOTHING): (Lying.EMPTY, ()),
    (Lying.EMPTY, Sight.NEW): (Lying.READ, (Tell.PRESENTED,)),
    (Lying.EMPTY, Sight.UNREADABLE): (Lying.UNREAD, (Tell.UNREADABLE,)),
    (Lying.READ, Sight.STILL): (Lying.READ, ()),
    (Lying.READ, Sight.SAME): (Lying.READ, ()),
    (Lying.READ, Sight.NOTHING): (Lying.LIFTED, ()),
    (Lying.READ, Sight.UNREADABLE): (Lying.LIFTED, ()),
    (Lying.READ, Sight.NEW): (Lying.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Lying.LIFTED, Sight.STILL): (Lying.READ, ()),
    (Lying.LIFTED, Sight.SAME): (Lying.READ, ()),
    (Lying.LIFTED, Sight.NOTHING): (Lying.LIFTED, ()),
    (Lying.LIFTED, Sight.UNREADABLE): (Lying.LIFTED, ()),
    (Lying.LIFTED, Sight.NEW): (Lying.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Lying.LIFTED, Sight.DWELL_OVER): (Lying.EMPTY, (Tell.REMOVED,)),
    (Lying.UNREAD, Sight.NOTHING): (Lying.EMPTY, (Tell.REMOVED,)),
    (Lying.UNREAD, Sight.STILL): (Lying.UNREAD, ()),
    (Lying.UNREAD, Sight.UNREADABLE): (Lying.UNREAD, ()),
    (Lying.UNREAD, Sight.NEW): (Lying.READ, (Tell.PRESENTED,)),
    (Lying.SOUGHT, Sight.NOTHING): (Lying.SOUGHT, ()),
    (Lying.SOUGHT, Sight.SAME): (Lying.READ, (Tell.PRESENTED,)),
    (Lying.SOUGHT, Sight.UNREADABLE): (Lying.UNREAD, (Tell.UNREADABLE,)),
    (Lying.SOUGHT, Sight.NEW): (Lying.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Lying.SOUGHT, Sight.DWELL_OVER): (Lying.EMPTY, (Tell.REMOVED,)),
}
"""STILL and SAME cannot be seen where nothing lies, nor SAME where no number was read."""
