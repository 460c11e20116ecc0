"""Commands and configuration on one connection: heard, answered, reported."""

from collections.abc import Mapping
from typing import Protocol

from gate.errors import InputRejected
from gate.sync.command_wire import decode_command
from gate.sync.configuration_wire import decode_desired
from gate.sync.outbox import Range
from gate.sync.uplink_state import UplinkState
from gate.sync.wire import Topics, encode_note


class Publish(Protocol):
    """Sends one message with QoS 1."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """The message's `mid`."""


class CommandExchange:
    """Of the connection `session`. What came while no connection stood waits in `uplink`."""

    def __init__(self, uplink: UplinkState, topics: Topics, session: str, publish: Publish) -> None:
        self._uplink = uplink
        self._topics = topics
        self._session = session
        self._publish = publish
        self._reported: Mapping[str, object] | None = None

    def hear(self, payload: bytes) -> None:
        """Hands on a command that the office signed. InputRejected, SignatureRefused for any other:
        nobody is answered then."""
        try:
            command = decode_command(payload, self._uplink.office_public)
        except InputRejected:
            self._uplink.refused["command"] += 1
            raise
        if self._uplink.take_command is not None:
            self._uplink.take_command(command)

    def hear_desired(self, payload: bytes) -> None:
        """Takes what the office wants to be in force, where that is not so, as a command of its
        own. InputRejected, SignatureRefused."""
        try:
            wanted = decode_desired(payload, self._uplink.office_public)
            if wanted.gate != self._topics.gate:
                raise InputRejected(f"A configuration is of {wanted.gate}, not of this gate.")
        except InputRejected:
            self._uplink.refused["configuration"] += 1
            raise
        now = self._uplink.configuration.reported()
        lacking = {key: value for key, value in wanted.changes.items() if now[key] != value}
        if lacking and self._uplink.take_command is not None:
            self._uplink.take_command(wanted.command(lacking))

    def asked(self) -> list[Range]:
        """What the office asked for once more since the last time."""
        asked = list(self._uplink.asked)
        self._uplink.asked.clear()
        return asked

    def tell(self) -> None:
        """What became of commands; what is in force, once in a connection and when it changes."""
        while self._uplink.answers:
            self._publish(self._topics.cmd_res, self._uplink.answers.popleft())
        now = self._uplink.configuration.reported()
        if now != self._reported:
            self._reported = now
            note = encode_note(
                gate=self._topics.gate,
                session=self._session,
                reported=now,
                command=self._uplink.configured_by,
            )
            self._publish(self._topics.cfg_rep, note, retain=True)
