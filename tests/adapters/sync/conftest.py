"""The office whose proofs are tried, made once for a file."""

import pytest

from office.home import Home
from tests.mqtt_making import made_home
from tests.office_proofs import fill


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An office that holds `EVENTS`, a heartbeat behind them and the receipt that it gave."""
    home = made_home(tmp_path_factory.mktemp("office"))
    fill(home)
    return home
