"""Where the office's database is: a file of SQLite, or a database of PostgreSQL by its URL."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gate.errors import UsageError
from office.home import Home

ENVIRONMENT = "EXAM_OFFICE_DATABASE"

Place = Path | str
"""A file of SQLite, or a URL of PostgreSQL that begins with `POSTGRESQL`."""

POSTGRESQL = "postgresql+psycopg://"
_SQLITE = "sqlite:///"


def place_of(url: str) -> Place:
    """The place that `url` names. UsageError for any other kind of URL."""
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return Path(unquote(url.removeprefix(_SQLITE)))
    if url.startswith("postgresql://"):
        return POSTGRESQL + url.removeprefix("postgresql://")
    if url.startswith(POSTGRESQL):
        return url
    raise UsageError(
        f"{shown(url)} names no database: use {_SQLITE}/PATH or {POSTGRESQL}USER@HOST/NAME.",
        f"{shown(url)} 不是数据库地址：请使用 {_SQLITE}/路径 或 {POSTGRESQL}用户@主机/库名。",
    )


def chosen(home: Home) -> Place:
    """What `--database` or the environment names, else the file of `home`. UsageError."""
    url = os.environ.get(ENVIRONMENT, "")
    return place_of(url) if url else home.database


def shown(place: Place) -> str:
    """The place without a password, as people and logs may see it."""
    if isinstance(place, Path) or "://" not in place:
        return str(place)
    parts = urlsplit(place)
    address = parts.netloc.rpartition("@")
    user = address[0].partition(":")[0]
    netloc = f"{user}@{address[2]}" if user else address[2]
    query = "&".join(p for p in parts.query.split("&") if p and not p.startswith("password="))
    return parts._replace(netloc=netloc, query=query).geturl()
