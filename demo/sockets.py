"""The gate's two control sockets, from outside: JSON lines over unix sockets."""

import json
import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]
"""What was read from JSON, not yet checked."""

Message = JsonObject


class NotAnswered(Exception):
    """A socket did not answer, or what was waited for did not come in time."""


def ask(path: Path, request: Message, timeout_s: float = 10.0) -> Message:
    """One request, its answer. NotAnswered."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            link.connect(str(path))
            link.sendall(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            with link.makefile("rb") as lines:
                line = lines.readline()
    except OSError as e:
        raise NotAnswered(f"{path.name}: {e} to {_named(request)}") from e
    if not line:
        raise NotAnswered(f"{path.name} hung up on {_named(request)}")
    return dict(json.loads(line))


def told(path: Path, request: Message, timeout_s: float = 10.0) -> Message:
    """`ask` for what must not fail: an error in the answer is NotAnswered too."""
    answer = ask(path, request, timeout_s)
    if "error" in answer:
        raise NotAnswered(f"{path.name} refused {_named(request)}: {answer['error']}")
    return answer


def _named(request: Message) -> str:
    return str({k: v for k, v in request.items() if k in ("do", "ask")})


class Follower:
    """Reads `{"ask": "follow"}` in a thread of its own, so that no line waits for the runner."""

    def __init__(self, path: Path) -> None:
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._link.connect(str(path))
        self._link.sendall(b'{"ask": "follow"}\n')
        self._lines: queue.Queue[Message | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, name="follow", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            with self._link.makefile("rb") as lines:
                for line in lines:
                    self._lines.put(json.loads(line))
        except OSError:
            pass  # the gate was killed, which is part of the script
        self._lines.put(None)

    def wait(self, wanted: Callable[[Message], bool], timeout_s: float) -> Message:
        """The next line that is wanted; others are passed over. NotAnswered."""
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                raise NotAnswered("the gate ended while its decisions were followed")
            if "error" in line or "dropped" in line:
                raise NotAnswered(f"following failed: {line}")
            if wanted(line):
                return line
        raise NotAnswered(f"nothing within {timeout_s:g} s")

    def pause(self, seconds: float) -> None:
        """Let the gate go on for a moment; what it says is kept for the next `wait`."""
        self._thread.join(seconds)

    def drain(self) -> list[Message]:
        """Everything said so far."""
        said = []
        while not self._lines.empty():
            line = self._lines.get_nowait()
            if line is None:
                self._lines.put(None)
                break
            said.append(line)
        return said

    def close(self) -> None:
        self._link.close()
