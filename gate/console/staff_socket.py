"""staff.sock: JSON lines from an invigilator's keypad, console or script to the Desk.

Requests are those of formats.md, Control sockets; anything else is answered with what fits.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gate.errors import UsageError
from gate.platform.json_lines import Answer, Message
from gate.platform.printable_text import is_printable
from gate.ports import Desk, StaffVerdict, Typed


def _plain(text: str) -> str:
    if not is_printable(text):
        raise ValueError("holds characters that cannot be seen: type it anew 含有不可见字符")
    return text


_Text = Annotated[str, AfterValidator(_plain)]
"""What staff type is shown and logged: nothing in it moves a cursor or forges a line."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Type(_Request):
    do: Literal["type"]
    ticket: _Text | None = None
    id_tail: _Text | None = None
    seat: _Text | None = None
    document: _Text = "resident"
    valid_to: _Text = "长期"
    by: _Text

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


class _Settle(_Request):
    do: Literal["settle"]
    decision: _Text
    verdict: Literal["admit", "deny"]
    by: _Text
    second: _Text | None = None
    reason: _Text = ""


class _Acknowledge(_Request):
    do: Literal["acknowledge"]
    by: _Text


class _Excuse(_Request):
    """`pin` is accepted and not looked at: staff have no PINs yet."""

    do: Literal["excuse"]
    by: _Text
    pin: _Text | None = None


class _ConfirmClock(_Request):
    do: Literal["confirm-clock"]
    by: _Text
    date: _Text


_DOING: TypeAdapter[_Type | _Settle | _Acknowledge | _Excuse | _ConfirmClock] = TypeAdapter(
    Annotated[_Type | _Settle | _Acknowledge | _Excuse | _ConfirmClock, Field(discriminator="do")]
)


class StaffSocket:
    """The handler of one staff socket."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, message: Message) -> Answer | AsyncIterator[Answer]:
        """One request's answer; a stream for `follow`. UsageError says what is wrong with it."""
        if "ask" in message:
            return self._asked(message)
        try:
            request = _DOING.validate_python(message)
        except ValidationError as e:
            raise _misfit(e) from e
        match request:
            case _Type():
                handle, value = request.handle
                return await self._desk.type(
                    Typed(handle, value, request.document, request.valid_to, request.by)
                )
            case _Settle():
                return await self._desk.settle(
                    StaffVerdict(
                        request.decision,
                        request.verdict == "admit",
                        request.by,
                        request.second,
                        request.reason,
                    )
                )
            case _Acknowledge():
                return await self._desk.acknowledge(request.by)
            case _Excuse():
                return await self._desk.excuse(request.by)
            case _ConfirmClock():
                return await self._desk.confirm_clock(request.by, request.date)

    def _asked(self, message: Message) -> Answer | AsyncIterator[Answer]:
        match message:
            case {"ask": "status"}:
                return self._desk.status()
            case {"ask": "follow"}:
                return self._desk.follow()
            case {"ask": "screen", "follow": True}:
                return self._desk.follow_screen()
            case {"ask": "screen"}:
                return self._desk.screen()
        raise UsageError(
            "ask is status, follow or screen.", "ask 只能是 status、follow 或 screen。"
        )


def _misfit(error: ValidationError) -> UsageError:
    faults: list[Any] = [
        f"{'.'.join(str(p) for p in f['loc'][1:]) or 'request'}: {f['msg']}" for f in error.errors()
    ]
    listed = "; ".join(faults)
    return UsageError(
        f"The request does not fit: {listed}.", f"请求有误：{listed}。", faults=faults
    )
