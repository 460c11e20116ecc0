"""What a server shows and believes by TLS, read anew when one of its files has changed."""

import logging
import ssl
import threading
from pathlib import Path

from office.home import Home

log = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int] | None, ...]


class TlsFiles:
    """Certificate and key of the server, the authority of `home`, its list of revoked certificates.
    For several threads. OSError, ValueError for files that do not fit at the start."""

    def __init__(self, home: Home, certificate: Path, key: Path) -> None:
        self._shown = certificate, key
        self._authority, self._revocations = home.ca / "ca.crt", home.revocations
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """Of the files as they are now. Files that do not fit leave the last good ones in force:
        one may be half copied, and is looked at again when it changes."""
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._context = self._read()
                    log.info("Certificates and the list of revoked ones are read anew.")
                except (OSError, ValueError) as e:
                    log.error(
                        "ALARM: the certificates or %s cannot be read (%s): the earlier ones "
                        "stay in force. 证书文件无法读取，仍使用原有文件。",
                        self._revocations,
                        e,
                    )
            return self._context

    def _look(self) -> _Stamp:
        return tuple(map(_stamp_of, (*self._shown, self._authority, self._revocations)))

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._shown)
        context.load_verify_locations(self._authority)
        context.verify_mode = ssl.CERT_REQUIRED
        if self._revocations.exists():
            context.load_verify_locations(self._revocations)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
        return context


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
