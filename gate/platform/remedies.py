"""What a person can do about a disk, folder or database that does not take what is written.

One clause, English and Chinese, for each errno (errno(3)) and result code
(sqlite.org/rescode.html).
"""

import errno
import sqlite3
from collections.abc import Mapping
from typing import NamedTuple


class Remedy(NamedTuple):
    """A clause without a full stop."""

    en: str
    zh: str


FREE_SPACE = Remedy("free space on its disk", "请清理磁盘空间")
_WRITABLE = Remedy(
    "remount its disk writable, or take a card that is not worn out",
    "请重新以可写方式挂载磁盘或更换存储卡",
)
_PERMISSION = Remedy(
    "give this user the right to write there, or run this as the owner",
    "请赋予当前用户写入权限或以所有者身份运行",
)
_NAME = Remedy("choose a shorter name or path", "请使用较短的文件名或路径")
_FOLDER = Remedy("make the folder first, or name another", "请先建立该文件夹或改用其他路径")
_KIND = Remedy("a file and a folder are mixed up: name another path", "请检查路径是文件还是文件夹")
_BUSY = Remedy(
    "another program holds it: end that one or wait, then try again",
    "其他程序正在使用：请先结束该程序或稍后重试",
)
_HANDLES = Remedy(
    "too many files are open: end other programs, then start again",
    "打开的文件过多：请结束其他程序后重新启动",
)
_GONE = Remedy("the disk is gone: plug it in again", "磁盘已断开：请重新连接")
_SIZE = Remedy(
    "its disk takes no file of this size: use another", "该磁盘不支持此大小的文件：请更换"
)
_CHECK = Remedy("check the disk, then try again", "请检查磁盘后重试")
_READABLE = Remedy(
    "give this user the right to read it, or run this as the owner",
    "请赋予当前用户读取权限或以所有者身份运行",
)
_ANEW = Remedy(
    "check the disk, then remove what is there and have it made anew",
    "请检查磁盘，删除该文件后重新生成",
)

_OF_ERRNO: Mapping[int, Remedy] = {
    errno.ENOSPC: FREE_SPACE,
    errno.EDQUOT: FREE_SPACE,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.ENAMETOOLONG: _NAME,
    errno.ENOENT: _FOLDER,
    errno.ENOTDIR: _KIND,
    errno.EISDIR: _KIND,
    errno.EEXIST: _KIND,
    errno.EBUSY: _BUSY,
    errno.EAGAIN: _BUSY,
    errno.ETXTBSY: _BUSY,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.ENODEV: _GONE,
    errno.ENXIO: _GONE,
    errno.ESTALE: _GONE,
    errno.EFBIG: _SIZE,
}
_OF_READING: Mapping[int, Remedy] = {
    errno.EACCES: _READABLE,
    errno.EPERM: _READABLE,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.ENODEV: _GONE,
    errno.ENXIO: _GONE,
    errno.ESTALE: _GONE,
}
_OF_SQLITE: Mapping[int, Remedy] = {
    sqlite3.SQLITE_FULL: FREE_SPACE,
    sqlite3.SQLITE_READONLY: Remedy(
        "make file, folder and disk writable for this user", "请使文件、文件夹和磁盘对当前用户可写"
    ),
    sqlite3.SQLITE_CANTOPEN: Remedy(
        "see that its folder is there and this user may write in it",
        "请确认所在文件夹存在且当前用户可写",
    ),
    sqlite3.SQLITE_PERM: _PERMISSION,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_NOMEM: Remedy("end other programs: memory is short", "内存不足：请结束其他程序"),
    sqlite3.SQLITE_TOOBIG: _SIZE,
}


def of_system(error: OSError) -> Remedy:
    """What to do about an error of open, write, fsync or rename."""
    return _OF_ERRNO.get(error.errno or 0, _CHECK)


def of_reading(error: OSError) -> Remedy:
    """What to do about an error of opening or reading a file of our own.

    The file may also be irregular or too large.
    """
    return _OF_READING.get(error.errno or 0, _ANEW)


def of_sqlite(error: sqlite3.Error) -> Remedy:
    """What to do about an error that SQLite reports."""
    return _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _CHECK)
