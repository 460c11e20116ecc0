"""Who may say what: every batch and heartbeat passes here, from the broker or from a stick."""

import os
from pathlib import Path

from gate.core.office_commands import CommandAnswer
from gate.errors import Refused, SignatureRefused
from gate.sync.command_wire import decode_result
from gate.sync.heartbeat import Heartbeat, decode_heartbeat
from gate.sync.wire import Batch, Topics, decode_batch, decode_note
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment
from office.receiving.quick_json import read_quickly
from office.receiving.unsigned_notes import bounded_note

_Stamp = tuple[int, int, int, int]
"""Of a file as it was read: when it was last changed, its size, its inode."""


class Authorisation:
    """An enrolment is read again when its file has changed: a gate may be enrolled, or struck off,
    while the office receives."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[str, tuple[_Stamp, Enrolment]] = {}
        self._paths: dict[str, str] = {}

    @property
    def home(self) -> Home:
        """The office's folder."""
        return self._home

    def batch(self, payload: bytes, topics: Topics) -> Batch:
        """The batch, if it may be believed. InputRejected, SignatureRefused, Refused."""
        seen: dict[str, Enrolment | None] = {}
        batch = decode_batch(payload, lambda gate: self._key(gate, seen), read_quickly)
        self._judge(batch.gate, seen[batch.gate], topics, "batch")
        return batch

    def heartbeat(self, payload: bytes, topics: Topics) -> Heartbeat:
        """The heartbeat, if it may be believed. InputRejected, SignatureRefused, Refused."""
        seen: dict[str, Enrolment | None] = {}
        beat = decode_heartbeat(payload, lambda gate: self._key(gate, seen))
        self._judge(beat.gate, seen[beat.gate], topics, "heartbeat")
        return beat

    def result(self, payload: bytes, topics: Topics) -> CommandAnswer:
        """What a gate answered to a command, if it may be believed. InputRejected,
        SignatureRefused, Refused."""
        gate, answer = decode_result(payload, self.signing_key)
        self.admit(gate, topics, "result")
        return answer

    def word(self, payload: bytes, topics: Topics, part: str) -> None:
        """InputRejected, SignatureRefused, Refused unless an enrolled gate may say this."""
        self.admit(topics.gate, topics, part)
        decode_note(payload)

    def note(self, payload: bytes, topics: Topics, part: str) -> dict[str, str]:
        """A state or an alert of an enrolled gate, bounded. InputRejected, SignatureRefused,
        Refused."""
        self.admit(topics.gate, topics, part)
        return bounded_note(part, decode_note(payload))

    def signing_key(self, gate: str) -> bytes | None:
        """The public key of an enrolled gate, None for any other."""
        enrolled = self._enrolment(gate)
        return None if enrolled is None else enrolled.signing

    def _key(self, gate: str, seen: dict[str, Enrolment | None]) -> bytes | None:
        """The same; the enrolment is left in `seen`, so that it is read once a message."""
        enrolled = seen[gate] = self._enrolment(gate)
        return None if enrolled is None else enrolled.signing

    def _enrolment(self, gate: str) -> Enrolment | None:
        path = self._paths.get(gate) or self._paths.setdefault(
            gate, str(self._home.enrolment(gate))
        )
        try:
            seen = os.stat(path)
        except FileNotFoundError:
            self._known.pop(gate, None)
            del self._paths[gate]
            return None
        stamp = (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino)
        if gate not in self._known or self._known[gate][0] != stamp:
            self._known.pop(gate, None)
            self._known[gate] = (stamp, read_enrolment(Path(path)))
        enrolled = self._known[gate][1]
        return enrolled if enrolled.gate == gate else None

    def admit(self, gate: str, topics: Topics, what: str) -> None:
        """SignatureRefused, Refused unless `gate` may say this under `topics`."""
        self._judge(gate, self._enrolment(gate), topics, what)

    def _judge(self, gate: str, enrolled: Enrolment | None, topics: Topics, what: str) -> None:
        """SignatureRefused, Refused."""
        if gate != topics.gate:
            raise SignatureRefused(f"A {what} of {gate} came under {topics.gate}.")
        if enrolled is None:
            raise SignatureRefused(
                f"Gate {gate} is not enrolled here.", f"闸机 {gate} 未在此登记。"
            )
        if enrolled.revoked is not None:
            raise Refused(
                f"Gate {gate} was struck off: {enrolled.revoked}.",
                f"闸机 {gate} 已被吊销：{enrolled.revoked}。",
            )
        if enrolled.site != topics.site:
            raise SignatureRefused(
                f"Gate {gate} is enrolled at {enrolled.site}.",
                f"闸机 {gate} 登记于 {enrolled.site}。",
            )
        if enrolled.exams and topics.exam not in enrolled.exams:
            raise SignatureRefused(
                f"Gate {gate} is enrolled for {', '.join(enrolled.exams)}, not for {topics.exam}."
            )
