"""The requests of the staff socket: what each has to hold, and what it asks of the Desk.

They are those of formats.md, Control sockets. A new one is a class here and a place in `Doing` or
`Asking`.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails

from gate.errors import UsageError
from gate.platform.json_lines import Answer, Message
from gate.platform.printable_text import is_printable, printable
from gate.ports import Desk, PapersSeen, StaffConnection, StaffVerdict, Typed


def _plain(text: str) -> str:
    if not is_printable(text):
        raise ValueError("holds characters that cannot be seen: type it anew 含有不可见字符")
    return text


FAULTS_MAX = 8
"""Of one request that are told; a request with more is none that anybody typed."""
PLACE_MAX = 60
"""Characters of a field's name that are repeated."""

Text = Annotated[str, AfterValidator(_plain)]
"""What staff type is shown and logged: nothing in it moves a cursor or forges a line."""


class StaffRequest(BaseModel):
    """One request. `token`: from `sign-in`, where this connection is to be signed in by it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: SecretStr | None = None

    def sign_by_token(self, desk: Desk, connection: StaffConnection) -> None:
        """Signs the connection in where the request has a token. Refused for one that has ended."""
        if self.token is not None:
            desk.resume(self.token.get_secret_value(), connection)

    async def perform(
        self, desk: Desk, connection: StaffConnection
    ) -> Answer | AsyncIterator[Answer]:
        """What the Desk answers. GateError says what is wrong with the request."""
        raise NotImplementedError


class SignedRequest(StaffRequest):
    """One in the name of a person. `pin`: needed where the roster has staff."""

    by: Text
    pin: SecretStr | None = None

    @property
    def secret(self) -> str | None:
        """The PIN itself. Nothing else shows it."""
        return self.pin.get_secret_value() if self.pin is not None else None


class SignIn(SignedRequest):
    """Signs this connection in, and gives a token that signs in others."""

    do: Literal["sign-in"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """Refused without the person's own PIN."""
        return await desk.sign_in(self.by, self.secret, connection)


class SignOut(StaffRequest):
    """Ends this connection's sign-in; with `token` that of others by it, too."""

    do: Literal["sign-out"]

    def sign_by_token(self, desk: Desk, connection: StaffConnection) -> None:
        """Nobody signs in to sign out."""

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """Done whether or not anybody was signed in."""
        token = None if self.token is None else self.token.get_secret_value()
        return desk.sign_out(token, connection)


class Handles(BaseModel):
    """What names a candidate. Exactly one of `ticket`, `id_tail`, `seat`."""

    ticket: Text | None = None
    id_tail: Text | None = None
    seat: Text | None = None

    @property
    def handle(self) -> tuple[str, str]:
        """UsageError unless there is exactly one."""
        pairs = (("ticket", self.ticket), ("id_tail", self.id_tail), ("seat", self.seat))
        given = [(name, value) for name, value in pairs if value is not None]
        if len(given) != 1:
            raise UsageError(
                "Type exactly one of ticket, id_tail, seat.",
                "请只输入 ticket、id_tail、seat 之一。",
            )
        return given[0]


class Type(Handles, SignedRequest):
    """A candidate whose card does not read. `declined`: the face check is."""

    do: Literal["type"]
    document: Text = "resident"
    valid_to: Text = "长期"
    declined: bool = False

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        handle, value = self.handle
        typed = Typed(handle, value, self.document, self.valid_to, self.by, self.declined)
        return await desk.type(typed, self.secret, connection)


class Settle(SignedRequest):
    """A verdict on a REFER."""

    do: Literal["settle"]
    decision: Text
    verdict: Literal["admit", "deny"]
    second: Text | None = None
    reason: Text = ""

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        admit = self.verdict == "admit"
        verdict = StaffVerdict(self.decision, admit, self.by, self.second, self.reason)
        return await desk.settle(verdict, self.secret, connection)


class Sign(SignedRequest):
    """The second signature under the verdict on a case, or under its correction."""

    do: Literal["sign"]
    case: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        return await desk.sign(self.case, self.by, self.secret, connection)


class Correct(SignedRequest):
    """Another verdict on a case that was settled."""

    do: Literal["correct"]
    decision: Text
    verdict: Literal["admit", "deny"]
    reason: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        admit = self.verdict == "admit"
        verdict = StaffVerdict(self.decision, admit, self.by, None, self.reason)
        return await desk.correct(verdict, self.secret, connection)


class Decline(SignedRequest):
    """The candidate at the gate declines the face check."""

    do: Literal["decline"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, Refused."""
        return await desk.decline(self.by, self.secret, connection)


class Papers(SignedRequest):
    """Staff have looked at a candidate's notice and health report."""

    do: Literal["papers"]
    ticket: Text
    shown: Annotated[list[Text], Field(max_length=8)] = []
    answers: Annotated[dict[Text, Text], Field(max_length=64)] = {}

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        seen = PapersSeen(self.ticket, tuple(self.shown), self.answers, self.by)
        return await desk.papers(seen, self.secret, connection)


class Acknowledge(SignedRequest):
    """Whoever silences a REFER needs no PIN: a button does the same. `pin` is not looked at."""

    do: Literal["acknowledge"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry where nothing flashes."""
        return await desk.acknowledge(self.by)


class ReadMessage(SignedRequest):
    """A message of the office is read. `pin` is not looked at: whoever reads it tells no secret."""

    do: Literal["read"]
    message: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry, StorageRefused."""
        return await desk.read_message(self.message, self.by)


class Excuse(SignedRequest):
    """The candidate at the gate need not do the action."""

    do: Literal["excuse"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, Refused."""
        return await desk.excuse(self.by, self.secret, connection)


class ConfirmClock(SignedRequest):
    """Another clock shows this date, too."""

    do: Literal["confirm-clock"]
    date: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, Refused."""
        return await desk.confirm_clock(self.by, self.date, self.secret, connection)


class Reassign(SignedRequest):
    """The rooms that this gate serves from now on; none: every room of the site."""

    do: Literal["reassign"]
    rooms: Annotated[list[Text], Field(max_length=3000)]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, Refused."""
        return await desk.reassign(self.rooms, self.by, self.secret, connection)


class SignReport(SignedRequest):
    """The chief examiner signs the site's numbers of a paper. `digest`: of those that were seen."""

    do: Literal["report"]
    paper: Text
    digest: Text | None = None

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry, Refused, UsageError."""
        return await desk.sign_report(self.paper, self.by, self.secret, connection, self.digest)


class AskReport(StaffRequest):
    """The site's numbers of a paper; with `pdf` printed, to who has signed in."""

    ask: Literal["report"]
    paper: Text
    pdf: bool = False

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry, StorageRefused; Refused, InputDamaged where it is printed."""
        if self.pdf:
            return await desk.printed_report(self.paper, connection)
        return await desk.report(self.paper)


class AskRooms(StaffRequest):
    """Counts of every paper and room; with `paper` and `room` the absent of that room too."""

    ask: Literal["rooms"]
    paper: Text | None = None
    room: Text | None = None

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        return await desk.rooms(self.paper, self.room, connection)


class AskFind(Handles, StaffRequest):
    """One candidate, and where they are."""

    ask: Literal["find"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        return await desk.find(*self.handle, connection)


class AskStatus(StaffRequest):
    """How the gate is."""

    ask: Literal["status"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """A snapshot."""
        return desk.status()


class AskFollow(StaffRequest):
    """Decisions and status as they come."""

    ask: Literal["follow"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> AsyncIterator[Answer]:
        """A stream."""
        return desk.follow()


class AskCase(StaffRequest):
    """One case with its pictures, to who has signed in."""

    ask: Literal["case"]
    id: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry, Refused."""
        return await desk.case(self.id, connection)


class AskCases(StaffRequest):
    """The cases that were settled last. Open ones stand in the status."""

    ask: Literal["cases"]

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """A snapshot; it names nobody."""
        return desk.cases()


class AskPapers(StaffRequest):
    """What the paper asks of a candidate and what is wanting, to who has signed in."""

    ask: Literal["papers"]
    ticket: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """UsageError, NoSuchEntry, Refused."""
        return await desk.papers_of(self.ticket, connection)


class AskSheet(StaffRequest):
    """The seat-photo sheet of one room and paper, to who has signed in."""

    ask: Literal["sheet"]
    paper: Text
    room: Text

    async def perform(self, desk: Desk, connection: StaffConnection) -> Answer:
        """NoSuchEntry, Refused, InputDamaged."""
        return await desk.sheet(self.paper, self.room, connection)


class AskScreen(StaffRequest):
    """What the candidate's screen shows; with `follow`, as it changes."""

    ask: Literal["screen"]
    follow: bool = False

    async def perform(
        self, desk: Desk, connection: StaffConnection
    ) -> Answer | AsyncIterator[Answer]:
        """A snapshot or a stream."""
        return desk.follow_screen() if self.follow else desk.screen()


Signing = Sign | Correct | Decline | Papers | SignReport | ReadMessage
Doing = SignIn | SignOut | Type | Settle | Acknowledge | Excuse | ConfirmClock | Reassign | Signing
OfPeople = AskCase | AskCases | AskPapers | AskFind
Asking = AskStatus | AskFollow | AskSheet | AskScreen | AskRooms | AskReport | OfPeople

_DOING: TypeAdapter[Doing] = TypeAdapter(Annotated[Doing, Field(discriminator="do")])
_ASKING: TypeAdapter[Asking] = TypeAdapter(Annotated[Asking, Field(discriminator="ask")])


def request_of(message: Message) -> StaffRequest:
    """The request that `message` is. UsageError names every field that does not fit; it shows
    nothing of what was typed."""
    try:
        return (
            _ASKING.validate_python(message)
            if "ask" in message
            else _DOING.validate_python(message)
        )
    except ValidationError as e:
        raise _misfit(e) from None


def _misfit(error: ValidationError) -> UsageError:
    found = error.errors(include_input=False, include_url=False)
    faults = [_words(fault) for fault in found[:FAULTS_MAX]]
    if len(found) > FAULTS_MAX:
        faults.append(f"{len(found) - FAULTS_MAX} more")
    listed = "; ".join(faults)
    return UsageError(
        f"The request does not fit: {listed}.", f"请求有误：{listed}。", faults=faults
    )


def _words(fault: ErrorDetails) -> str:
    if fault["type"] == "union_tag_invalid":  # pydantic's own words repeat what was sent
        context = fault["ctx"]
        return f"{context['discriminator']} is one of {context['expected_tags']}".replace("'", "")
    place = ".".join(str(p) for p in fault["loc"][1:]) or "request"
    return f"{printable(place[:PLACE_MAX])}: {fault['msg']}"
