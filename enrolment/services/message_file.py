"""Messages as lines of a file: what the SMS service would have sent. For tests and trials."""

import json
import os
from pathlib import Path


class MessageFile:
    """`path`: JSON lines of key, phone and text; only its owner reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, key: str, phone: str, text: str) -> None:
        """As the port says; the file never counts as down. OSError."""
        line = json.dumps({"key": key, "phone": phone, "text": text}, ensure_ascii=False)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(line.encode() + b"\n")
