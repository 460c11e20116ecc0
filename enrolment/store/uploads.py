"""Uploads in parts: who loses the connection goes on where it stopped. Parts are sealed."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Row, delete, insert, select, update

from enrolment.errors import UploadRefused
from enrolment.store.applications import Applications
from enrolment.store.instants import text_of
from enrolment.store.opening import reading, writing
from enrolment.store.portal_tables import upload_parts, uploads

UPLOAD_BYTES_MAX = 9 << 20
PART_BYTES_MAX = 256 << 10
KEPT = timedelta(hours=1)


class UploadProgress(NamedTuple):
    """How far an upload has come, in bytes."""

    id: str
    kind: str
    size: int
    received: int


def check_size(size: int) -> None:
    """UploadRefused for 0 bytes and for more than UPLOAD_BYTES_MAX."""
    if size <= 0:
        raise UploadRefused(
            "The file is empty: take the picture or the video again.",
            "文件为空：请重新拍摄。",
            size=size,
        )
    if size > UPLOAD_BYTES_MAX:
        raise UploadRefused(
            f"The file has more than {UPLOAD_BYTES_MAX >> 20} MB: take it with the camera of "
            "this page, or with a lower resolution.",
            f"文件超过 {UPLOAD_BYTES_MAX >> 20} MB：请用本页面拍摄，或降低分辨率。",
            size=size,
        )


def begin(store: Applications, application: str, kind: str, size: int, at: datetime) -> str:
    """A new upload; an unfinished one of the same kind ends. UploadRefused."""
    check_size(size)
    upload = secrets.token_hex(16)
    with writing(store.engine) as connection:
        old = connection.execute(
            select(uploads.c.upload).where(
                (uploads.c.application == application) & (uploads.c.kind == kind)
                | (uploads.c.began_at <= text_of(at - KEPT))
            )
        ).scalars()
        for one in list(old):
            _drop(connection, one)
        connection.execute(
            insert(uploads).values(
                upload=upload,
                application=application,
                kind=kind,
                size=size,
                received=0,
                began_at=text_of(at),
            )
        )
    return upload


def progress(store: Applications, application: str, upload: str) -> UploadProgress:
    """Of the application's own upload. UploadRefused."""
    with reading(store.engine) as connection:
        row = _row(connection, application, upload)
    return UploadProgress(row.upload, row.kind, row.size, row.received)


def add_part(
    store: Applications, application: str, upload: str, *, offset: int, part: bytes
) -> UploadProgress:
    """The next bytes. A part that is there already changes nothing. UploadRefused where a part
    leaves a gap, is empty, or goes beyond the size that was said."""
    with writing(store.engine) as connection:
        row = _row(connection, application, upload)
        end = offset + len(part)
        if end <= row.received and offset >= 0:
            return UploadProgress(row.upload, row.kind, row.size, row.received)
        if offset != row.received or not 0 < len(part) <= PART_BYTES_MAX or end > row.size:
            raise UploadRefused(
                f"The upload goes on at byte {row.received}.",
                f"上传应从第 {row.received} 字节继续。",
                received=row.received,
            )
        connection.execute(
            insert(upload_parts).values(
                upload=upload, offset=offset, sealed=store.media.seal(store.round_id, part)
            )
        )
        connection.execute(update(uploads).where(uploads.c.upload == upload).values(received=end))
        return UploadProgress(row.upload, row.kind, row.size, end)


def finish(store: Applications, application: str, upload: str) -> bytes:
    """The whole content; the parts are deleted. UploadRefused where some lack."""
    with writing(store.engine) as connection:
        row = _row(connection, application, upload)
        if row.received != row.size:
            raise UploadRefused(
                f"The upload is not complete: it goes on at byte {row.received}.",
                f"上传未完成：应从第 {row.received} 字节继续。",
                received=row.received,
            )
        parts = connection.execute(
            select(upload_parts.c.sealed)
            .where(upload_parts.c.upload == upload)
            .order_by(upload_parts.c.offset)
        ).scalars()
        content = b"".join(store.media.unseal(store.round_id, part) for part in parts)
        _drop(connection, upload)
    return content


def _row(connection: Connection, application: str, upload: str) -> Row[tuple[str, ...]]:
    found = connection.execute(
        select(uploads).where(uploads.c.upload == upload, uploads.c.application == application)
    ).one_or_none()
    if found is None:
        raise UploadRefused(
            "This upload is not known any more: begin it again.",
            "该上传已失效：请重新上传。",
        )
    return found


def _drop(connection: Connection, upload: str) -> None:
    connection.execute(delete(upload_parts).where(upload_parts.c.upload == upload))
    connection.execute(delete(uploads).where(uploads.c.upload == upload))
