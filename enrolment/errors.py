"""What candidates, staff and services can do wrong; sentences as in gate.errors."""

from gate.errors import InputDamaged, InputRejected, Refused, RetryLater


class EventRefused(InputRejected):
    """The application's state has no row for this (`status`, `event`); nothing was changed."""

    exit_code = 1


class RoleRefused(Refused):
    """This event is not this actor's to give (`role`, `event`); nothing was changed."""


class PeriodOver(Refused):
    """Outside the period of the round in which this can be done."""


class DataRefused(InputRejected):
    """The data of a form; `faults` holds every one of them."""

    exit_code = 1


class VersionConflict(RetryLater):
    """Somebody else changed the application in between: read it again (`expected`, `found`)."""

    exit_code = 1


class CheckWaits(RetryLater):
    """An upload of this application is being judged: no other is taken meanwhile."""

    exit_code = 1


class MediaRejected(InputRejected):
    """An upload that is no usable picture or video (`why`); nothing was counted."""


class NetworkMissing(InputDamaged):
    """A network of the checks is not at hand (`path`)."""


class NumberTaken(Refused):
    """Another application of the round has this ID number."""


class ServiceDown(RetryLater, ConnectionError):
    """An external service does not answer; nothing was counted."""

    exit_code = 8


class CallbackForged(Refused):
    """A payment callback whose signature is not the service's."""


class NotSeated(InputRejected):
    """Some who are registered have no seat yet (`count`): the list would not be complete."""

    exit_code = 1


class CodeRefused(Refused):
    """The code of an SMS is wrong, used or too old."""


class TooOften(RetryLater):
    """Asked more often than one account or address may."""

    exit_code = 1


class UploadRefused(InputRejected):
    """An upload that is empty, too large, of another kind, or does not go on where it stopped."""

    exit_code = 1
