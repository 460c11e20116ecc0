"""Whether a card lies on the reader, as a table: what a look showed, and what is reported of it.

Three laws. A card is reported once a laying, however long it lies and however its module answers.
It is reported once more each time that it is sought. A contact that is lost for less than the dwell
time is no removal: the same number found again is the same laying. Another number ends the laying
before it, whatever was seen between the two.

A card that cannot be read has no number. It is another one than the card before it where the module
says that it is no ID card. Else it has to come after an empty look and to fail in two looks in a
row. It is told when the card before it is not back within the dwell time. A contact that wobbles
gives a number again; a card that is pulled away slowly leaves no empty look before it fails.
"""

from enum import StrEnum


class Presence(StrEnum):
    """What the watch knows between two looks."""

    EMPTY = "empty"  # nothing lies there
    READ = "read"  # a card that was presented
    LIFTED = "lifted"  # it does not answer; the dwell time runs
    FAILING = "failing"  # a card is found and not read, and nothing was empty since
    ARRIVED = "arrived"  # after an empty look a card was found and not read
    ANOTHER = "another"  # and that twice in a row
    UNREAD = "unread"  # one that could not be read
    SOUGHT = "sought"  # what was read is to be found anew


class Sight(StrEnum):
    """What one look showed."""

    NOTHING = "nothing found"
    STILL = "answers as read"
    SAME = "same number read"
    NEW = "new number read"
    UNREADABLE = "found, not read"
    NO_ID_CARD = "no ID card"
    DWELL_OVER = "dwell time over"


class Tell(StrEnum):
    """What is told, in this order."""

    REMOVED = "CardRemoved"
    PRESENTED = "CardPresented"
    UNREADABLE = "CardUnreadable"


LOST = frozenset({Presence.LIFTED, Presence.FAILING, Presence.ARRIVED, Presence.ANOTHER})
"""What was read is out of contact, and the dwell time runs."""

_ANOTHER_CARD = {
    **{(lost, Sight.STILL): (Presence.READ, ()) for lost in LOST},
    **{(lost, Sight.SAME): (Presence.READ, ()) for lost in LOST},
    **{
        (lay, Sight.NEW): (Presence.READ, (Tell.REMOVED, Tell.PRESENTED))
        for lay in (*LOST, Presence.READ)
    },
    **{
        (lay, Sight.NO_ID_CARD): (Presence.UNREAD, (Tell.REMOVED, Tell.UNREADABLE))
        for lay in (*LOST, Presence.READ)
    },
    **{
        (lost, Sight.DWELL_OVER): (Presence.EMPTY, (Tell.REMOVED,))
        for lost in LOST - {Presence.ANOTHER}
    },
}
"""What is the same whatever was seen since the contact was lost."""

TABLE: dict[tuple[Presence, Sight], tuple[Presence, tuple[Tell, ...]]] = {
    (Presence.EMPTY, Sight.NOTHING): (Presence.EMPTY, ()),
    (Presence.EMPTY, Sight.NEW): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.EMPTY, Sight.UNREADABLE): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.EMPTY, Sight.NO_ID_CARD): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.READ, Sight.STILL): (Presence.READ, ()),
    (Presence.READ, Sight.SAME): (Presence.READ, ()),
    (Presence.READ, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.READ, Sight.UNREADABLE): (Presence.FAILING, ()),
    (Presence.LIFTED, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.LIFTED, Sight.UNREADABLE): (Presence.ARRIVED, ()),
    (Presence.FAILING, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.FAILING, Sight.UNREADABLE): (Presence.FAILING, ()),
    (Presence.ARRIVED, Sight.NOTHING): (Presence.LIFTED, ()),
    (Presence.ARRIVED, Sight.UNREADABLE): (Presence.ANOTHER, ()),
    (Presence.ANOTHER, Sight.NOTHING): (Presence.ANOTHER, ()),
    (Presence.ANOTHER, Sight.UNREADABLE): (Presence.ANOTHER, ()),
    (Presence.ANOTHER, Sight.DWELL_OVER): (Presence.UNREAD, (Tell.REMOVED, Tell.UNREADABLE)),
    **_ANOTHER_CARD,
    (Presence.UNREAD, Sight.NOTHING): (Presence.EMPTY, (Tell.REMOVED,)),
    (Presence.UNREAD, Sight.STILL): (Presence.UNREAD, ()),
    (Presence.UNREAD, Sight.UNREADABLE): (Presence.UNREAD, ()),
    (Presence.UNREAD, Sight.NO_ID_CARD): (Presence.UNREAD, ()),
    (Presence.UNREAD, Sight.NEW): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.SOUGHT, Sight.NOTHING): (Presence.SOUGHT, ()),
    (Presence.SOUGHT, Sight.SAME): (Presence.READ, (Tell.PRESENTED,)),
    (Presence.SOUGHT, Sight.UNREADABLE): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.SOUGHT, Sight.NO_ID_CARD): (Presence.UNREAD, (Tell.UNREADABLE,)),
    (Presence.SOUGHT, Sight.NEW): (Presence.READ, (Tell.REMOVED, Tell.PRESENTED)),
    (Presence.SOUGHT, Sight.DWELL_OVER): (Presence.EMPTY, (Tell.REMOVED,)),
}
"""STILL and SAME cannot be seen where nothing lies, nor SAME where no number was read."""
