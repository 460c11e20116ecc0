"""Whether a card lies on the reader, as a table: what a look showed, and what is reported of it.

Three laws. A card is reported once a laying, however long it lies and however its module answers.
It is reported once more each time that it is sought. A contact that is lost for less than the dwell
time is no removal: the same number found again is the same laying. Another number ends the laying
before it, whatever was seen between the two.
"""

from enum import StrEnum


class Presence(StrEnum):
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


TABLE: dict[tuple[Presence, Sight], tuple[Presence, tuple[Tell, ...]]] = {
    (Presence.EMPTY, Sight.NOTHING): (Presence.EMPTY, ()),
    (Presence.EMPTY, Sight.NEW): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.EMPTY, Sight.UNREADABLE): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.READ, Sight.STILL): (Presence.READ, ()),
    (Presence.READ, Sight.SAME): (Presence.READ, ()),
    (Presence.READ, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.READ, Sight.UNREADABLE): (Presence.LIFTED, ()),
    (Presence.READ, Sight.NEW): (Presence.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Presence.LIFTED, Sight.STILL): (Presence.READ, ()),
    (Presence.LIFTED, Sight.SAME): (Presence.READ, ()),
    (Presence.LIFTED, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.LIFTED, Sight.UNREADABLE): (Presence.LIFTED, ()),
    (Presence.LIFTED, Sight.NEW): (Presence.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Presence.LIFTED, Sight.DWELL_OVER): (Presence.EMPTY, (Tell.REMOVED,)),
    (Presence.UNREAD, Sight.NOTHING): (Presence.EMPTY, (Tell.REMOVED,)),
    (Presence.UNREAD, Sight.STILL): (Presence.UNREAD, ()),
    (Presence.UNREAD, Sight.UNREADABLE): (Presence.UNREAD, ()),
    (Presence.UNREAD, Sight.NEW): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.SOUGHT, Sight.NOTHING): (Presence.SOUGHT, ()),
    (Presence.SOUGHT, Sight.SAME): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.SOUGHT, Sight.UNREADABLE): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.SOUGHT, Sight.NEW): (Presence.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Presence.SOUGHT, Sight.DWELL_OVER): (Presence.EMPTY, (Tell.REMOVED,)),
}
"""STILL and SAME cannot be seen where nothing lies, nor SAME where no number was read."""
