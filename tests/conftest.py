"""How many examples a property is tried on: HYPOTHESIS_PROFILE is `fast` (the unit part's ten
seconds; other examples each run) or `thorough` (long runs)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.examples import FACTORS, USUAL

if TYPE_CHECKING:
    from office.store.place import Place
    from tests.postgresql_server import PostgresqlServer

for name, factor in FACTORS.items():
    settings.register_profile(name, max_examples=int(USUAL * factor), deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[PostgresqlServer]":
    """One server for all tests of a process."""
    from tests.postgresql_server import postgresql_server

    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def empty_office(postgresql: "PostgresqlServer") -> str:
    """The name of a database with the office's schema, to be copied."""
    return postgresql.migrated_template()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def office_place(request: pytest.FixtureRequest, tmp_path: Path) -> "Place":
    """Where an office may keep what it receives: the same tests run on both."""
    if request.param == "sqlite":
        return tmp_path / "office.sqlite"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.create(request.getfixturevalue("empty_office"))
