"""What pip installs carries every data file that the programs read."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
ROOT = Path(__file__).parent.parent
BROKER = ROOT / "firmware_config" / "mosquitto"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Paths of what setup.py would install."""
    pytest.importorskip("setuptools")
    target = tmp_path_factory.mktemp("lib")
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {str(p.relative_to(target)) for p in target.rglob("*") if p.is_file()}


@pytest.mark.parametrize("package", ["gate", "office"])
def test_data_files_are_installed(package: str, installed: set[str]) -> None:
    kinds = (".toml", ".sql", ".tflite", ".html", ".css")
    wanted = [p for p in (ROOT / package).rglob("*") if p.suffix in kinds]
    assert wanted
    assert {str(p.relative_to(ROOT)) for p in wanted} <= installed


def test_the_brokers_files_are_installed_where_they_are_looked_for(installed: set[str]) -> None:
    """office.commands.broker_config looks in office/mosquitto where there is no checkout."""
    files = [p.relative_to(BROKER) for p in BROKER.rglob("*") if p.is_file()]
    assert {f"office/mosquitto/{file}" for file in files} <= installed
