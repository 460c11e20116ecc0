"""Contents by their SHA-256 from the office's server: over HTTPS, with this unit's certificate."""

import hashlib
import http.client
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gate.core.roster_notice import lacking_bytes
from gate.errors import CertificateRefused, InputDamaged, NetworkFault, Refused, StorageRefused
from gate.roster.repository import storage_refused

TIMEOUT_S = 20.0
"""Without a byte for so long the connection is given up; what came is kept."""
_CHUNK_BYTES = 1 << 16
_INDEX_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class ContentClient:
    """`url`: of the office's server, https. The files are those of the MQTT connection."""

    url: str
    ca: Path
    certificate: Path
    key: Path

    def index(self, site: str) -> bytes:
        """The signed notices for `site`, as the server lists them. NetworkFault,
        CertificateRefused, Refused."""
        return self._whole(f"/1/rosters/{site}", _INDEX_BYTES_MAX)

    def content(self, sha256: str, size: int) -> bytes:
        """A small content, whole and checked. InputDamaged, and as `index`."""
        found = self._whole(f"/1/content/{sha256}", size)
        if hashlib.sha256(found).hexdigest() != sha256:
            raise _altered(self.url, sha256)
        return found

    def fetch(self, sha256: str, size: int, target: Path) -> None:
        """A large content into `target`, going on where an earlier call stopped. On disk when it
        returns, and its SHA-256 is `sha256`. InputDamaged: `target` is gone then; StorageRefused,
        and as `index`: what came stays for the next call."""
        part = target.with_name(f"{target.name}.part")
        with storage_refused(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            have = part.stat().st_size if part.exists() else 0
            if have > size:
                part.unlink()
                have = 0
            _check_room(target.parent, size, have)
        if have < size:
            self._append(sha256, size, have, part)
        with storage_refused(target.parent):
            if _sha256_of(part) != sha256:
                part.unlink()
                raise _altered(self.url, sha256)
            part.rename(target)

    def _append(self, sha256: str, size: int, have: int, part: Path) -> None:
        headers = {"Range": f"bytes={have}-"} if have else {}
        connection = self._connected()
        try:
            answer = self._answered(connection, f"/1/content/{sha256}", headers)
            if have and answer.status != http.client.PARTIAL_CONTENT:
                have = 0  # a server without Range: from the start
            if have and answer.getheader("Content-Range", "") != f"bytes {have}-{size - 1}/{size}":
                raise _fault(self.url, "it offers another range than was asked for")
            with storage_refused(part.parent), part.open("ab" if have else "wb") as writing:
                os.fchmod(writing.fileno(), 0o600)
                while have < size:
                    chunk = self._read(answer, min(_CHUNK_BYTES, size - have))
                    if not chunk:
                        break
                    writing.write(chunk)
                    have += len(chunk)
                writing.flush()
                os.fsync(writing.fileno())
        finally:
            connection.close()
        if have < size:
            raise _fault(self.url, f"the connection ended after {have} of {size} bytes")

    def _read(self, answer: http.client.HTTPResponse, most: int) -> bytes:
        try:
            return answer.read(most)
        except (OSError, http.client.HTTPException) as e:
            raise _fault(self.url, str(e) or type(e).__name__) from e

    def _whole(self, path: str, most: int) -> bytes:
        connection = self._connected()
        try:
            found = self._read(self._answered(connection, path, {}), most + 1)
        finally:
            connection.close()
        if len(found) > most:
            raise _fault(self.url, f"{path} has more than {most} bytes")
        return found

    def _connected(self) -> http.client.HTTPSConnection:
        place = urlsplit(self.url)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(self.ca)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as e:
            raise CertificateRefused(
                f"The unit's certificate files cannot be used ({e}): take them from the office.",
                "本机证书文件无法使用：请从考试中心重新获取。",
            ) from e
        return http.client.HTTPSConnection(
            place.hostname or "", place.port or 443, timeout=TIMEOUT_S, context=context
        )

    def _answered(
        self, connection: http.client.HTTPSConnection, path: str, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        try:
            connection.request("GET", urlsplit(self.url).path.rstrip("/") + path, headers=headers)
            answer = connection.getresponse()
        except ssl.SSLError as e:
            raise CertificateRefused(
                f"{self.url} and this unit do not accept each other's certificate ({e.reason}).",
                f"{self.url} 与本机证书互不认可（{e.reason}）。",
                url=self.url,
            ) from e
        except (OSError, http.client.HTTPException) as e:
            raise _fault(self.url, str(e) or type(e).__name__) from e
        if answer.status in (http.client.FORBIDDEN, http.client.NOT_FOUND):
            raise Refused(
                f"{self.url} gives this unit no {path} (HTTP {answer.status}): the office must "
                "publish the roster, and enrol this unit for the site.",
                f"{self.url} 未向本机提供 {path}（HTTP {answer.status}）。",
                status=answer.status,
            )
        if answer.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
            raise _fault(self.url, f"it answers {answer.status}")
        return answer


def _check_room(folder: Path, size: int, have: int) -> None:
    disk = os.statvfs(folder)
    lacking = lacking_bytes(size, have, disk.f_bavail * disk.f_frsize)
    if lacking:
        raise StorageRefused(
            f"The disk lacks {lacking // 2**20 + 1} MiB for a roster of {size // 2**20} MiB: make "
            "room, the journal needs the rest.",
            f"磁盘空间不足，还需 {lacking // 2**20 + 1} MiB：请清理磁盘。",
            lacking=lacking,
        )


def _sha256_of(path: Path) -> str:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def _altered(url: str, sha256: str) -> InputDamaged:
    return InputDamaged(
        f"{url} gave another content than {sha256[:16]}…: it was altered, and is fetched anew.",
        f"{url} 提供的内容与校验值 {sha256[:16]}… 不符，将重新获取。",
        sha256=sha256,
    )


def _fault(url: str, why: str) -> NetworkFault:
    return NetworkFault(
        f"The office's roster server {url} cannot be read ({why}): it is tried again.",
        f"无法读取名册服务器 {url}（{why}）：将自动重试。",
        url=url,
    )
