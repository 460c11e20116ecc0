"""A browser without a window: cookies, forms with their tokens, and the portal's application."""

import asyncio
import re
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.applications import Starlette

Pairs = list[tuple[str, str]]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name}"
        return found[1]


@dataclass
class WebClient:
    app: Starlette
    address: str = "192.0.2.1"
    cookie: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        return self._ask("POST", path, body, headers)

    def form(
        self, page: str, path: str, fields: Pairs, files: dict[str, bytes] | None = None
    ) -> Answer:
        """Loads `page`, fills in its form and sends it to `path`."""
        shown = self.get(page)
        assert shown.status == 200, (page, shown.status, shown.text[:500])
        known = [("csrf", shown.hidden("csrf"))]
        if 'name="version"' in shown.text:
            known.append(("version", shown.hidden("version")))
        return self.send(path, known + fields, files)

    def send(self, path: str, fields: Pairs, files: dict[str, bytes] | None = None) -> Answer:
        if files is None:
            return self.post(
                path,
                urlencode(fields).encode(),
                **{"content-type": "application/x-www-form-urlencoded"},
            )
        border = uuid.uuid4().hex
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode()
            for n, v in fields
        ]
        parts += [
            f'--{border}\r\nContent-Disposition: form-data; name="{n}"; filename="f"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode()
            + content
            + b"\r\n"
            for n, content in files.items()
        ]
        body = b"".join(parts) + f"--{border}--\r\n".encode()
        return self.post(path, body, **{"content-type": f"multipart/form-data; boundary={border}"})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = path.partition("?")
        sent = {"host": "portal", **headers}
        if method == "POST":
            sent.setdefault("content-length", str(len(body)))
        if self.cookie:
            sent["cookie"] = f"__Host-session={self.cookie}"
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "https",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(n.lower().encode(), v.encode()) for n, v in sent.items()],
            "client": (self.address, 1), "server": ("portal", 443),
        }  # fmt: skip
        answer = asyncio.run(_asked(self.app, scope, body))
        found = re.match(r"__Host-session=([^;]+)", answer.headers.get("set-cookie", ""))
        if found:
            self.cookie = found[1]
        return answer


async def _asked(app: Starlette, scope: dict[str, object], body: bytes) -> Answer:
    sent: list[dict[str, object]] = []
    told = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, object]:
        return told.pop() if told else {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    headers = {n.decode(): v.decode() for n, v in sent[0]["headers"]}  # type: ignore[attr-defined]
    content = b"".join(m.get("body", b"") for m in sent[1:])  # type: ignore[misc]
    return Answer(int(sent[0]["status"]), headers, content)  # type: ignore[call-overload]
