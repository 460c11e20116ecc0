"""Keys of one office, made once a module; each test begins with nothing received."""

import pytest

from office.home import Home
from tests.mqtt_making import made_home


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
def home(keys: Home) -> Home:
    for path in keys.root.glob("office.sqlite*"):
        path.unlink()
    return keys
