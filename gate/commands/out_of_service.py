"""exam-gate out-of-service: the lamps of a gate that cannot run."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.config.settings import DEFAULT

if TYPE_CHECKING:
    from gate.config.settings import SignalsTable

log = logging.getLogger(__name__)


def out_of_service(
    config: Annotated[Path, typer.Option(help="The unit's gate.toml. 配置文件。")] = DEFAULT,
) -> None:
    """Show OUT OF SERVICE on lamps and buzzer until SIGTERM, also with a gate.toml that is wrong.
    systemd starts it where the gate itself has failed for good. 停用指示。"""
    from gate.platform.log_lines import log_to_stderr

    log_to_stderr(logging.INFO, "%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_show(_pins(config)))


def _pins(config: Path) -> "SignalsTable":
    """Those of gate.toml; the default ones where it does not read, which is why the gate failed."""
    from gate.config.settings import SignalsTable, load
    from gate.errors import InputRejected

    try:
        return load(config).signals
    except InputRejected as e:
        log.warning("the default pins are used: %s", e.en)
        return SignalsTable()


async def _show(pins: "SignalsTable") -> None:
    """SignalsMissing."""
    from gate.core.reasons import Reason
    from gate.core.state import show
    from gate.wiring import real_signals

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    shown = show(Reason.OUT_OF_SERVICE, {})
    async with real_signals(pins) as signals:
        signals.show(shown.pattern)
        log.info("%s %s", shown.zh, shown.en)
        await stop.wait()
